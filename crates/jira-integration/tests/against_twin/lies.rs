//! A page that does not prove that it is true is an error, so that nothing is deleted for it.

use ocean_testkit::jira::lies;
use ocean_testkit::{Action, Rule};
use serde_json::json;

use crate::site::Site;

const PROJECTS: &str = "/project/search";
const ISSUES: &str = "/search/jql";
const USERS: &str = "/users/search";
const TEAMS: &str = "/teams";
const MEMBERS: &str = "/members";

/// Reads a listing of more than two pages from a site that lies, and expects an error that says
/// so. The listing is named by part of its path.
async fn check(listing: &str, lie: impl Fn(&str) -> Rule, said: &str) {
    let (kind, selector) = match listing {
        PROJECTS => ("project", json!({})),
        ISSUES => ("issue", json!({"jql": "created >= -520w"})),
        USERS => ("user", json!({})),
        TEAMS => ("team", json!({})),
        _ => ("team", json!({"includeMembers": true})),
    };
    let site = Site::start(|twin| twin.projects(120).users(120).issues(320).teams(120)).await;
    site.twin.faults().add(lie(listing));
    let read = site.read(kind, selector).await;
    let error = read.error.unwrap_or_else(|| {
        let count = read.items.len();
        format!("{count} items and no error")
    });
    assert!(error.contains(said), "{listing}: {error}");
}

#[tokio::test]
async fn a_page_without_its_items_is_an_error() {
    for (listing, key) in [
        (PROJECTS, "values"),
        (ISSUES, "issues"),
        (TEAMS, "entities"),
        (MEMBERS, "results"),
    ] {
        let said = format!("unexpected answer at `{key}`");
        check(listing, lies::missing_items_key, &said).await;
    }
    check(USERS, object_for_list, "unexpected answer at `.`").await;
}

#[tokio::test]
async fn an_empty_page_before_the_end_is_an_error() {
    let said = "an empty page although the server announced more items";
    for listing in [PROJECTS, ISSUES, TEAMS] {
        check(listing, second_page_empty, said).await;
    }
    // A bare list announces nothing, but its pages overlap.
    check(USERS, second_page_empty, "the listing moved while paging").await;
}

#[tokio::test]
async fn a_token_that_comes_twice_is_an_error() {
    for listing in [ISSUES, TEAMS] {
        check(
            listing,
            lies::repeat_token,
            "the token of the next page came twice",
        )
        .await;
    }
}

#[tokio::test]
async fn a_page_that_comes_twice_is_an_error() {
    for listing in [PROJECTS, ISSUES, TEAMS] {
        check(listing, lies::same_page_forever, "came twice").await;
    }
    check(USERS, lies::same_page_forever, "").await;
}

#[tokio::test]
async fn a_total_that_shrinks_is_an_error() {
    let lie = |listing: &str| lies::shrink_total(listing, 1, 60);
    check(PROJECTS, lie, "the total shrank from 120 to 60").await;
}

fn second_page_empty(listing: &str) -> Rule {
    lies::empty_page_at(listing, 1)
}

fn object_for_list(listing: &str) -> Rule {
    Rule::new(Action::rewrite(|_, _| json!({"errorMessages": ["no"]}))).path(listing)
}
