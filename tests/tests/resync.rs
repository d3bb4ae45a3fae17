//! A whole resync over both simulators: what is written, and what is not.

use ocean_core::Outcome;
use ocean_tests::World;
use serde_json::json;

#[tokio::test]
async fn the_catalog_becomes_the_site() {
    let world = World::start().await;
    world.provision().await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    world.assert_catalog_is_the_site();
    let totals = report.totals();
    assert_eq!(totals.unchanged, 0);
    assert_eq!(world.port.journal().count("POST", "/v1/entities/search"), 0);
}

#[tokio::test]
async fn i3_a_second_resync_writes_nothing() {
    let world = World::settled().await;
    let before = world.port.catalog();
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(world.port.journal().count("POST", "/entities/bulk"), 0);
    assert_eq!(world.deletions(), 0);
    assert_eq!(world.port.catalog(), before);
}

#[tokio::test]
async fn after_changes_only_the_difference_is_written() {
    let world = World::settled().await;
    let change = serde_json::from_value(
        json!({"op": "random", "updates": 5, "creates": 3, "deletes": 2, "seed": 1}),
    );
    world.jira.site().apply(&change.unwrap()).unwrap();
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    world.assert_catalog_is_the_site();
    let totals = report.totals();
    assert!(totals.created >= 3 && totals.updated >= 5, "{totals:?}");
    assert!(totals.created + totals.updated < 20, "{totals:?}");
    assert!(report.reconciliation.deleted() >= 2, "{report:#?}");
}
