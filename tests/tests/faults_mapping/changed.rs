//! The mapping changes at Port while a run goes on.

use ocean_core::Outcome;
use ocean_testkit::{Action, Rule};
use ocean_tests::drift::until;
use ocean_tests::{Drift, IDENTIFIER};
use serde_json::{Value, json};

/// The mapping becomes another one while Jira still thinks about the issues: the run ends with the
/// mapping it began with and deletes nothing.
async fn f52(other: impl FnOnce(&mut Value)) {
    let mut drift = Drift::new().await;
    let late = Rule::new(Action::Delay { ms: 150 }).path("/search/jql");
    drift.world.jira.faults().add(late);
    let mut mapping = drift.world.mapping.clone();
    other(&mut mapping);
    let port = &drift.world.port;
    let change = async {
        let written = || port.journal().count("POST", "/jiraProject/entities/bulk") > 0;
        until("the run has begun to write", written).await;
        port.set_mapping(IDENTIFIER, mapping.clone());
    };
    let ((report, found), ()) = tokio::join!(drift.resync(), change);
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert!(found.deleted.is_empty(), "{found:?}");
    assert_eq!(drift.world.deletions(), 0);
    assert!(
        report.errors[0].contains("mapping changed"),
        "{:?}",
        report.errors
    );
    let totals = report.totals();
    assert_eq!(totals.created as u64, found.writes.created);
    let complete = |one: &ocean_core::ResourceReport| one.incomplete.is_empty();
    assert!(report.resources.iter().all(complete), "{report:#?}");

    drift.recover();
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    drift.assert_deleted_except(&found, &[]);
    assert_eq!(report.totals().updated, 0, "the first run wrote everything");
}

#[tokio::test]
async fn f52_a_kind_taken_out_during_the_run_deletes_nothing() {
    f52(|mapping| {
        mapping["resources"].as_array_mut().unwrap().pop();
    })
    .await;
}

#[tokio::test]
async fn f52_a_selector_narrowed_during_the_run_deletes_nothing() {
    f52(|mapping| mapping["resources"][3]["selector"]["jql"] = json!("project = NONE")).await;
}

#[tokio::test]
async fn f52_a_mapping_broken_during_the_run_deletes_nothing() {
    f52(|mapping| *mapping = json!({ "resources": "broken" })).await;
}
