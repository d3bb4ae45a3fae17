//! What events change, and what Jira is asked to find that out.

use ocean_core::{Changes, ErrorClass, RawItem};
use ocean_testkit::jira::{Change, IssueEdit};
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::site::{Site, texts};

const ALL: &str = "created >= -520w";

pub(crate) fn issue_event(name: &str, id: u64, key: &str) -> Value {
    json!({
        "webhookEvent": format!("jira:issue_{name}"),
        "issue": {"id": id.to_string(), "key": key, "fields": {"summary": "as sent"}},
    })
}

pub(crate) fn named(object: &str, name: &str, payload: Value) -> Value {
    let mut event = json!({"webhookEvent": format!("{object}_{name}")});
    event[object] = payload;
    event
}

/// The first issues of the site, as id and key.
async fn issues(site: &Site, count: usize) -> Vec<(u64, String)> {
    let found = site.read("issue", json!({"jql": ALL})).await.complete();
    site.asked();
    let id = |issue: &RawItem| issue.get::<String>("id").unwrap().parse().unwrap();
    let key = |issue: &RawItem| issue.get("key").unwrap();
    let first = found.iter().take(count);
    first.map(|issue| (id(issue), key(issue))).collect()
}

fn summary(item: &RawItem) -> String {
    item.to_value().unwrap()["fields"]["summary"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
pub(crate) fn check(changes: &Changes, field: &str, updated: &[&str], deleted: &[&str]) {
    assert_eq!(texts(&changes.updated, field), updated, "updated");
    assert_eq!(texts(&changes.deleted, field), deleted, "deleted");
}

#[tokio::test]
async fn waiting_issue_events_are_answered_by_one_search() {
    let site = Site::start(|twin| twin).await;
    let known = issues(&site, 2).await;
    let [(one, first), (two, second)] = &known[..] else {
        panic!("{known:?}")
    };
    let events = [
        issue_event("updated", *one, first),
        issue_event("created", *two, second),
    ];
    let changes = site
        .handle("issue", json!({"jql": ALL}), &events)
        .await
        .unwrap();
    check(&changes, "key", &[first, second], &[]);
    assert!(
        changes
            .updated
            .iter()
            .all(|issue| summary(issue) != "as sent")
    );
    assert_eq!(
        site.asked(),
        [format!(
            r#"POST /rest/api/3/search/jql {{"jql":"({ALL}) AND id in ({one}, {two})","maxResults":2,"fields":["*all"],"reconcileIssues":[{one},{two}]}}"#
        )]
    );
}

#[tokio::test]
async fn an_empty_query_is_narrowed_to_the_ids_alone() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site, 1).await.remove(0);
    let selector = json!({"jql": " ", "fields": "key", "expand": "names"});
    let events = [issue_event("updated", id, &key)];
    let changes = site.handle("issue", selector, &events).await.unwrap();
    check(&changes, "key", &[&key], &[]);
    assert_eq!(
        site.asked(),
        [format!(
            r#"POST /rest/api/3/search/jql {{"jql":"id in ({id})","maxResults":1,"fields":["key"],"expand":"names","reconcileIssues":[{id}]}}"#
        )]
    );
}

#[tokio::test]
async fn an_issue_that_left_the_query_is_deleted_as_it_was_sent() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site, 1).await.remove(0);
    site.twin
        .site()
        .update_issue(&*key, IssueEdit::new().status("Done"))
        .unwrap();
    let events = [issue_event("updated", id, &key)];
    let selector = json!({"jql": "statusCategory != Done"});
    let changes = site.handle("issue", selector, &events).await.unwrap();
    check(&changes, "key", &[], &[&key]);
    assert_eq!(summary(&changes.deleted[0]), "as sent");
}

#[tokio::test]
async fn whether_deleted_issues_are_gone_is_asked_at_once() {
    let site = Site::start(|twin| twin).await;
    let events = [7, 8].map(|id| issue_event("deleted", id, &format!("PORT-{id}")));
    let changes = site.handle("issue", json!({}), &events).await.unwrap();
    check(&changes, "key", &[], &["PORT-7", "PORT-8"]);
    let asked = site.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].starts_with("POST /rest/api/3/issue/bulkfetch "),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_moved_issue_leaves_its_old_key() {
    let site = Site::start(|twin| twin).await;
    let (id, old) = issues(&site, 1).await.remove(0);
    let keys = site.twin.site().project_keys();
    let home = old.split('-').next().unwrap();
    let other = keys.iter().find(|key| *key != home).unwrap();
    let new = site.twin.site().move_issue(&*old, &**other).unwrap();
    let mut moved = issue_event("updated", id, &new);
    moved["changelog"] = json!({"items": [
        {"field": "project", "fromString": home, "toString": other},
        {"field": "Key", "from": null, "fromString": old, "to": null, "toString": new},
    ]});
    let changes = site
        .handle("issue", json!({"jql": ALL}), &[moved])
        .await
        .unwrap();
    check(&changes, "key", &[&new], &[&old]);
}

#[tokio::test]
async fn an_issue_that_moved_back_meanwhile_keeps_its_old_key() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site, 1).await.remove(0);
    let mut moved = issue_event("updated", id, "ELSE-1");
    moved["changelog"] = json!({"items": [
        {"field": "Key", "from": null, "fromString": key, "to": null, "toString": "ELSE-1"},
    ]});
    let selector = json!({"jql": ALL});
    let changes = site.handle("issue", selector, &[moved]).await.unwrap();
    check(&changes, "key", &[&key], &["ELSE-1"]);
}

#[tokio::test]
async fn the_404_of_a_proxy_deletes_nothing() {
    let site = Site::start(|twin| twin).await;
    let proxy = Action::Status {
        code: 404,
        headers: [("content-type".to_owned(), "text/html".to_owned())].into(),
        body: json!("<html>not here</html>"),
    };
    site.twin.faults().add(Rule::new(proxy).path("/project/"));
    let event = named("project", "updated", json!({"id": 1, "key": "PORT"}));
    let outcome = site.handle("project", json!({}), &[event]).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_to_refused_credentials_is_an_error_and_no_data() {
    let event = named("project", "updated", json!({"id": 1, "key": "PORT"}));
    for (code, reason, body) in [
        (
            200,
            "AUTHENTICATED_FAILED",
            json!({"values": [], "total": 0, "isLast": true}),
        ),
        (
            404,
            "AUTHENTICATION_DENIED",
            json!({"errorMessages": ["no project"], "errors": {}}),
        ),
    ] {
        let site = Site::start(|twin| twin).await;
        let anonymous = Action::Status {
            code,
            headers: [("x-seraph-loginreason".to_owned(), reason.to_owned())].into(),
            body,
        };
        site.twin
            .faults()
            .add(Rule::new(anonymous).path("/project"));
        let read = site.read("project", json!({})).await;
        let error = read.error.unwrap_or_default();
        assert!(error.contains("the credentials are refused"), "{error}");
        let outcome = site
            .handle("project", json!({}), std::slice::from_ref(&event))
            .await;
        assert_eq!(outcome.unwrap_err().class(), ErrorClass::Unauthorized);
    }
}

#[tokio::test]
async fn an_issue_that_jira_does_not_know_is_gone_and_not_an_error() {
    let site = Site::start(|twin| twin.rules(|rules| rules.unknown_key_is_error = true)).await;
    let events = [issue_event("updated", 99_999_999, "PORT-9")];
    let changes = site
        .handle("issue", json!({"jql": ALL}), &events)
        .await
        .unwrap();
    check(&changes, "key", &[], &["PORT-9"]);
}

#[tokio::test]
async fn a_query_that_jira_refuses_is_an_error_and_deletes_nothing() {
    let site = Site::start(|twin| twin).await;
    let (id, key) = issues(&site, 1).await.remove(0);
    let events = [issue_event("updated", id, &key)];
    let selector = json!({"jql": "nonsense = x"});
    let error = site.handle("issue", selector, &events).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("status 400"), "{error}");
}

#[tokio::test]
async fn a_changed_project_is_read_with_the_expand_of_the_selector() {
    let site = Site::start(|twin| twin).await;
    let key = site.twin.site().project_keys().remove(0);
    for name in [
        "created",
        "updated",
        "archived",
        "restored_deleted",
        "restored_archived",
    ] {
        let events = [named("project", name, json!({"id": 10_000, "key": key}))];
        let changes = site.handle("project", json!({}), &events).await.unwrap();
        check(&changes, "key", &[&key], &[]);
        assert!(
            changes.updated[0].get::<Value>("insight").is_some(),
            "{name}"
        );
        assert_eq!(
            site.asked(),
            [
                "GET /rest/api/3/project/10000?expand=insight",
                "GET /rest/api/3/project/10000?expand=projectKeys",
            ]
        );
    }
}

#[tokio::test]
async fn a_project_that_jira_knows_neither_by_id_nor_by_key_is_deleted_as_it_was_sent() {
    let site = Site::start(|twin| twin).await;
    for name in ["deleted", "soft_deleted", "updated"] {
        let events = [named("project", name, json!({"id": 7, "key": "GONE"}))];
        let changes = site.handle("project", json!({}), &events).await.unwrap();
        check(&changes, "key", &[], &["GONE"]);
        assert_eq!(
            site.asked(),
            [
                "GET /rest/api/3/project/7?expand=insight",
                "GET /rest/api/3/project/GONE",
            ]
        );
    }
}

#[tokio::test]
async fn a_project_with_a_new_key_leaves_all_that_it_had() {
    let site = Site::start(|twin| twin).await;
    for (key, new_key) in [("PAY", "CASH"), ("CASH", "COIN")] {
        let (key, new_key) = (key.to_owned(), new_key.to_owned());
        let change = Change::ChangeProjectKey { key, new_key };
        site.twin.site().apply(&change).unwrap();
    }
    for sent in ["PAY", "COIN"] {
        let events = [named(
            "project",
            "updated",
            json!({"id": 10_000, "key": sent}),
        )];
        let changes = site.handle("project", json!({}), &events).await.unwrap();
        check(&changes, "key", &["COIN"], &["PAY", "CASH"]);
    }
}

#[tokio::test]
async fn a_project_that_was_deleted_since_is_gone() {
    let site = Site::start(|twin| twin).await;
    let key = site.twin.site().project_keys().remove(0);
    site.twin.site().delete_project(&*key).unwrap();
    let events = [named("project", "updated", json!({"id": 7, "key": key}))];
    let changes = site.handle("project", json!({}), &events).await.unwrap();
    check(&changes, "key", &[], &[&key]);
}

#[tokio::test]
async fn a_user_is_read_whatever_the_event_says() {
    let site = Site::start(|twin| twin).await;
    let ids = site.twin.site().user_ids();
    let (kept, gone) = (&ids[0], &ids[1]);
    let account_id = gone.clone();
    site.twin
        .site()
        .apply(&Change::DeleteUser { account_id })
        .unwrap();

    for name in ["created", "updated", "deleted"] {
        for (id, updated, deleted) in [(kept, vec![&**kept], vec![]), (gone, vec![], vec![&**gone])]
        {
            let events = [named("user", name, json!({"accountId": id}))];
            let changes = site.handle("user", json!({}), &events).await.unwrap();
            check(&changes, "accountId", &updated, &deleted);
            assert_eq!(site.asked().len(), 1);
        }
    }
}
