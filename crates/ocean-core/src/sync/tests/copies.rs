//! Copies of raw items for the lake, beside the entities that are made here.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::world::{Kinds, World};
use crate::lake::Routing;
use crate::sync::Outcome;

#[tokio::test]
async fn items_are_written_here_and_copied() {
    let world = World::routed(Routing::Copied);
    world.source.items(Kinds::A, &["a1", "a2"]);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), ["a1", "a2"]);
    assert_eq!(world.arrived()["a"], ["a1", "a2"]);
    assert!(
        world.the_lake().stages().is_empty(),
        "nobody waits for the end of it"
    );
}

#[tokio::test]
async fn copies_are_made_after_items_were_split() {
    let mut world = World::routed(Routing::Copied);
    world.resources.truncate(1);
    world.resources[0]["port"]["itemsToParse"] = json!(".parts");
    let mappings = &mut world.resources[0]["port"]["entity"]["mappings"];
    mappings["identifier"] = json!(".item");
    let item = json!({"id": "whole", "unread": 1.5, "parts": ["p1", "p2"]});
    world.source.set(Kinds::A, vec![Ok(vec![item])]);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(world.ids("a"), ["p1", "p2"]);
    let writes = world.the_lake().writes();
    let items = writes[0].entries[0].items.iter();
    let items: Vec<_> = items.map(|item| item.to_value().unwrap()).collect();
    assert_eq!(
        items,
        [
            json!({"id": "whole", "unread": 1.5, "item": "p1"}),
            json!({"id": "whole", "unread": 1.5, "item": "p2"}),
        ],
    );
}

#[tokio::test]
async fn a_copy_that_does_not_arrive_is_dropped() {
    let world = World::routed(Routing::Copied);
    world.source.items(Kinds::A, &["a1"]);
    world.the_lake().fail_next_write();
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), ["a1"]);
    assert!(world.the_lake().writes().is_empty());
}

#[tokio::test]
async fn when_another_sync_has_taken_over_this_one_ends_and_deletes_nothing() {
    let world = World::routed(Routing::Copied);
    world.source.items(Kinds::A, &["a1", "a2"]);
    world.resync().await;
    world.the_lake().is_stale.store(true, Ordering::SeqCst);
    world.source.items(Kinds::A, &["a1"]);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Aborted, "{report:#?}");
    assert_eq!(world.ids("a"), ["a1", "a2"]);
}
