//! What events of worklogs change, and what Jira is asked for it.

use ocean_core::RawItem;
use ocean_testkit::jira::Change;
use serde_json::{Value, json};

use crate::live::{check, named};
use crate::site::Site;

const ALL: &str = "created >= -520w";

/// A site, and a worklog on each of two issues: its id, the issue's id and the issue's key.
async fn site() -> (Site, [(u64, u64, String); 2]) {
    let site = Site::start(|twin| twin.issues(200)).await;
    let found = site.read("issue", json!({"jql": ALL})).await.complete();
    let logged = [0, 1].map(|nth: usize| {
        let (id, key): (String, String) = (
            found[nth].get("id").unwrap(),
            found[nth].get("key").unwrap(),
        );
        let change = Change::LogWork {
            issue: key.clone(),
            minutes: 30,
        };
        let changed = site.twin.site().apply(&change).unwrap();
        (changed[0].id.parse().unwrap(), id.parse().unwrap(), key)
    });
    site.asked();
    (site, logged)
}

/// An event as Jira sends it, or without the issue.
fn event(name: &str, id: u64, issue: Option<u64>) -> Value {
    let mut worklog = json!({"id": id.to_string(), "comment": "as sent"});
    if let Some(issue) = issue {
        worklog["issueId"] = json!(issue.to_string());
    }
    named("worklog", name, worklog)
}

fn is_as_sent(worklog: &RawItem) -> bool {
    worklog.get::<String>("comment").as_deref() == Some("as sent")
}

#[tokio::test]
async fn waiting_worklog_events_are_answered_by_one_list_and_one_search() {
    let (site, [(one, first, key), (two, second, other)]) = site().await;
    let events = [
        event("created", two, Some(second)),
        event("updated", one, None),
    ];
    let selector = json!({"jql": ALL});
    let changes = site.handle("worklog", selector, &events).await.unwrap();
    check(&changes, "__issueKey", &[&other, &key], &[]);
    assert!(!changes.updated.iter().any(is_as_sent));
    assert_eq!(
        site.asked(),
        [
            format!(r#"POST /rest/api/3/worklog/list {{"ids":[{two},{one}]}}"#),
            format!(
                r#"POST /rest/api/3/search/jql {{"jql":"({ALL}) AND id in ({first}, {second})","maxResults":2,"fields":["key"],"reconcileIssues":[{first},{second}]}}"#
            ),
        ]
    );
}

#[tokio::test]
async fn worklogs_that_the_selector_does_not_want_are_deleted() {
    let (site, [(id, issue, key), _]) = site().await;
    let listed = site.read("worklog", json!({"jql": ALL})).await.complete();
    let of = |worklog: &&RawItem| worklog.get::<String>("id") == Some(id.to_string());
    let started: String = listed.iter().find(of).unwrap().get("started").unwrap();
    let started = started
        .replace("+0000", "Z")
        .parse::<jiff::Timestamp>()
        .unwrap();
    let started = started.as_millisecond();
    for (selector, is_wanted) in [
        (json!({"jql": "project = PAY"}), true),
        (json!({"jql": "project != PAY"}), false),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedAfter": started}}),
            true,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedAfter": started + 1}}),
            false,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedBefore": started + 1}}),
            true,
        ),
        (
            json!({"jql": ALL, "apiQueryParams": {"startedBefore": started}}),
            false,
        ),
    ] {
        let events = [event("updated", id, Some(issue))];
        let changes = site.handle("worklog", selector, &events).await.unwrap();
        let of = |yes| if yes { vec![key.as_str()] } else { vec![] };
        check(&changes, "__issueKey", &of(is_wanted), &of(!is_wanted));
    }
}

#[tokio::test]
async fn a_worklog_that_is_gone_is_deleted_as_it_was_sent_with_the_key_of_its_issue() {
    let (site, [(id, issue, key), _]) = site().await;
    site.twin
        .site()
        .apply(&Change::DeleteWorklog { id })
        .unwrap();
    for name in ["deleted", "updated"] {
        let events = [event(name, id, Some(issue))];
        let changes = site.handle("worklog", json!({}), &events).await.unwrap();
        check(&changes, "__issueKey", &[], &[&key]);
        assert!(is_as_sent(&changes.deleted[0]));
        assert_eq!(
            site.asked(),
            [
                format!(r#"POST /rest/api/3/worklog/list {{"ids":[{id}]}}"#),
                format!(
                    r#"POST /rest/api/3/issue/bulkfetch {{"issueIdsOrKeys":["{issue}"],"fields":["key"]}}"#
                ),
            ]
        );
    }
    // Neither of an issue that is gone, too, nor without one is anything known but the id.
    for issue in [Some(99_999_999), None] {
        let events = [event("deleted", id, issue)];
        let changes = site.handle("worklog", json!({}), &events).await.unwrap();
        check(&changes, "id", &[], &[&id.to_string()]);
    }
}

#[tokio::test]
async fn a_worklog_is_expanded_as_the_selector_says() {
    let (site, [(id, issue, _), _]) = site().await;
    let selector = json!({"jql": ALL, "apiQueryParams": {"expand": "properties"}});
    let events = [event("updated", id, Some(issue))];
    site.handle("worklog", selector, &events).await.unwrap();
    let expected = format!(r#"POST /rest/api/3/worklog/list?expand=properties {{"ids":[{id}]}}"#);
    assert_eq!(site.asked()[0], expected);
}
