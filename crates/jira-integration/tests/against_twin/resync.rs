//! Each kind yields exactly what the site has, and asks for it in the known way.

use std::time::{Duration, Instant};

use ocean_testkit::jira::RateLimit;
use serde_json::{Value, json};

use crate::site::{Site, texts};

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
    let site = Site::start(|twin| twin.users(60)).await;
    let users = site.read("user", json!({})).await.complete();
    assert_eq!(texts(&users, "accountId"), site.twin.site().user_ids());
    let page = |start| format!("GET /rest/api/3/users/search?maxResults=50&startAt={start}");
    // Nothing in a bare list tells that a user vanished and another moved over the edge of a
    // page, so each page begins with the last user of the page before.
    assert_eq!(site.asked(), [page(0), page(49), page(59), page(60)]);
}

#[tokio::test]
async fn all_issues_of_a_query_are_found() {
    let site = Site::start(|twin| twin).await;
    let jql = "statusCategory != Done";
    let issues = site.read("issue", json!({"jql": jql})).await.complete();
    let expected = site.twin.site().matching_issue_keys(jql).unwrap();
    assert_eq!(texts(&issues, "key"), expected);
    let asked = site.asked();
    assert_eq!(
        asked[0],
        r#"POST /rest/api/3/search/jql {"jql":"statusCategory != Done","maxResults":50,"fields":["*all"]}"#
    );
    let next = r#"POST /rest/api/3/search/jql {"jql":"statusCategory != Done","maxResults":50,"fields":["*all"],"nextPageToken":""#;
    assert_eq!(asked.len(), expected.len().div_ceil(50));
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
    let site = Site::start(|twin| twin.issues(400).rate_limit(limit)).await;
    let selector = json!({"jql": "created >= -520w"});
    let started = Instant::now();
    let issues = site.read("issue", selector).await.complete();
    assert_eq!(issues.len(), 400);
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
