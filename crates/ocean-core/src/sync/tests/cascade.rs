//! Deletions with dependents: what relates to a deleted entity goes with it, so nothing may be
//! deleted that something else still needs.

use serde_json::{Value, json};

use super::faulty::rejected;
use super::world::{Kinds, World, resource};
use crate::sync::Outcome;

fn b(id: &str, a: &str) -> Value {
    json!({"id": id, "a": a})
}

/// a1..a3, and b1..b3 that relate to them one by one.
async fn related() -> World {
    let world = World::new();
    world.source.items(Kinds::A, &["a1", "a2", "a3"]);
    world.source.set(
        Kinds::B,
        vec![Ok(vec![b("b1", "a1"), b("b2", "a2"), b("b3", "a3")])],
    );
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    world
}

#[tokio::test]
async fn i1_a_kind_taken_out_together_with_the_relation_to_it_takes_nothing_along() {
    let mut world = related().await;
    world.resources[1] = resource(Kinds::B, "\"b\"", &json!({}));
    world.resources.remove(0);
    let report = world.resync().await;
    assert_eq!(world.ids("b"), ["b1", "b2", "b3"], "{report:#?}");
    assert_eq!(
        world.ids("a"),
        ["a1", "a2", "a3"],
        "the catalog still relates to them"
    );
}

#[tokio::test]
async fn i1_what_is_kept_keeps_what_it_relates_to_over_several_steps() {
    let mut world = related().await;
    world.resources[1] = resource(Kinds::B, "\"b\"", &json!({"a": ".a", "b": ".b"}));
    let chain = json!({"id": "b-new", "b": "b1"});
    world.source.items(Kinds::A, &["a2", "a3"]);
    world.source.set(
        Kinds::B,
        vec![Ok(vec![chain, b("b2", "a2"), b("b3", "a3")])],
    );
    let report = world.resync().await;
    assert_eq!(world.ids("b"), ["b-new", "b1", "b2", "b3"], "{report:#?}");
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn i1_a_limit_that_keeps_a_blueprint_keeps_what_it_relates_to() {
    let world = related().await;
    world.source.items(Kinds::A, &["a2", "a3"]);
    world.source.items(Kinds::B, &[]);
    let report = world.resync().await;
    assert_eq!(
        world.ids("b").len(),
        3,
        "never to zero unasked: {report:#?}"
    );
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn i1_a_refused_update_keeps_what_the_entity_related_to_before() {
    let world = related().await;
    world.source.items(Kinds::A, &["a2", "a3"]);
    world.source.set(
        Kinds::B,
        vec![Ok(vec![b("b1", "a2"), b("b2", "a2"), b("b3", "a3")])],
    );
    world.catalog.spoil("b1", 9, rejected(422));
    let report = world.resync().await;
    assert_eq!(world.ids("b"), ["b1", "b2", "b3"], "{report:#?}");
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn what_is_stale_together_goes_together() {
    let world = related().await;
    world.source.items(Kinds::A, &["a2", "a3"]);
    world
        .source
        .set(Kinds::B, vec![Ok(vec![b("b2", "a2"), b("b3", "a3")])]);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(world.ids("a"), ["a2", "a3"]);
    assert_eq!(world.ids("b"), ["b2", "b3"]);
}

#[tokio::test]
async fn without_dependents_a_relation_does_not_hold_a_stale_entity() {
    let mut world = related().await;
    world.root = json!({"deleteDependentEntities": false});
    world.resources[1] = resource(Kinds::B, "\"b\"", &json!({}));
    world.source.items(Kinds::A, &["a2", "a3"]);
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a2", "a3"], "{report:#?}");
    assert_eq!(world.ids("b").len(), 3);
}

#[tokio::test]
async fn relations_that_cannot_be_read_keep_what_they_may_point_to() {
    let world = related().await;
    world.source.items(Kinds::A, &["a2", "a3"]);
    world
        .source
        .set(Kinds::B, vec![Ok(vec![b("b2", "a2"), b("b3", "a3")])]);
    *world.catalog.search_fails.lock().unwrap() = true;
    let report = world.resync().await;
    assert_eq!(world.ids("a").len(), 3, "{report:#?}");
    assert_eq!(report.outcome, Outcome::Incomplete);
}
