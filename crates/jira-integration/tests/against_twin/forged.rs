//! What events cannot do that lie, come late, or try to smuggle something into a query.

use std::slice::from_ref;

use ocean_core::{ErrorClass, RawItem};
use ocean_testkit::jira::Change;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::live::{check, named};
use crate::site::Site;

const ALL: &str = "created >= -520w";

fn issue(name: &str, id: u64, key: &str) -> Value {
    named_issue(name, json!({"id": id.to_string(), "key": key}))
}

fn named_issue(name: &str, issue: Value) -> Value {
    json!({"webhookEvent": format!("jira:issue_{name}"), "issue": issue})
}

/// The ids and keys of the first issues.
async fn issues(site: &Site) -> Vec<(u64, String)> {
    let found = site.read("issue", json!({"jql": ALL})).await.complete();
    site.asked();
    let named = |issue: &RawItem| {
        let id: String = issue.get("id").unwrap();
        (id.parse().unwrap(), issue.get("key").unwrap())
    };
    found.iter().map(named).collect()
}

#[tokio::test]
async fn a_forged_deletion_of_something_that_exists_updates_it() {
    let site = Site::start(|twin| twin.issues(200)).await;
    let (id, key) = issues(&site).await.remove(0);
    let account = site.twin.site().user_ids().remove(0);
    let change = Change::LogWork {
        issue: key.clone(),
        minutes: 5,
    };
    let logged = site.twin.site().apply(&change).unwrap().remove(0).id;
    let version = json!({"webhookEvent": "jira:version_deleted", "version": {"id": "20000"}});
    for (kind, event) in [
        ("issue", issue("deleted", id, &key)),
        (
            "project",
            named("project", "deleted", json!({"id": 10_000, "key": "PAY"})),
        ),
        (
            "project",
            named(
                "project",
                "soft_deleted",
                json!({"id": 10_000, "key": "PAY"}),
            ),
        ),
        (
            "user",
            named("user", "deleted", json!({"accountId": account})),
        ),
        ("release", version),
        ("board", named("board", "deleted", json!({"id": 1}))),
        ("sprint", named("sprint", "deleted", json!({"id": 102}))),
        (
            "worklog",
            named("worklog", "deleted", json!({"id": logged, "issueId": id})),
        ),
    ] {
        let selector = match kind {
            "issue" | "worklog" => json!({"jql": ALL}),
            _ => json!({}),
        };
        let changes = site.handle(kind, selector, &[event]).await.unwrap();
        let counts = (changes.updated.len(), changes.deleted.len());
        assert_eq!(counts, (1, 0), "{kind}: {changes:?}");
    }
}

#[tokio::test]
async fn a_deletion_of_nothing_under_the_key_of_another_deletes_nothing() {
    let site = Site::start(|twin| twin).await;
    let known = issues(&site).await;
    let ((id, own), (_, key)) = (&known[0], &known[1]);
    let gone = 99_999_999;
    let mut moved = issue("updated", *id, own);
    moved["changelog"] = json!({"items": [{"field": "Key", "fromString": key}]});
    for (kind, event, updated) in [
        ("issue", issue("deleted", gone, key), 0),
        ("issue", issue("updated", gone, key), 0),
        ("issue", issue("updated", *id, key), 1),
        ("issue", moved, 1),
        (
            "project",
            named("project", "deleted", json!({"id": 7, "key": "PAY"})),
            0,
        ),
        (
            "project",
            named("project", "updated", json!({"id": 10_001, "key": "PAY"})),
            1,
        ),
    ] {
        let selector = if kind == "issue" {
            json!({"jql": ALL})
        } else {
            json!({})
        };
        let changes = site.handle(kind, selector, from_ref(&event)).await.unwrap();
        let counts = (changes.updated.len(), changes.deleted.len());
        assert_eq!(counts, (updated, 0), "{event}: {changes:?}");
    }
}

#[tokio::test]
async fn a_forged_deletion_does_not_bring_in_what_the_selector_leaves_out() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site).await.remove(0);
    let other = json!({"jql": "project != PAY"});
    let events = [issue("deleted", id, &key)];
    let changes = site.handle("issue", other, &events).await.unwrap();
    check(&changes, "key", &[], &[&key]);
}

#[tokio::test]
async fn f74_a_name_with_a_query_or_a_path_in_it_never_reaches_jira() {
    let site = Site::start(|twin| twin).await;
    let (id, _) = issues(&site).await.remove(0);
    let smuggled = [
        "A-1 OR project=X",
        "A-1) OR (project=X",
        "\"A-1\"",
        "../../myself",
        "",
    ];
    let mut refused = Vec::new();
    for name in smuggled {
        refused.extend([
            (
                "issue",
                named_issue("updated", json!({"id": id, "key": name})),
            ),
            (
                "issue",
                named_issue("deleted", json!({"id": id, "key": name})),
            ),
            (
                "issue",
                named_issue("updated", json!({"id": name, "key": "PAY-1"})),
            ),
            (
                "project",
                named("project", "updated", json!({"id": 10_000, "key": name})),
            ),
            (
                "project",
                named("project", "deleted", json!({"id": name, "key": "PAY"})),
            ),
            ("board", named("board", "updated", json!({"id": name}))),
            ("sprint", named("sprint", "updated", json!({"id": name}))),
            ("worklog", named("worklog", "updated", json!({"id": name}))),
            (
                "worklog",
                named("worklog", "updated", json!({"id": 1, "issueId": name})),
            ),
            (
                "release",
                json!({"webhookEvent": "jira:version_updated", "version": {"id": name}}),
            ),
        ]);
    }
    for (kind, event) in refused {
        let error = site
            .handle(kind, json!({}), from_ref(&event))
            .await
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent, "{event}");
    }
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn f74_an_old_key_or_an_account_with_a_query_in_it_stays_a_value() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site).await.remove(0);
    let mut moved = issue("updated", id, &key);
    moved["changelog"] = json!({"items": [{"field": "Key", "fromString": "A-1 OR project=X"}]});
    let changes = site
        .handle("issue", json!({"jql": ALL}), &[moved])
        .await
        .unwrap();
    check(&changes, "key", &[&key], &[]);
    let events = [named(
        "user",
        "updated",
        json!({"accountId": "a&expand=groups/../x"}),
    )];
    site.handle("user", json!({}), &events).await.unwrap();
    let asked = site.asked();
    assert_eq!(asked.len(), 2);
    assert!(!asked[0].contains("project=X"), "{asked:?}");
    assert_eq!(
        asked[1],
        "GET /rest/api/3/user?accountId=a%26expand%3Dgroups%2F..%2Fx"
    );
}

#[tokio::test]
async fn of_a_batch_with_issues_that_jira_does_not_know_the_others_are_found() {
    let site = Site::start(|twin| twin.rules(|rules| rules.unknown_key_is_error = true)).await;
    let known = issues(&site).await;
    let mut events: Vec<_> = known[..48]
        .iter()
        .map(|(id, key)| issue("updated", *id, key))
        .collect();
    events.push(issue("updated", 99_999_998, "GONE-1"));
    events.push(issue("deleted", 99_999_999, "GONE-2"));
    let changes = site
        .handle("issue", json!({"jql": ALL}), &events)
        .await
        .unwrap();
    assert_eq!(changes.updated.len(), 48);
    check(
        &ocean_core::Changes::deleted(changes.deleted),
        "key",
        &[],
        &["GONE-1", "GONE-2"],
    );
    let asked = site.asked();
    let paths: Vec<_> = asked
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    let (search, fetch) = ("/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch");
    // Is the deleted one gone? Find the rest. Refused: who of them exists? And who has GONE-1?
    assert_eq!(paths, [fetch, search, fetch, search, fetch]);
}

#[tokio::test]
async fn a_site_that_cannot_fetch_many_is_asked_for_one_after_the_other() {
    for code in [404, 405] {
        let site = Site::start(|twin| twin).await;
        let (id, key) = issues(&site).await.remove(0);
        site.twin
            .faults()
            .add(Rule::new(Action::status(code)).path("/issue/bulkfetch"));
        let events = [
            issue("deleted", id, &key),
            issue("deleted", 99_999_999, "GONE-1"),
        ];
        let changes = site
            .handle("issue", json!({"jql": ALL}), &events)
            .await
            .unwrap();
        check(&changes, "key", &[&key], &["GONE-1"]);
    }
}

#[tokio::test]
async fn an_issue_that_jira_could_not_fetch_is_not_taken_for_gone() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site).await.remove(0);
    let busy =
        json!({"issues": [], "issueErrors": [{"id": id.to_string(), "errorMessage": "later"}]});
    let answer = Action::Body {
        content_type: "application/json".to_owned(),
        text: busy.to_string(),
    };
    site.twin
        .faults()
        .add(Rule::new(answer).path("/issue/bulkfetch"));
    let events = [issue("deleted", id, &key)];
    let changes = site
        .handle("issue", json!({"jql": ALL}), &events)
        .await
        .unwrap();
    check(&changes, "key", &[&key], &[]);
}

#[tokio::test]
async fn a_deletion_that_cannot_be_checked_is_an_error_and_deletes_nothing() {
    for (kind, path, event) in [
        ("issue", "/bulkfetch", issue("deleted", 7, "GONE-1")),
        (
            "project",
            "/project/",
            named("project", "deleted", json!({"id": 7, "key": "GONE"})),
        ),
        (
            "user",
            "/user",
            named("user", "deleted", json!({"accountId": "gone"})),
        ),
        (
            "release",
            "/version/",
            json!({"webhookEvent": "jira:version_deleted", "version": {"id": 7}}),
        ),
        (
            "board",
            "/board/",
            named("board", "deleted", json!({"id": 99})),
        ),
        (
            "sprint",
            "/sprint/",
            named("sprint", "deleted", json!({"id": 99})),
        ),
        (
            "worklog",
            "/worklog/list",
            named("worklog", "deleted", json!({"id": 7})),
        ),
    ] {
        for (code, class) in [(503, ErrorClass::Retryable), (403, ErrorClass::Permanent)] {
            let site = Site::start(|twin| twin).await;
            site.twin
                .faults()
                .add(Rule::new(Action::status(code)).path(path));
            let error = site
                .handle(kind, json!({}), from_ref(&event))
                .await
                .unwrap_err();
            assert_eq!(error.class(), class, "{kind} {code}");
        }
    }
}
