//! What events of versions, boards, sprints and worklogs change, and what Jira is asked for it.

use ocean_core::RawItem;
use ocean_testkit::jira::Change;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::live::{check, named};
use crate::site::Site;

const ALL: &str = "created >= -520w";

/// Projects PAY, with id 10000, and two more; each has three versions and a board.
async fn site() -> Site {
    let site = Site::start(|twin| twin.issues(200)).await;
    assert_eq!(site.twin.site().project_keys()[0], "PAY");
    site
}

fn version_event(name: &str, version: Value) -> Value {
    json!({"webhookEvent": format!("jira:version_{name}"), "version": version})
}

fn field(items: &[RawItem], field: &str) -> Vec<Value> {
    items
        .iter()
        .map(|item| item.get(field).unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn a_changed_version_is_read_with_the_key_of_its_project() {
    let site = site().await;
    for name in ["created", "updated", "released", "unreleased", "moved"] {
        let events = [version_event(name, json!({"id": "20000"}))];
        let changes = site.handle("release", json!({}), &events).await.unwrap();
        check(&changes, "id", &["20000"], &[]);
        check(&changes, "__projectKey", &["PAY"], &[]);
        assert_eq!(
            site.asked(),
            [
                "GET /rest/api/3/version/20000",
                "GET /rest/api/3/project/10000"
            ]
        );
    }
}

#[tokio::test]
async fn a_deleted_version_is_deleted_as_it_was_sent_with_the_key_of_its_project() {
    let site = site().await;
    let sent = json!({"id": "99", "name": "as sent", "projectId": 10_000});
    for name in ["deleted", "updated"] {
        let events = [version_event(name, sent.clone())];
        let changes = site.handle("release", json!({}), &events).await.unwrap();
        check(&changes, "name", &[], &["as sent"]);
        check(&changes, "__projectKey", &[], &["PAY"]);
    }
    site.asked();
    let events = [version_event("deleted", json!({"id": 20_000}))];
    let changes = site.handle("release", json!({}), &events).await.unwrap();
    assert_eq!(field(&changes.deleted, "__projectKey"), [Value::Null]);
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn a_version_without_a_project_that_we_see_is_gone() {
    let site = site().await;
    site.twin.site().delete_project("PAY").unwrap();
    let events = [version_event(
        "deleted",
        json!({"id": "20000", "projectId": 10_000}),
    )];
    let changes = site.handle("release", json!({}), &events).await.unwrap();
    assert_eq!(field(&changes.deleted, "__projectKey"), [Value::Null]);
    let events = [version_event("updated", json!({"id": "20000"}))];
    let changes = site.handle("release", json!({}), &events).await.unwrap();
    check(&changes, "id", &[], &["20000"]);
}

#[tokio::test]
async fn a_version_that_took_over_a_deleted_one_is_updated() {
    let site = site().await;
    let mut event = version_event("deleted", json!({"id": "99", "projectId": 10_000}));
    event["mergedTo"] = json!({"id": "20001", "name": "as sent"});
    let changes = site.handle("release", json!({}), &[event]).await.unwrap();
    check(&changes, "id", &["20001"], &["99"]);
    check(&changes, "__projectKey", &["PAY"], &["PAY"]);
}

#[tokio::test]
async fn a_changed_board_is_read_with_the_keys_of_its_projects() {
    let site = site().await;
    let events = [named(
        "board",
        "updated",
        json!({"id": 1, "name": "as sent"}),
    )];
    let changes = site.handle("board", json!({}), &events).await.unwrap();
    check(&changes, "name", &["PAY board"], &[]);
    assert_eq!(field(&changes.updated, "__projectKeys"), [json!(["PAY"])]);
    assert_eq!(
        site.asked(),
        [
            "GET /rest/agile/1.0/board/1",
            "GET /rest/agile/1.0/board/1/project?maxResults=50&startAt=0",
        ]
    );
}

#[tokio::test]
async fn a_board_that_the_selector_does_not_want_is_deleted() {
    let site = site().await;
    for (selector, is_wanted) in [
        (json!({"boardType": "scrum"}), true),
        (json!({"boardType": "kanban"}), false),
        (json!({"projectKey": "pay"}), true),
        (json!({"projectKey": 10_000}), true),
        (json!({"projectKey": "PA"}), false),
        (json!({"boardType": "kanban", "projectKey": "PAY"}), false),
    ] {
        let events = [named("board", "created", json!({"id": 1}))];
        let changes = site
            .handle("board", selector.clone(), &events)
            .await
            .unwrap();
        let of = |yes| if yes { &["PAY board"][..] } else { &[] };
        check(&changes, "name", of(is_wanted), of(!is_wanted));
    }
}

#[tokio::test]
async fn a_board_that_is_gone_is_deleted_as_it_was_sent() {
    let site = site().await;
    for (name, id) in [("deleted", 1), ("updated", 99)] {
        let events = [named("board", name, json!({"id": id, "name": "as sent"}))];
        let changes = site.handle("board", json!({}), &events).await.unwrap();
        check(&changes, "name", &[], &["as sent"]);
    }
    assert_eq!(site.asked(), ["GET /rest/agile/1.0/board/99"]);
}

#[tokio::test]
async fn a_sprint_is_kept_while_it_is_in_a_state_of_the_selector() {
    let site = site().await;
    let sprint = |name| {
        [named(
            "sprint",
            name,
            json!({"id": 102, "state": "as sent"}),
        )]
    };
    let changes = site
        .handle("sprint", json!({}), &sprint("updated"))
        .await
        .unwrap();
    check(&changes, "state", &["active"], &[]);
    assert_eq!(site.asked(), ["GET /rest/agile/1.0/sprint/102"]);

    let change = json!({"op": "update_sprint", "id": 102, "state": "closed"});
    let change: Change = serde_json::from_value(change).unwrap();
    site.twin.site().apply(&change).unwrap();
    let changes = site
        .handle("sprint", json!({}), &sprint("closed"))
        .await
        .unwrap();
    check(&changes, "state", &[], &["closed"]);
    let all = json!({"sprintState": null});
    let changes = site.handle("sprint", all, &sprint("closed")).await.unwrap();
    check(&changes, "state", &["closed"], &[]);
}

#[tokio::test]
async fn a_sprint_that_is_gone_is_deleted_as_it_was_sent() {
    let site = site().await;
    for (name, id) in [("deleted", 102), ("updated", 999)] {
        let events = [named("sprint", name, json!({"id": id, "state": "as sent"}))];
        let changes = site.handle("sprint", json!({}), &events).await.unwrap();
        check(&changes, "state", &[], &["as sent"]);
    }
    assert_eq!(site.asked(), ["GET /rest/agile/1.0/sprint/999"]);
}

/// The id and the key of the first issues.
async fn issues(site: &Site) -> Vec<(u64, String)> {
    let found = site.read("issue", json!({"jql": ALL})).await.complete();
    site.asked();
    let id = |issue: &RawItem| issue.get::<String>("id").unwrap().parse().unwrap();
    found
        .iter()
        .map(|issue| (id(issue), issue.get("key").unwrap()))
        .collect()
}

fn worklog(name: &str, id: &str, issue: u64) -> Value {
    let started = "2026-01-15T10:00:00.000+0100";
    named(
        "worklog",
        name,
        json!({"id": id, "issueId": issue.to_string(), "started": started}),
    )
}

#[tokio::test]
async fn waiting_worklog_events_are_answered_by_one_search() {
    let site = site().await;
    let [(one, first), (two, second), ..] = &issues(&site).await[..] else {
        panic!("no issues")
    };
    let events = [
        worklog("created", "1", *two),
        worklog("updated", "2", *one),
        worklog("created", "3", *one),
    ];
    let selector = json!({"jql": ALL});
    let changes = site.handle("worklog", selector, &events).await.unwrap();
    check(&changes, "id", &["1", "2", "3"], &[]);
    check(&changes, "__issueKey", &[second, first, first], &[]);
    assert_eq!(
        site.asked(),
        [format!(
            r#"POST /rest/api/3/search/jql {{"jql":"({ALL}) AND id in ({one}, {two})","maxResults":2,"fields":["key"],"reconcileIssues":[{one},{two}]}}"#
        )]
    );
}

#[tokio::test]
async fn worklogs_that_the_selector_does_not_want_are_deleted() {
    let site = site().await;
    let (id, key) = issues(&site).await.remove(0);
    let nine = 1_768_467_600_000_i64;
    for (selector, is_wanted) in [
        (json!({"jql": "project = PAY"}), true),
        (json!({"jql": "project != PAY"}), false),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedAfter": nine}}),
            true,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedAfter": nine + 1}}),
            false,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedBefore": nine + 1}}),
            true,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedBefore": nine}}),
            false,
        ),
    ] {
        let events = [worklog("updated", "1", id)];
        let changes = site
            .handle("worklog", selector.clone(), &events)
            .await
            .unwrap();
        let of = |yes| if yes { vec![key.as_str()] } else { vec![] };
        check(&changes, "__issueKey", &of(is_wanted), &of(!is_wanted));
    }
}

#[tokio::test]
async fn a_deleted_worklog_is_deleted_as_it_was_sent_with_the_key_of_its_issue() {
    let site = site().await;
    let (id, key) = issues(&site).await.remove(0);
    let events = [worklog("deleted", "1", id)];
    let changes = site.handle("worklog", json!({}), &events).await.unwrap();
    check(&changes, "__issueKey", &[], &[&key]);
    assert_eq!(
        site.asked(),
        [format!("GET /rest/api/3/issue/{id}?fields=summary")]
    );

    let events = [worklog("deleted", "1", 99_999_999)];
    let changes = site.handle("worklog", json!({}), &events).await.unwrap();
    check(&changes, "id", &[], &["1"]);
}

#[tokio::test]
async fn a_worklog_without_its_issue_changes_nothing_unless_it_is_deleted() {
    let site = site().await;
    for (name, deleted) in [("updated", &[][..]), ("deleted", &["1"])] {
        let events = [named("worklog", name, json!({"id": "1"}))];
        let changes = site.handle("worklog", json!({}), &events).await.unwrap();
        check(&changes, "id", &[], deleted);
    }
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn a_worklog_is_read_again_when_the_selector_wants_more_of_it_than_events_carry() {
    let site = site().await;
    let (id, key) = issues(&site).await.remove(0);
    let answer = Action::Body {
        content_type: "application/json".to_owned(),
        text: json!({"id": "1", "properties": []}).to_string(),
    };
    site.twin
        .faults()
        .add(Rule::new(answer).path("/worklog/1").times(1));
    let selector = json!({"jql": ALL, "apiQueryParams": {"expand": "properties"}});
    let events = [worklog("updated", "1", id)];
    let changes = site
        .handle("worklog", selector.clone(), &events)
        .await
        .unwrap();
    assert_eq!(field(&changes.updated, "properties"), [json!([])]);
    check(&changes, "__issueKey", &[&key], &[]);
    let request = format!("GET /rest/api/3/issue/{id}/worklog/1?expand=properties");
    assert_eq!(site.asked().last(), Some(&request));

    // The site does not have it.
    let changes = site.handle("worklog", selector, &events).await.unwrap();
    check(&changes, "__issueKey", &[], &[&key]);
}
