//! Which waiting event makes an older one of the same subject superfluous, and which do not.

use http::HeaderMap;
use ocean_core::{ErasedProcessor, WebhookEvent};
use serde_json::{Value, json};

use crate::live::named;
use crate::site::{Site, event};

fn processor<'a>(site: &'a Site, event: &WebhookEvent) -> &'a ErasedProcessor {
    let mut processors = site.integration().processors().iter();
    processors.find(|one| one.accepts(event)).unwrap()
}

/// Whether the second event makes the first one superfluous.
#[track_caller]
fn check(site: &Site, older: &Value, newer: &Value, expected: bool) {
    let (first, second) = (event(older), event(newer));
    let processor = processor(site, &second);
    let subjects = [&first, &second].map(|one| processor.subject(one).unwrap());
    assert_eq!(subjects[0], subjects[1], "{older} and {newer}");
    let superseded = processor.supersedes(&second, &first);
    assert_eq!(superseded, expected, "{older}, then {newer}");
}

/// An event of the issue 7 under some key, which may have moved it there from another one.
fn issue(name: &str, key: &str, moved_from: Option<&str>) -> Value {
    let mut event = json!({
        "webhookEvent": format!("jira:issue_{name}"),
        "issue": {"id": "7", "key": key},
    });
    if let Some(from) = moved_from {
        event["changelog"] = json!({"items": [
            {"field": "summary", "fromString": "before", "toString": "after"},
            {"field": "Key", "fromString": from, "toString": key},
        ]});
    }
    event
}

#[tokio::test]
async fn an_issue_event_supersedes_those_whose_keys_it_names() {
    let site = Site::start(|twin| twin).await;
    let (created, updated) = (issue("created", "A-1", None), issue("updated", "A-1", None));
    let deleted = issue("deleted", "A-1", None);
    let (moved, elsewhere) = (
        issue("updated", "B-1", Some("A-1")),
        issue("updated", "B-1", None),
    );
    let on = issue("updated", "C-1", Some("B-1"));
    for (older, newer, expected) in [
        (&created, &updated, true),
        (&updated, &deleted, true),
        // The source is asked, so a late update cannot hide a deletion.
        (&deleted, &updated, true),
        (&updated, &moved, true),
        (&moved, &elsewhere, false),
        (&moved, &moved, true),
        (&moved, &on, false),
        (&updated, &elsewhere, false),
        (&moved, &issue("deleted", "B-1", None), false),
    ] {
        check(&site, older, newer, expected);
    }
}

#[tokio::test]
async fn an_event_that_knows_another_key_of_a_project_is_kept() {
    let site = Site::start(|twin| twin).await;
    let project = |name, key: &str| named("project", name, json!({"id": 8, "key": key}));
    for (older, newer, expected) in [
        (project("created", "OLD"), project("updated", "OLD"), true),
        (project("updated", "OLD"), project("updated", "NEW"), false),
        (
            project("soft_deleted", "OLD"),
            project("restored_deleted", "OLD"),
            true,
        ),
    ] {
        check(&site, &older, &newer, expected);
    }
}

#[tokio::test]
async fn an_event_that_knows_the_heir_or_the_project_of_a_version_is_kept() {
    let site = Site::start(|twin| twin).await;
    let version = |name: &str, fields: Value, heir: Option<&str>| {
        let mut event = json!({"webhookEvent": format!("jira:version_{name}"), "version": fields});
        if let Some(id) = heir {
            event["mergedTo"] = json!({ "id": id });
        }
        event
    };
    let (bare, whole) = (json!({"id": "9"}), json!({"id": "9", "projectId": 1}));
    let updated = version("updated", whole.clone(), None);
    for (older, newer, expected) in [
        (
            updated.clone(),
            version("released", whole.clone(), None),
            true,
        ),
        (
            updated.clone(),
            version("deleted", whole.clone(), Some("5")),
            true,
        ),
        (
            updated.clone(),
            version("deleted", bare.clone(), None),
            false,
        ),
        (version("deleted", bare, None), updated.clone(), true),
        (version("deleted", whole.clone(), Some("5")), updated, false),
        (
            version("deleted", whole.clone(), Some("5")),
            version("deleted", whole.clone(), Some("5")),
            true,
        ),
        (
            version("deleted", whole.clone(), Some("5")),
            version("deleted", whole, Some("6")),
            false,
        ),
    ] {
        check(&site, &older, &newer, expected);
    }
}

#[tokio::test]
async fn a_newer_event_of_a_user_board_or_sprint_is_enough() {
    let site = Site::start(|twin| twin).await;
    for (object, fields) in [
        ("user", json!({"accountId": "a:1"})),
        ("board", json!({"id": 10})),
        ("sprint", json!({"id": 11})),
    ] {
        for (older, newer) in [
            ("created", "updated"),
            ("updated", "deleted"),
            ("deleted", "updated"),
        ] {
            let [older, newer] = [older, newer].map(|name| named(object, name, fields.clone()));
            check(&site, &older, &newer, true);
        }
    }
}

#[tokio::test]
async fn a_worklog_event_without_its_issue_supersedes_none_that_has_it() {
    let site = Site::start(|twin| twin).await;
    let worklog = |name, issue: Option<&str>| {
        let mut fields = json!({"id": "12"});
        if let Some(issue) = issue {
            fields["issueId"] = json!(issue);
        }
        named("worklog", name, fields)
    };
    let whole = worklog("updated", Some("7"));
    for (older, newer, expected) in [
        (whole.clone(), worklog("deleted", Some("7")), true),
        (worklog("deleted", Some("7")), whole.clone(), true),
        (whole.clone(), worklog("updated", None), false),
        (worklog("updated", None), whole, true),
    ] {
        check(&site, &older, &newer, expected);
    }
}

#[tokio::test]
async fn a_payload_of_another_shape_supersedes_nothing() {
    let site = Site::start(|twin| twin).await;
    let whole = event(&named("board", "updated", json!({"id": 1})));
    let broken = event(&named("board", "updated", json!({})));
    let processor = processor(&site, &whole);
    assert!(!processor.supersedes(&whole, &broken));
    assert!(!processor.supersedes(&broken, &whole));
}

#[tokio::test]
async fn every_processor_knows_a_delivery_by_the_name_that_jira_gives_it() {
    let site = Site::start(|twin| twin).await;
    for processor in site.integration().processors() {
        for (sent, known) in [(Some("e-1"), Some("e-1")), (Some(" "), None), (None, None)] {
            let mut headers = HeaderMap::new();
            if let Some(id) = sent {
                headers.insert("x-atlassian-webhook-identifier", id.parse().unwrap());
            }
            let event = WebhookEvent::new(headers, "{}").unwrap();
            assert_eq!(processor.delivery_id(&event).as_deref(), known);
        }
    }
}
