//! What counts as a difference while another program goes on writing.

use std::sync::{Arc, Mutex};

use futures::Stream;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::catalog::{Blueprint, Entity, InMemoryCatalog, WriteContext, WriteEvent};
use crate::{
    AppConfig, Batch, Integration, NoSelector, Progress, ResyncContext, SourceError, kinds,
    try_stream,
};

kinds! {
    enum Kinds { Item = "item" }
}

/// The items of the source; `None` when it cannot be read.
type Source = Arc<Mutex<Option<Vec<Value>>>>;

fn read(
    source: Source,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        let items = source.lock().unwrap().clone();
        let items = items.ok_or_else(|| SourceError::permanent("the source is down"))?;
        yield Batch::from(items);
    }
}

struct World {
    source: Source,
    catalog: Arc<InMemoryCatalog>,
    shadow: Shadow,
}

impl World {
    fn new() -> Self {
        let mapping = json!({
            "entityDeletionThreshold": 1,
            "resources": [{
                "kind": "item",
                "selector": {"query": "true"},
                "port": {"entity": {"mappings": {
                    "identifier": ".id", "blueprint": "\"item\"", "title": ".title",
                }}},
            }],
        });
        let catalog = InMemoryCatalog::new([Blueprint::new("item")]).with_mapping(mapping);
        let catalog = Arc::new(catalog);
        let source = Source::default();
        let integration = Integration::new(Arc::clone(&source)).on_resync(Kinds::Item, read);
        let pool = Arc::new(MapperPool::inline());
        let shadow = Shadow::new(integration.registry(), Arc::clone(&catalog), pool);
        Self {
            source,
            catalog,
            shadow,
        }
    }

    fn source_has(&self, items: &[(&str, &str)]) {
        let items = items.iter();
        let items = items.map(|(id, title)| json!({"id": id, "title": title}));
        *self.source.lock().unwrap() = Some(items.collect());
    }

    /// The other program writes an item.
    async fn other_writes(&self, id: &str, title: &str) {
        let entity = json!({"identifier": id, "blueprint": "item", "title": title});
        let entity: Entity = serde_json::from_value(entity).unwrap();
        let cx = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
        let written = self.catalog.upsert(&cx, "item", &[entity]).await;
        written.unwrap();
    }

    async fn other_deletes(&self, id: &str) {
        let cx = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
        let keys = vec![EntityRef::new("item", id)];
        self.catalog.delete(&cx, keys).await.unwrap();
    }

    async fn read_all(&self) -> ResyncReport {
        let (progress, stop) = (Progress::default(), CancellationToken::new());
        let engine = self.shadow.engine();
        engine.resync(&progress, &stop).await.unwrap()
    }

    /// Reads all, and tells what differs: how, and in how many comparisons.
    async fn compare(&self) -> Vec<(String, &'static str, u32)> {
        let report = self.read_all().await;
        told(&self.shadow.compare(&report).await)
    }
}

fn told(comparison: &Comparison) -> Vec<(String, &'static str, u32)> {
    let divergences = comparison.divergences.iter();
    let told = divergences.map(|one| {
        let nature = match one.nature {
            Nature::Missing => "missing",
            Nature::Different { .. } => "different",
            Nature::Extra => "extra",
        };
        (one.entity.identifier.clone(), nature, one.comparisons)
    });
    told.collect()
}

fn one(id: &str, nature: &'static str, comparisons: u32) -> (String, &'static str, u32) {
    (id.to_owned(), nature, comparisons)
}

#[tokio::test]
async fn what_lasts_is_counted_and_what_is_gone_is_told_once() {
    let world = World::new();
    world.source_has(&[("a", "A"), ("b", "B")]);
    world.other_writes("b", "b").await;
    world.other_writes("c", "C").await;
    let differs = |times| {
        vec![
            one("a", "missing", times),
            one("b", "different", times),
            one("c", "extra", times),
        ]
    };
    assert_eq!(world.compare().await, differs(1));
    assert_eq!(world.compare().await, differs(2));
    world.other_writes("a", "A").await;
    world.other_writes("b", "B").await;
    world.other_deletes("c").await;
    let comparison = world.shadow.compare(&world.read_all().await).await;
    assert_eq!(told(&comparison), []);
    assert_eq!(comparison.resolved.len(), 3);
}

#[tokio::test]
async fn what_the_other_program_writes_while_the_source_is_read_is_no_difference() {
    let world = World::new();
    world.source_has(&[("a", "A"), ("b", "B"), ("d", "D")]);
    world.other_writes("b", "b").await;
    world.other_writes("c", "C").await;
    let report = world.read_all().await;
    world.other_writes("a", "A").await;
    world.other_writes("b", "B").await;
    world.other_deletes("c").await;
    // This one it writes otherwise than we would.
    world.other_writes("d", "d").await;
    let comparison = world.shadow.compare(&report).await;
    assert_eq!(told(&comparison), [one("d", "different", 1)]);
    assert_eq!(comparison.unconfirmed, None);
}

#[tokio::test]
async fn a_program_that_lags_behind_twice_has_not_differed_for_long() {
    let world = World::new();
    world.other_writes("a", "1").await;
    world.source_has(&[("a", "2")]);
    assert_eq!(world.compare().await, [one("a", "different", 1)]);
    world.other_writes("a", "2").await;
    world.source_has(&[("a", "3")]);
    assert_eq!(world.compare().await, [one("a", "different", 1)]);
}

#[tokio::test]
async fn a_value_that_is_always_written_otherwise_lasts_although_it_changes() {
    let world = World::new();
    for (round, upper, lower) in [(1, "A", "a"), (2, "B", "b"), (3, "C", "c")] {
        world.source_has(&[("x", upper)]);
        world.other_writes("x", lower).await;
        assert_eq!(world.compare().await, [one("x", "different", round)]);
    }
}

#[tokio::test]
async fn what_was_not_read_counts_neither_as_equal_nor_as_lasting() {
    let world = World::new();
    world.source_has(&[("a", "A")]);
    assert_eq!(world.compare().await, [one("a", "missing", 1)]);
    *world.source.lock().unwrap() = None;
    let comparison = world.shadow.compare(&world.read_all().await).await;
    assert!(!comparison.is_whole);
    assert_eq!(told(&comparison), [one("a", "missing", 1)]);
    assert_eq!(comparison.resolved, []);
}
