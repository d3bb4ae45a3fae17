//! When is a run of no use any more, because its mapping was replaced?

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::world::{Kinds, World, resource};
use crate::sync::Progress;

/// Whether a run with the world's mapping counts as outdated once Port holds another document.
async fn is_outdated(now: impl FnOnce(Value) -> Value) -> bool {
    let world = World::new();
    let engine = world.engine();
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    engine.resync(&progress, &stop).await.unwrap();
    world.catalog.inner.set_mapping(now(world.mapping()));
    engine.is_outdated(&progress).await
}

#[tokio::test]
async fn only_another_valid_mapping_makes_a_run_outdated() {
    assert!(!is_outdated(|mapping| mapping).await, "the same");
    let other = resource(Kinds::A, "\"c\"", &json!({}));
    assert!(
        is_outdated(|_| json!({ "resources": [other] })).await,
        "another"
    );
    assert!(
        is_outdated(|_| json!({ "resources": [] })).await,
        "nothing is to be read"
    );
    let broken = resource(Kinds::A, "\"c\" |", &json!({}));
    assert!(
        !is_outdated(|_| json!({ "resources": [broken] })).await,
        "not valid"
    );
}

#[tokio::test]
async fn a_run_that_has_not_read_its_mapping_is_not_outdated() {
    let engine = World::new().engine();
    assert!(!engine.is_outdated(&Progress::default()).await);
}
