//! Every event that Jira sends, as the simulated Jira sends it: what it changes.

use jira_integration::Kinds;
use ocean_core::{Kind as _, WebhookEvent};
use ocean_testkit::Server;
use serde_json::{Value, json};

use crate::live::check;
use crate::site::Site;
use crate::watched::{Receiver, Watched};

struct Row {
    change: Value,
    event: &'static str,
    kind: Kinds,
    field: &'static str,
    updated: &'static [&'static str],
    deleted: &'static [&'static str],
}

fn row(change: Value, event: &'static str, kind: Kinds, field: &'static str) -> Row {
    Row {
        change,
        event,
        kind,
        field,
        updated: &[],
        deleted: &[],
    }
}

impl Row {
    fn updates(mut self, items: &'static [&'static str]) -> Self {
        self.updated = items;
        self
    }

    fn deletes(mut self, items: &'static [&'static str]) -> Self {
        self.deleted = items;
        self
    }
}

async fn check_rows(rows: Vec<Row>) {
    let watched = Watched::start().await;
    for row in rows {
        let payload = watched.happens(row.change).await;
        assert_eq!(payload["webhookEvent"], row.event);
        let selector = match row.kind {
            Kinds::Issue | Kinds::Worklog => json!({"jql": "created >= -520w"}),
            Kinds::Sprint => json!({"sprintState": ["active", "future"]}),
            _ => json!({}),
        };
        let handled = watched
            .site
            .handle(row.kind.as_str(), selector, &[payload])
            .await;
        let changes = handled.unwrap();
        check(&changes, row.field, row.updated, row.deleted);
    }
}

#[tokio::test]
async fn every_event_of_issues_is_followed() {
    let issue = |change, event| row(change, event, Kinds::Issue, "key");
    check_rows(vec![
        issue(
            json!({"op": "create_issue", "project": "PAY"}),
            "jira:issue_created",
        )
        .updates(&["PAY-68"]),
        issue(
            json!({"op": "update_issue", "key": "PAY-68", "summary": "x"}),
            "jira:issue_updated",
        )
        .updates(&["PAY-68"]),
        issue(
            json!({"op": "move_issue", "key": "PAY-68", "project": "HRB"}),
            "jira:issue_updated",
        )
        .updates(&["HRB-68"])
        .deletes(&["PAY-68"]),
        issue(
            json!({"op": "delete_issue", "key": "HRB-68"}),
            "jira:issue_deleted",
        )
        .deletes(&["HRB-68"]),
    ])
    .await;
}

#[tokio::test]
async fn every_event_of_projects_is_followed() {
    let project = |change, event| row(change, event, Kinds::Project, "key");
    check_rows(vec![
        project(
            json!({"op": "create_project", "key": "NEW", "name": "N"}),
            "project_created",
        )
        .updates(&["NEW"]),
        project(
            json!({"op": "update_project", "key": "NEW", "name": "M"}),
            "project_updated",
        )
        .updates(&["NEW"]),
        project(
            json!({"op": "archive_project", "key": "NEW"}),
            "project_archived",
        )
        .updates(&["NEW"]),
        project(
            json!({"op": "unarchive_project", "key": "NEW"}),
            "project_restored_archived",
        )
        .updates(&["NEW"]),
        project(
            json!({"op": "bin_project", "key": "NEW"}),
            "project_soft_deleted",
        )
        .deletes(&["NEW"]),
        project(
            json!({"op": "restore_project", "key": "NEW"}),
            "project_restored_deleted",
        )
        .updates(&["NEW"]),
        project(
            json!({"op": "change_project_key", "key": "NEW", "new_key": "NEWER"}),
            "project_updated",
        )
        .updates(&["NEWER"])
        .deletes(&["NEW"]),
        project(
            json!({"op": "delete_project", "key": "NEWER"}),
            "project_deleted",
        )
        .deletes(&["NEWER"]),
    ])
    .await;
}

#[tokio::test]
async fn every_event_of_users_and_worklogs_is_followed() {
    let user = |change, event| row(change, event, Kinds::User, "displayName");
    let worklog = |change, event| row(change, event, Kinds::Worklog, "timeSpent");
    let id = 10_000_000_001_u64;
    check_rows(vec![
        user(json!({"op": "create_user", "name": "Ada"}), "user_created").updates(&["Ada"]),
        user(
            json!({"op": "update_user", "account_id": "user7@example.com", "name": "Bea"}),
            "user_updated",
        )
        .updates(&["Bea"]),
        user(
            json!({"op": "delete_user", "account_id": "user7@example.com"}),
            "user_deleted",
        )
        .deletes(&["Bea"]),
        worklog(
            json!({"op": "log_work", "issue": "PAY-1", "minutes": 5}),
            "worklog_created",
        )
        .updates(&["5m"]),
        worklog(
            json!({"op": "update_worklog", "id": id, "minutes": 6}),
            "worklog_updated",
        )
        .updates(&["6m"]),
        worklog(json!({"op": "delete_worklog", "id": id}), "worklog_deleted").deletes(&["6m"]),
    ])
    .await;
}

#[tokio::test]
async fn every_event_of_versions_is_followed() {
    let version = |change, event| row(change, event, Kinds::Release, "name");
    check_rows(vec![
        version(
            json!({"op": "create_version", "project": "PAY", "name": "v"}),
            "jira:version_created",
        )
        .updates(&["v"]),
        version(
            json!({"op": "update_version", "id": 20_000, "name": "w"}),
            "jira:version_updated",
        )
        .updates(&["w"]),
        version(
            json!({"op": "update_version", "id": 20_000, "released": false}),
            "jira:version_unreleased",
        )
        .updates(&["w"]),
        version(
            json!({"op": "update_version", "id": 20_000, "released": true}),
            "jira:version_released",
        )
        .updates(&["w"]),
        version(
            json!({"op": "move_version", "id": 20_000}),
            "jira:version_moved",
        )
        .updates(&["w"]),
        version(
            json!({"op": "delete_version", "id": 20_000, "merged_to": 20_001}),
            "jira:version_deleted",
        )
        .updates(&["v1.1"])
        .deletes(&["w"]),
        version(
            json!({"op": "delete_version", "id": 20_001}),
            "jira:version_deleted",
        )
        .deletes(&["v1.1"]),
    ])
    .await;
}

#[tokio::test]
async fn every_event_of_boards_and_sprints_is_followed() {
    let board = |change, event| row(change, event, Kinds::Board, "name");
    let sprint = |change, event| row(change, event, Kinds::Sprint, "name");
    check_rows(vec![
        board(
            json!({"op": "create_board", "project": "PAY", "name": "b"}),
            "board_created",
        )
        .updates(&["b"]),
        board(
            json!({"op": "update_board", "id": 4, "name": "c"}),
            "board_updated",
        )
        .updates(&["c"]),
        board(json!({"op": "delete_board", "id": 4}), "board_deleted").deletes(&["c"]),
        sprint(
            json!({"op": "create_sprint", "board": 1, "name": "s"}),
            "sprint_created",
        )
        .updates(&["s"]),
        sprint(
            json!({"op": "update_sprint", "id": 102, "name": "t"}),
            "sprint_updated",
        )
        .updates(&["t"]),
        sprint(
            json!({"op": "update_sprint", "id": 102, "state": "closed"}),
            "sprint_closed",
        )
        .deletes(&["t"]),
        sprint(json!({"op": "delete_sprint", "id": 102}), "sprint_deleted").deletes(&["t"]),
    ])
    .await;
}

#[tokio::test]
async fn an_event_that_was_signed_by_the_site_is_authentic_until_both_secrets_are_gone() {
    let receiver = Server::start(([127, 0, 0, 1], 0).into(), Receiver)
        .await
        .unwrap();
    receiver.journal().keep_headers(["x-hub-signature"]);
    let site = Site::configured(|twin| twin, |config| config.webhook_secret("s3cret")).await;
    let cx = ocean_core::StartContext::new("my-jira").base_url(receiver.url());
    site.integration().hooks().run_start(&cx).await;
    let edit = ocean_testkit::jira::IssueEdit::new().summary("x");
    site.twin.site().update_issue("PAY-1", edit).unwrap();
    site.twin.site().delivered().await;
    let entry = receiver.journal().requests().remove(0);
    let mut headers = http::HeaderMap::new();
    let signature = entry.header("x-hub-signature").unwrap();
    headers.insert("x-hub-signature", signature.parse().unwrap());
    let event = WebhookEvent::new(headers, entry.body.clone()).unwrap();
    for (secret, previous, is_authentic) in [
        ("s3cret", None, true),
        ("newer", Some("s3cret"), true),
        ("newer", Some("older"), false),
        ("newer", None, false),
    ] {
        let configured = |config: jira_integration::JiraConfig| {
            let config = config.webhook_secret(secret);
            match previous {
                Some(previous) => config.webhook_secret_previous(previous),
                None => config,
            }
        };
        let site = Site::configured(|twin| twin, configured).await;
        for processor in site.integration().processors() {
            assert_eq!(
                processor.authenticate(&event).is_ok(),
                is_authentic,
                "{secret}"
            );
        }
    }
}
