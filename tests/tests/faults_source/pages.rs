//! Jira answers with whole pages that are not the truth about the listing.

use ocean_core::Outcome;
use ocean_testkit::jira::{Change, SiteHandle, lies};
use ocean_testkit::{Action, Rule};
use ocean_tests::check::{ISSUES, PROJECTS, TEAMS, USERS, at, only};
use ocean_tests::{Expected, Scene};
use serde_json::{Value, json};

const LISTINGS: [(&str, &str); 4] = [
    ("project", PROJECTS),
    ("user", USERS),
    ("team", TEAMS),
    ("issue", ISSUES),
];

#[tokio::test]
async fn f16_an_item_that_comes_twice_is_written_once() {
    let scene = Scene::start().await;
    for (_, listing) in LISTINGS {
        scene.fault(only(listing, lies::duplicate_items("/")));
    }
    scene.run(Expected::completed()).await;
}

#[tokio::test]
async fn f17_the_same_page_for_ever_is_noticed_soon() {
    let scene = Scene::start().await;
    for (_, listing) in LISTINGS {
        scene.fault(only(listing, lies::same_page_forever("/")));
    }
    let expected = Expected::all_incomplete(&["came twice"]).and("user", &["a page came twice"]);
    scene.run(expected).await;
    for (kind, listing) in LISTINGS.into_iter().filter(|(kind, _)| *kind != "team") {
        // A list that announces no end is asked once more: something may have been added.
        let most = if kind == "user" { 3 } else { 2 };
        assert_eq!(scene.requests(listing), most, "{kind}");
    }
}

#[tokio::test]
async fn f17_a_token_that_comes_again_is_noticed() {
    let scene = Scene::start().await;
    for listing in [TEAMS, ISSUES] {
        scene.fault(only(listing, lies::repeat_token("/")));
    }
    let says = ["the token of the next page came twice"];
    let expected = Expected::incomplete("team", &says).and("issue", &says);
    scene.run(expected).await;
    assert_eq!(scene.requests(ISSUES), 2);
}

/// Changes the site after the first page of a listing was read.
fn meanwhile(listing: &str, site: &SiteHandle, change: Value) -> Rule {
    let change: Change = serde_json::from_value(change).expect("a change");
    let site = site.clone();
    let rewrite = move |_: &ocean_testkit::Request, answer| {
        site.apply(&change).expect("the site can change so");
        answer
    };
    at(listing, Action::rewrite(rewrite)).times(1)
}

#[tokio::test]
async fn f18_an_item_that_slips_over_the_edge_of_a_page_is_not_deleted() {
    let scene = Scene::start().await;
    let site = scene.world.jira.site();
    let (project, user) = (&site.project_keys()[0], &site.user_ids()[0]);
    for (kind, listing, change, says) in [
        (
            "user",
            USERS,
            json!({"op": "delete_user", "account_id": user}),
            "the listing moved while paging",
        ),
        (
            "project",
            PROJECTS,
            json!({"op": "delete_project", "key": project}),
            "the listing moved while paging",
        ),
    ] {
        scene.fault(meanwhile(listing, site, change));
        let expected = Expected::incomplete(kind, &[says, listing]);
        scene.run(expected.while_the_site_changes()).await;
        let expected = Expected::completed();
        scene.run(expected.while_the_site_changes()).await;
    }
}

#[tokio::test]
async fn f19_an_empty_page_before_the_end_is_not_the_end() {
    let scene = Scene::start().await;
    for (_, listing) in LISTINGS {
        scene.fault(only(listing, lies::empty_page_at("/", 1)));
    }
    let says = ["an empty page although the server announced more items"];
    let expected = Expected::all_incomplete(&says).and("user", &["the listing moved while paging"]);
    scene.run(expected).await;
}

#[tokio::test]
async fn f19_a_last_page_that_is_too_short_is_not_the_end() {
    let scene = Scene::start().await;
    let shorten = |_: &ocean_testkit::Request, mut answer: Value| {
        answer["values"].as_array_mut().map(Vec::pop);
        answer
    };
    scene.fault(at(PROJECTS, Action::rewrite(shorten)).skip(2));
    let says = ["the end came after 11 of 12 items"];
    scene.run(Expected::incomplete("project", &says)).await;
    let without_mark = move |request: &ocean_testkit::Request, answer: Value| {
        let mut answer = shorten(request, answer);
        answer.as_object_mut().map(|answer| answer.remove("isLast"));
        answer
    };
    scene.fault(at(PROJECTS, Action::rewrite(without_mark)).skip(2));
    let says = ["an empty page although the server announced more items"];
    scene.run(Expected::incomplete("project", &says)).await;
}

/// What the original takes for the end, and some answers have: no next page, and no other mark.
#[tokio::test]
async fn a_page_of_issues_that_names_no_next_one_is_the_last() {
    let scene = Scene::start().await;
    let without_a_flag = |_: &ocean_testkit::Request, mut answer: Value| {
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("isLast");
        }
        answer
    };
    scene.fault(at(ISSUES, Action::rewrite(without_a_flag)));
    scene.run(Expected::completed()).await;
}

#[tokio::test]
async fn f20_a_listing_that_lost_almost_everything_deletes_nothing() {
    let scene = Scene::start().await;
    let almost_nothing = |_: &ocean_testkit::Request, mut answer: Value| {
        let first = answer["issues"][0].take();
        json!({"issues": [first], "isLast": true})
    };
    scene.fault(at(ISSUES, Action::rewrite(almost_nothing)));
    let expected = Expected::completed().keeps("issue");
    let report = scene.run(expected.outcome(Outcome::Incomplete)).await;
    let kept = format!("{:#?}", report.reconciliation);
    assert!(kept.contains("above entityDeletionThreshold 0.9"), "{kept}");
}

#[tokio::test]
async fn f20_a_kind_without_any_item_deletes_nothing_unasked() {
    let scene = Scene::start().await;
    for (kind, blueprint, listing, nothing) in [
        ("user", "jiraUser", USERS, json!([])),
        ("team", "jiraTeam", TEAMS, json!({"entities": []})),
        (
            "issue",
            "jiraIssue",
            ISSUES,
            json!({"issues": [], "isLast": true}),
        ),
    ] {
        scene.fault(at(listing, Action::rewrite(move |_, _| nothing.clone())));
        let expected = Expected::completed().keeps(kind);
        let report = scene.run(expected.outcome(Outcome::Incomplete)).await;
        let kept = format!("{:#?}", report.reconciliation);
        let says = format!("name {blueprint} in OCEAN__DELETION__ALLOW_EMPTY");
        assert!(kept.contains(&says), "{kept}");
    }
}
