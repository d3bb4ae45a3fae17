//! What processors say about events before they are handled: whose they are, what they are about,
//! and which waiting event makes an older one superfluous.

use http::HeaderMap;
use jira_integration::Kinds;
use ocean_core::{ErasedProcessor, Kind as _, WebhookEvent};
use serde_json::{Value, json};

use crate::live::{issue_event, named};
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

#[tokio::test]
async fn each_event_goes_to_the_processor_of_its_kind() {
    let site = Site::start(|twin| twin).await;
    for (name, kind) in [
        ("jira:issue_updated", Some(Kinds::Issue)),
        ("project_restored_archived", Some(Kinds::Project)),
        ("user_created", Some(Kinds::User)),
        ("jira:version_released", Some(Kinds::Release)),
        ("board_created", Some(Kinds::Board)),
        ("sprint_closed", Some(Kinds::Sprint)),
        ("worklog_created", Some(Kinds::Worklog)),
        ("jira:worklog_updated", None),
    ] {
        let event = event(&json!({"webhookEvent": name}));
        let processors = site.integration().processors().iter();
        let kinds: Vec<_> = processors
            .filter(|processor| processor.path() == "/webhook" && processor.accepts(&event))
            .flat_map(|processor| processor.kinds())
            .copied()
            .collect();
        let expected: Vec<_> = kind.into_iter().map(Kinds::as_str).collect();
        assert_eq!(kinds, expected, "{name}");
    }
    let nameless = event(&json!([1]));
    let mut processors = site.integration().processors().iter();
    assert!(!processors.any(|processor| processor.accepts(&nameless)));
}

#[tokio::test]
async fn events_are_ordered_by_ids_that_never_change() {
    let site = Site::start(|twin| twin).await;
    for (payload, subject) in [
        (issue_event("updated", 7, "PORT-1"), Ok("issue:7")),
        (
            named("project", "updated", json!({"id": 8, "key": "P"})),
            Ok("project:8"),
        ),
        (
            named("user", "updated", json!({"accountId": "a:1"})),
            Ok("user:a:1"),
        ),
        (
            json!({"webhookEvent": "jira:version_created", "version": {"id": "9"}}),
            Ok("version:9"),
        ),
        (named("board", "created", json!({"id": 10})), Ok("board:10")),
        (
            named("sprint", "started", json!({"id": 11})),
            Ok("sprint:11"),
        ),
        (
            named("worklog", "created", json!({"id": "12"})),
            Ok("worklog:12"),
        ),
        (
            json!({"webhookEvent": "jira:version_created", "version": {"projectId": 9}}),
            Err("version: an id must be an integer"),
        ),
        (
            named("worklog", "created", json!({"id": ""})),
            Err("worklog: an id must be an integer"),
        ),
        (
            json!({"webhookEvent": "jira:issue_updated", "issue": {"id": "x", "key": "P-1"}}),
            Err("issue: an id must be an integer"),
        ),
        (
            json!({"webhookEvent": "project_updated", "project": {"id": 8}}),
            Err("project: missing field `key`"),
        ),
    ] {
        let event = event(&payload);
        let mut processors = site.integration().processors().iter();
        let processor = processors.find(|one| one.accepts(&event)).unwrap();
        match (processor.subject(&event), subject) {
            (Ok(named), Ok(subject)) => assert_eq!(named.unwrap().as_str(), subject),
            (Err(error), Err(said)) => assert!(error.to_string().starts_with(said), "{error}"),
            (got, expected) => panic!("{got:?} and not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn with_a_secret_unsigned_events_are_refused_by_every_processor() {
    let event = event(&json!({}));
    let open = Site::start(|twin| twin).await;
    let closed = Site::configured(|twin| twin, |config| config.webhook_secret("s3cret")).await;
    for processor in open.integration().processors() {
        assert!(processor.authenticate(&event).is_ok());
    }
    for processor in closed.integration().processors() {
        let refused = processor.authenticate(&event).unwrap_err();
        assert_eq!(refused.to_string(), "the request has no signature");
    }
}
