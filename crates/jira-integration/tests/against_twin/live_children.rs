//! What events of versions, boards and sprints change, and what Jira is asked for it.

use ocean_core::RawItem;
use ocean_testkit::jira::Change;
use serde_json::{Value, json};

use crate::live::{check, named};
use crate::site::Site;

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
    let events = [version_event("deleted", json!({"id": 99}))];
    let changes = site.handle("release", json!({}), &events).await.unwrap();
    assert_eq!(field(&changes.deleted, "__projectKey"), [Value::Null]);
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
    for name in ["deleted", "updated"] {
        let events = [named("board", name, json!({"id": 99, "name": "as sent"}))];
        let changes = site.handle("board", json!({}), &events).await.unwrap();
        check(&changes, "name", &[], &["as sent"]);
        assert_eq!(site.asked(), ["GET /rest/agile/1.0/board/99"]);
    }
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
    for name in ["deleted", "updated"] {
        let sent = json!({"id": 999, "state": "as sent"});
        let events = [named("sprint", name, sent)];
        let changes = site.handle("sprint", json!({}), &events).await.unwrap();
        check(&changes, "state", &[], &["as sent"]);
        assert_eq!(site.asked(), ["GET /rest/agile/1.0/sprint/999"]);
    }
}
