//! What is deleted of a plan that says so.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::FutureExt as _;
use serde_json::json;

use super::world::World;
use crate::{Entity, InMemoryCatalog};

fn thing(identifier: &str, p: u32) -> serde_json::Value {
    json!({"identifier": identifier, "blueprint": "thing", "properties": {"p": p}})
}

/// Puts an entity there while something else is under way.
fn put_at_once(catalog: &InMemoryCatalog, entity: serde_json::Value) {
    use crate::{AppConfig, Catalog as _, WriteContext, WriteEvent};
    let entity: Entity = serde_json::from_value(entity).unwrap();
    let cx = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
    let stored = catalog.upsert(&cx, "thing", std::slice::from_ref(&entity));
    stored.now_or_never().unwrap().unwrap();
}

/// A world with two things that the source no longer has, and one that it has anew.
async fn two_are_gone() -> World {
    let world = World::new(json!({"entityDeletionThreshold": 1.0}));
    world.put(thing("gone", 1)).await;
    world.put(thing("touched", 1)).await;
    world.source(&[json!({"id": "new", "p": 1})]);
    world
}

#[tokio::test]
async fn what_was_updated_since_the_plan_is_not_deleted() {
    let world = two_are_gone().await;
    // The state of the catalog is noted before the source is read. Here it is as if both were
    // updated in between: an update later on changes nothing of that state.
    let early = SystemTime::now() - Duration::from_secs(100);
    world.catalog.clock.lock().unwrap().push(early);
    let plan = world.plan().await;
    assert_eq!(plan.deletions.len(), 2);
    world.put(thing("touched", 77)).await;

    let applied = world.apply(&plan).await;
    assert_eq!(world.things(), ["new", "touched"]);
    assert_eq!((applied.created, applied.deleted), (1, 1));
    let [kept] = &*applied.unwritten else {
        panic!("{applied:?}");
    };
    assert_eq!(kept.entity, "thing/touched");
    assert_eq!(
        kept.reason,
        "it was updated or deleted since the plan was made"
    );
}

#[tokio::test]
async fn what_another_process_writes_during_the_apply_is_not_deleted() {
    let world = two_are_gone().await;
    let plan = world.plan().await;
    // The first bulk goes through; before the deletions somebody has the thing again.
    let again = thing("touched", 77);
    world.catalog.on_bulk({
        let catalog = Arc::downgrade(&world.catalog);
        move |_| {
            put_at_once(&catalog.upgrade()?.inner, again.clone());
            None
        }
    });
    let applied = world.apply(&plan).await;
    assert_eq!(world.things(), ["new", "touched"]);
    assert_eq!(applied.deleted, 1);
    assert_eq!(applied.unwritten.len(), 1, "{applied:?}");
}

#[tokio::test]
async fn a_plan_that_went_through_a_file_deletes_the_same() {
    let world = two_are_gone().await;
    let text = serde_json::to_string(&world.plan().await).unwrap();
    let plan: crate::ResyncPlan = serde_json::from_str(&text).unwrap();
    let applied = world.apply(&plan).await;
    assert_eq!(world.things(), ["new"]);
    assert_eq!((applied.deleted, applied.unwritten.len()), (2, 0));
}
