//! Each kind yields exactly what the site has, and asks for it in the known way.

use std::time::{Duration, Instant};

use ocean_core::{Reads, RunScope};
use ocean_testkit::jira::RateLimit;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::site::{Site, resource, texts};

#[tokio::test]
async fn all_projects_are_read_page_by_page() {
    let site = Site::start(|twin| twin.projects(101)).await;
    let projects = site.read("project", json!({})).await.complete();
    assert_eq!(texts(&projects, "key"), site.twin.site().project_keys());
    let insight: Value = projects[0].get("insight").unwrap();
    assert!(insight["totalIssueCount"].is_number());
    let page = |start| {
        format!("GET /rest/api/3/project/search?maxResults=50&startAt={start}&expand=insight")
    };
    assert_eq!(site.asked(), [page(0), page(49), page(98)]);
}

#[tokio::test]
async fn all_users_are_read_up_to_the_empty_page() {
    let site = Site::start(|twin| twin.users(1_060)).await;
    let users = site.read("user", json!({})).await.complete();
    assert_eq!(texts(&users, "accountId"), site.twin.site().user_ids());
    let page = |start| format!("GET /rest/api/3/users/search?maxResults=1000&startAt={start}");
    // Nothing in a bare list tells that a user vanished and another moved over the edge of a
    // page, so each page begins with the last user of the page before.
    assert_eq!(site.asked(), [page(0), page(999), page(1_059), page(1_060)]);
}

#[tokio::test]
async fn all_issues_of_a_query_are_found() {
    let site = Site::start(|twin| twin.issues(480)).await;
    let jql = "statusCategory != Done";
    let issues = site.read("issue", json!({"jql": jql})).await.complete();
    let expected = site.twin.site().matching_issue_keys(jql).unwrap();
    assert_eq!(texts(&issues, "key"), expected);
    let asked = site.asked();
    assert_eq!(
        asked[0],
        r#"POST /rest/api/3/search/jql {"jql":"statusCategory != Done","maxResults":100,"fields":["*all"]}"#
    );
    let next = r#"POST /rest/api/3/search/jql {"jql":"statusCategory != Done","maxResults":100,"fields":["*all"],"nextPageToken":""#;
    assert_eq!(asked.len(), expected.len().div_ceil(100));
    assert!(
        asked[1..].iter().all(|ask| ask.starts_with(next)),
        "{asked:?}"
    );
}

#[tokio::test]
async fn teams_are_read_without_members_unless_asked_for() {
    let site = Site::start(|twin| twin).await;
    let teams = site.read("team", json!({})).await.complete();
    assert_eq!(texts(&teams, "teamId"), site.twin.site().team_ids());
    assert!(teams.iter().all(|team| team.added().count() == 0));
    assert_eq!(
        site.asked(),
        ["GET /gateway/api/public/teams/v1/org/twin-org/teams"]
    );
}

#[tokio::test]
async fn each_team_gets_all_of_its_members() {
    let site = Site::start(|twin| twin.users(400).teams(4)).await;
    let selector = json!({"includeMembers": true});
    let teams = site.read("team", selector).await.complete();
    let ids = texts(&teams, "teamId");
    assert_eq!(ids, site.twin.site().team_ids());
    for (team, id) in teams.iter().zip(&ids) {
        let members: Vec<Value> = team.get("__members").unwrap();
        let members: Vec<_> = members
            .iter()
            .map(|one| one["accountId"].as_str())
            .collect();
        let expected = site.twin.site().team_members(id).unwrap();
        assert_eq!(
            members,
            expected.iter().map(|one| Some(&**one)).collect::<Vec<_>>()
        );
    }
    let first = format!(
        r#"POST /gateway/api/public/teams/v1/org/twin-org/teams/{}/members?first=50 {{"first":50}}"#,
        ids[0]
    );
    let asked = site.asked();
    assert!(asked.contains(&first), "{asked:?}");
}

#[tokio::test]
async fn without_an_organization_teams_are_incomplete_and_not_an_error() {
    let site = Site::configured(|twin| twin, |config| config).await;
    let read = site.read("team", json!({})).await;
    assert!(read.items.is_empty());
    assert_eq!(read.error, None);
    assert_eq!(
        read.incomplete,
        ["teams need the setting `atlassian_organization_id`"]
    );
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn refused_credentials_end_a_kind_without_a_retry() {
    let site = Site::configured(
        |twin| twin.rules(|rules| rules.basic = Some(("else".to_owned(), "else".to_owned()))),
        |config| config,
    )
    .await;
    let read = site.read("project", json!({})).await;
    let error = read.error.unwrap();
    assert!(error.contains("the credentials are refused"), "{error}");
    assert!(
        !error.contains("twin-token") && !error.contains("twin@example.com"),
        "{error}"
    );
    assert_eq!(site.asked().len(), 1);
}

#[tokio::test]
async fn requests_keep_within_an_announced_limit() {
    let limit = RateLimit {
        limit: 4,
        window: Duration::from_millis(400),
        enforce: true,
    };
    let site = Site::start(|twin| twin.issues(800).rate_limit(limit)).await;
    let selector = json!({"jql": "created >= -520w"});
    let started = Instant::now();
    let issues = site.read("issue", selector).await.complete();
    assert_eq!(issues.len(), 800);
    let statuses: Vec<_> = site
        .twin
        .journal()
        .requests()
        .iter()
        .map(|one| one.status)
        .collect();
    assert_eq!(statuses, [Some(http::StatusCode::OK); 8]);
    assert!(started.elapsed() >= Duration::from_millis(800));
}

#[tokio::test]
async fn issues_come_with_the_fields_that_the_mapping_reads() {
    let site = Site::start(|twin| twin.issues(240)).await;
    let selector = json!({"jql": "created >= -520w"});
    let paths = ["key", "fields.status.name", "fields.labels"];
    let narrow = site
        .read_for("issue", selector.clone(), &paths)
        .await
        .complete();
    let asked = site.asked();
    assert!(
        asked
            .iter()
            .all(|ask| ask.contains(r#""fields":["labels","status"]"#)),
        "{asked:?}"
    );
    let whole = site.read("issue", selector).await.complete();
    assert!(
        site.asked()
            .iter()
            .all(|ask| ask.contains(r#""fields":["*all"]"#))
    );
    let seen = |issue: &ocean_core::RawItem| {
        let issue = issue.to_value().unwrap();
        let fields = &issue["fields"];
        json!([issue["key"], fields["status"]["name"], fields["labels"]])
    };
    assert_eq!(
        narrow.iter().map(seen).collect::<Vec<_>>(),
        whole.iter().map(seen).collect::<Vec<_>>()
    );
    assert_eq!(narrow.len(), 240);
}

#[tokio::test]
async fn the_first_issues_are_whole_when_people_see_them() {
    let site = Site::start(|twin| twin.issues(240)).await;
    let shown = resource("issue", json!({"jql": "created >= -520w"}))
        .reading(Reads::paths(["fields.labels"]));
    let run = RunScope::default().shows_examples(true);
    site.read_in(shown, run).await.complete();
    let fields: Vec<_> = site
        .asked()
        .iter()
        .map(|ask| ask.contains(r#""fields":["*all"]"#))
        .collect();
    assert_eq!(fields, [true, false, false]);
}

/// Jira does not promise that the pages of one search may differ in their fields.
#[tokio::test]
async fn a_refusal_of_narrowed_pages_costs_requests_and_no_issues() {
    let site = Site::start(|twin| twin.issues(240)).await;
    let narrowed = Rule::new(Action::status(400)).body(r#""fields":["labels"]"#);
    site.twin.faults().add(narrowed);
    let selector = json!({"jql": "created >= -520w"});
    let read = site.read_for("issue", selector, &["fields.labels"]).await;
    assert_eq!(read.complete().len(), 240);
}

#[tokio::test]
async fn narrowing_can_be_switched_off() {
    let site = Site::configured(|twin| twin, |config| config.narrow_fields(false)).await;
    let selector = json!({"jql": "created >= -520w"});
    site.read_for("issue", selector, &["fields.labels"])
        .await
        .complete();
    assert!(
        site.asked()
            .iter()
            .all(|ask| ask.contains(r#""fields":["*all"]"#))
    );
}
