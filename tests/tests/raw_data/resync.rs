//! Whole resyncs.

use ocean_core::{Outcome, Routing};
use serde_json::json;

use crate::{FLAGS, arrived, assert_everything_arrived_once, entity_calls, told, world};

#[tokio::test]
async fn with_both_flags_every_item_arrives_once_and_port_gets_no_entity() {
    let world = world(&FLAGS).await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(report.routing, Routing::Forwarded);
    assert_everything_arrived_once(&world);
    assert_eq!(entity_calls(&world), 0);
    assert!(world.port.catalog().is_empty());
    let told = told(&world);
    assert_eq!(
        (&*told[0], &**told.last().unwrap()),
        ("started", "finished")
    );
    for kind in ["project-0", "user-1", "team-2", "issue-3"] {
        let of_kind: Vec<_> = told.iter().filter(|told| told.starts_with(kind)).collect();
        assert_eq!(
            of_kind,
            [&format!("{kind} started"), &format!("{kind} finished")]
        );
    }
    assert_eq!(world.port.journal().count("GET", "/organization"), 1);
    assert!(
        !world
            .port
            .examples(ocean_tests::IDENTIFIER, "issue")
            .is_empty()
    );
}

#[tokio::test]
async fn without_both_flags_entities_are_written_and_no_sync_is_told_of() {
    for (flags, copied) in [(&[][..], false), (&FLAGS[1..], false), (&FLAGS[..1], true)] {
        let world = world(flags).await;
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{flags:?}: {report:#?}");
        world.assert_catalog_is_the_site();
        assert!(told(&world).is_empty(), "{flags:?}");
        if copied {
            assert_everything_arrived_once(&world);
        } else {
            assert!(world.port.lake_writes().is_empty(), "{flags:?}");
        }
    }
}

#[tokio::test]
async fn without_a_lake_nobody_asks_for_the_flags() {
    let mut world = world(&FLAGS).await;
    world.has_lake = false;
    world.resync().await;
    world.assert_catalog_is_the_site();
    assert_eq!(world.port.journal().count("GET", "/organization"), 0);
    assert!(world.port.lake_writes().is_empty());
}

#[tokio::test]
async fn what_is_gone_at_the_source_is_left_to_port() {
    let mut world = world(&[]).await;
    world.resync().await;
    world.port.set_feature_flags(FLAGS);
    let change = json!({"op": "random", "updates": 0, "creates": 0, "deletes": 5, "seed": 1});
    let change = serde_json::from_value(change).unwrap();
    world.jira.site().apply(&change).unwrap();
    let before = world.port.catalog();
    world.has_lake = true;
    world.resync().await;
    assert_eq!(world.port.catalog(), before);
    assert_everything_arrived_once(&world);
}

#[tokio::test]
async fn forwarded_issues_are_whole_whatever_the_mapping_reads() {
    let world = world(&FLAGS).await;
    world.resync().await;
    let writes = world.port.lake_writes();
    let issues = writes.iter().filter(|write| write.kind == "issue");
    for issue in issues.flat_map(|write| write.items("upsert")) {
        assert!(issue["fields"].get("environment").is_some(), "{issue}");
    }
    assert!(!arrived(&world)["issue"].is_empty());
}

#[tokio::test]
async fn changes_are_forwarded_by_an_incremental_sync() {
    let world = world(&FLAGS).await;
    let report = world.sync_incrementally().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(entity_calls(&world), 0);
    let told = world.port.lifecycle();
    let started = &told[0].body;
    assert_eq!(started["sync_type"], "incremental_resync");
    assert_eq!(started["kind_identifiers"], json!(["issue-3"]));
    assert!(started.get("mapping").is_none());
    for write in world.port.lake_writes() {
        assert_eq!(write.body["eventType"], "resync");
        assert!(write.body.get("resyncStartTime").is_none());
    }
}
