//! An event that supersedes an older one gives, alone, the catalog that both give.

use std::collections::BTreeSet;

use ocean_core::{Changes, RawItem};
use serde_json::{Value, json};

use crate::site::event;
use crate::watched::Watched;

/// The identifiers of a catalog after some changes. An item that is updated and deleted counts as
/// updated.
fn apply(catalog: &mut BTreeSet<String>, changes: &Changes, identifier: &str) {
    let names = |items: &[RawItem]| -> Vec<String> {
        let name = |item: &RawItem| item.get::<Value>(identifier).unwrap().to_string();
        items.iter().map(name).collect()
    };
    for gone in names(&changes.deleted) {
        catalog.remove(&gone);
    }
    catalog.extend(names(&changes.updated));
}

/// Makes changes one after the other, and then handles each pair of their events of which the
/// newer supersedes the older, with a catalog that holds everything there ever was.
async fn check(kind: &str, identifier: &str, changes: Vec<Value>) -> usize {
    let watched = Watched::start().await;
    let mut events = Vec::new();
    for change in changes {
        events.push(watched.happens(change).await);
    }
    let selector = match kind {
        "issue" | "worklog" => json!({"jql": "created >= -520w"}),
        _ => json!({}),
    };
    let mut outcomes = Vec::new();
    for event in &events {
        let handled = watched
            .site
            .handle(kind, selector.clone(), std::slice::from_ref(event));
        outcomes.push(handled.await.unwrap());
    }
    let mut everything = BTreeSet::new();
    for outcome in &outcomes {
        for item in outcome.updated.iter().chain(&outcome.deleted) {
            everything.insert(item.get::<Value>(identifier).unwrap().to_string());
        }
    }
    let events: Vec<_> = events.iter().map(event).collect();
    let mut processors = watched.site.integration().processors().iter();
    let processor = processors.find(|one| one.accepts(&events[0])).unwrap();
    let mut superseded = 0;
    for (older, newer) in pairs(events.len()) {
        let [first, second] = [older, newer].map(|nth| &events[nth]);
        let is_same = processor.subject(first).unwrap() == processor.subject(second).unwrap();
        if !is_same || !processor.supersedes(second, first) {
            continue;
        }
        superseded += 1;
        let (mut both, mut alone) = (everything.clone(), everything.clone());
        apply(&mut both, &outcomes[older], identifier);
        apply(&mut both, &outcomes[newer], identifier);
        apply(&mut alone, &outcomes[newer], identifier);
        assert_eq!(
            both,
            alone,
            "{:?}, then {:?}",
            first.payload(),
            second.payload()
        );
    }
    superseded
}

/// All pairs in both orders: events may arrive late.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count)
        .flat_map(move |one| (0..count).map(move |other| (one, other)))
        .filter(|(one, other)| one != other)
}

/// The life of an issue that moves about.
fn travels() -> Vec<Value> {
    vec![
        json!({"op": "create_issue", "project": "PAY"}),
        json!({"op": "update_issue", "key": "PAY-68", "summary": "x"}),
        json!({"op": "move_issue", "key": "PAY-68", "project": "HRB"}),
        json!({"op": "update_issue", "key": "HRB-68", "summary": "y"}),
        json!({"op": "move_issue", "key": "HRB-68", "project": "PAY"}),
        json!({"op": "update_issue", "key": "PAY-69", "summary": "z"}),
    ]
}

#[tokio::test]
async fn of_an_issue_that_moves_about_no_key_is_left_behind() {
    assert_eq!(check("issue", "key", travels()).await, 7);
    let mut gone = travels();
    gone.push(json!({"op": "delete_issue", "key": "PAY-69"}));
    assert_eq!(check("issue", "key", gone).await, 10);
}

#[tokio::test]
async fn of_a_project_that_is_renamed_and_binned_no_key_is_left_behind() {
    let life = || {
        vec![
            json!({"op": "create_project", "key": "NEW", "name": "N"}),
            json!({"op": "update_project", "key": "NEW", "name": "M"}),
            json!({"op": "change_project_key", "key": "NEW", "new_key": "NEWER"}),
            json!({"op": "archive_project", "key": "NEWER"}),
            json!({"op": "bin_project", "key": "NEWER"}),
            json!({"op": "restore_project", "key": "NEWER"}),
        ]
    };
    assert!(check("project", "key", life()).await > 0);
    let mut gone = life();
    gone.push(json!({"op": "delete_project", "key": "NEWER"}));
    assert!(check("project", "key", gone).await > 0);
}

#[tokio::test]
async fn of_what_stands_around_the_issues_nothing_is_left_behind() {
    let merged = json!({"op": "delete_version", "id": 20_000, "merged_to": 20_001});
    let worklog = 10_000_000_001_u64;
    for (kind, identifier, life) in [
        (
            "release",
            "id",
            vec![
                json!({"op": "update_version", "id": 20_000, "name": "w"}),
                json!({"op": "move_version", "id": 20_000}),
                merged,
            ],
        ),
        (
            "board",
            "id",
            vec![
                json!({"op": "update_board", "id": 1, "name": "c"}),
                json!({"op": "delete_board", "id": 1}),
            ],
        ),
        (
            "sprint",
            "id",
            vec![
                json!({"op": "update_sprint", "id": 102, "name": "t"}),
                json!({"op": "delete_sprint", "id": 102}),
            ],
        ),
        (
            "user",
            "accountId",
            vec![
                json!({"op": "create_user", "name": "Ada"}),
                json!({"op": "update_user", "account_id": "user7@example.com", "name": "Bea"}),
                json!({"op": "delete_user", "account_id": "user7@example.com"}),
            ],
        ),
        (
            "worklog",
            "id",
            vec![
                json!({"op": "log_work", "issue": "PAY-1", "minutes": 5}),
                json!({"op": "update_worklog", "id": worklog, "minutes": 6}),
                json!({"op": "delete_worklog", "id": worklog}),
            ],
        ),
    ] {
        assert!(check(kind, identifier, life).await > 0, "{kind}");
    }
}
