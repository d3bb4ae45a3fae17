//! Deletions that fail or happen in part, and calls on the side.

use ocean_core::Outcome;
use ocean_testkit::{Action, Entry, Rule};
use ocean_tests::Drift;
use serde_json::{Value, json};

use crate::answer;

const DELETE: &str = "/bulk/entities/delete";
const ISSUES: &str = "/jiraIssue/bulk/entities/delete";
const EXAMPLES: &str = "/examples";

#[tokio::test]
async fn f39_a_deletion_that_fails_once_is_asked_for_again() {
    for fault in [Action::status(500), Action::status(503), Action::Reset] {
        let drift = Drift::new().await;
        let faults = drift.world.port.faults();
        faults.add(Rule::new(fault).path(DELETE).times(2));
        let (report, found) = drift.resync().await;
        assert_eq!((report.outcome, faults.fired()), (Outcome::Completed, 2));
        drift.assert_deleted_except(&found, &[]);
    }
}

#[tokio::test]
async fn f39_deletions_that_fail_for_good_are_not_counted() {
    for fault in [Action::status(500), Action::status(409)] {
        let mut drift = Drift::new().await;
        drift.world.port.faults().add(Rule::new(fault).path(ISSUES));
        let (report, found) = drift.resync().await;
        assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
        drift.assert_deleted_except(&found, &["jiraIssue"]);
        let blueprints = &report.reconciliation.blueprints;
        let issues = blueprints.iter().find(|one| one.blueprint == "jiraIssue");
        let issues = issues.expect("it has stale entities");
        assert_eq!(issues.deleted, 0);
        assert!(issues.kept_because[0].contains("status"), "{issues:?}");
        drift.recover();
        let (report, found) = drift.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
        drift.assert_deleted_except(&found, &[]);
    }
}

#[tokio::test]
async fn f39_a_deletion_that_port_answers_but_does_not_do_is_not_counted() {
    let drift = Drift::new().await;
    let nothing = answer(200, &[], json!({ "ok": true, "deletedEntities": [] }));
    drift
        .world
        .port
        .faults()
        .add(Rule::new(nothing).path(ISSUES));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    drift.assert_deleted_except(&found, &["jiraIssue"]);
    let asked = drift.world.port.journal().count("POST", ISSUES);
    assert_eq!(asked, 3, "the first time and two more");
}

#[tokio::test]
async fn f39_one_entity_that_cannot_go_does_not_keep_the_others() {
    let drift = Drift::new().await;
    let conflict = answer(409, &[], json!({ "ok": false, "error": "conflict" }));
    let rule = Rule::new(conflict).path(DELETE).body("\"gone-2\"");
    drift.world.port.faults().add(rule);
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let mut expected = drift.gone();
    expected.retain(|(_, identifier)| identifier != "gone-2");
    assert_eq!(found.deleted, expected);
}

#[tokio::test]
async fn f39_an_answer_that_names_too_little_is_checked() {
    let drift = Drift::new().await;
    let first = |_: &_, mut answer: Value| {
        if let Some(deleted) = answer["deletedEntities"].as_array_mut() {
            deleted.truncate(1);
        }
        answer
    };
    drift
        .world
        .port
        .faults()
        .add(Rule::new(Action::rewrite(first)).path(DELETE));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    drift.assert_deleted_except(&found, &[]);
}

#[tokio::test]
async fn f42_a_deletion_whose_answer_is_lost_counts_once() {
    let drift = Drift::new().await;
    let faults = drift.world.port.faults();
    faults.add(Rule::new(Action::ApplyThenReset).path(DELETE).times(4));
    let (report, found) = drift.resync().await;
    assert_eq!(
        (report.outcome, faults.fired()),
        (Outcome::Completed, 4),
        "{report:#?}"
    );
    drift.assert_deleted_except(&found, &[]);
}

/// A call on the side that fails or hangs changes nothing about the run.
async fn f41(fault: Action) {
    let drift = Drift::new().await;
    let name = fault.name();
    drift
        .world
        .port
        .faults()
        .add(Rule::new(fault).path(EXAMPLES));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{name}: {report:#?}");
    drift.assert_deleted_except(&found, &[]);
    let journal = drift.world.port.journal().requests();
    let example = |entry: &&Entry| entry.path().contains(EXAMPLES);
    let asked = journal
        .iter()
        .filter(example)
        .filter_map(|entry| entry.fault);
    assert!(asked.count() > 0, "{name}: no example was sent");
}

#[tokio::test]
async fn f41_examples_that_are_refused_change_nothing() {
    f41(Action::status(500)).await;
}

#[tokio::test]
async fn f41_examples_that_are_never_answered_change_nothing() {
    f41(Action::Hang).await;
}

#[tokio::test]
async fn f41_examples_that_take_long_do_not_delay_the_deletions() {
    let drift = Drift::new().await;
    let faults = drift.world.port.faults();
    faults.add(Rule::new(Action::Delay { ms: 1_500 }).path(EXAMPLES));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    drift.assert_deleted_except(&found, &[]);
    let journal = drift.world.port.journal().requests();
    let examples = journal
        .iter()
        .filter(|entry| entry.path().contains(EXAMPLES));
    let deletions = journal.iter().filter(|entry| entry.path().contains(DELETE));
    let deleted = deletions.filter_map(|entry| entry.ended).max();
    let answered: Vec<_> = examples.map(|entry| entry.ended).collect();
    assert_eq!(answered.len(), 4, "one request per kind");
    let waited = answered
        .iter()
        .any(|ended| ended.is_some() && *ended < deleted);
    assert!(!waited, "the deletions waited for the examples");
}
