//! I5: of what a resync reads, only the batches in flight stay in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use ocean_core::{
    Batch, Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityQuery, EntityRef,
    InMemoryCatalog, Integration, IntegrationStore, MapperPool, NoSelector, Outcome, Progress,
    RawItem, ResyncContext, ResyncState, SourceError, SyncEngine, UpsertOutcome, WriteContext,
    kinds,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

kinds! {
    /// The one kind of this source.
    enum Kinds {
        /// Numbered items.
        Item = "item",
    }
}

const ITEMS_OF_A_PAGE: usize = 25;

/// How many there are now, and were at most so far.
#[derive(Debug, Clone, Default)]
struct Gauge {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gauge {
    fn add(&self, count: usize) {
        let now = self.now.fetch_add(count, Ordering::SeqCst) + count;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn remove(&self, count: usize) {
        self.now.fetch_sub(count, Ordering::SeqCst);
    }
}

/// A page that is counted as long as anything of it is alive.
struct Page {
    json: Vec<u8>,
    alive: Gauge,
}

impl Page {
    fn bytes(number: usize, alive: &Gauge) -> Bytes {
        let first = number * ITEMS_OF_A_PAGE;
        let items: Vec<_> = (first..first + ITEMS_OF_A_PAGE)
            .map(|id| json!({"id": id.to_string(), "title": "an item"}))
            .collect();
        alive.add(1);
        Bytes::from_owner(Self {
            json: json!(items).to_string().into_bytes(),
            alive: alive.clone(),
        })
    }
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.alive.remove(1);
    }
}

/// A source of so many pages, which are ready at once.
#[derive(Clone)]
struct Source {
    pages: usize,
    /// Pages of which something is in memory.
    alive: Gauge,
    /// Items that were read and are not written yet.
    unwritten: Gauge,
}

fn on_resync_items(
    source: Source,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    stream::iter(0..source.pages).map(move |number| {
        let page = Page::bytes(number, &source.alive);
        source.unwritten.add(ITEMS_OF_A_PAGE);
        let items: Vec<&serde_json::value::RawValue> =
            serde_json::from_slice(&page).map_err(SourceError::permanent)?;
        let items = items.into_iter().map(|raw| RawItem::from_page(&page, raw));
        Ok(Batch::new(items.collect()))
    })
}

/// A catalog that lets everybody else go first, so that reading could run far ahead.
#[derive(Debug)]
struct Slow(InMemoryCatalog, Gauge);

#[async_trait]
impl Catalog for Slow {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.1.remove(entities.len());
        self.0.upsert(cx, blueprint, entities).await
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.0.delete(cx, entities).await
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        self.0.search(query)
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        self.0.owned(before)
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        self.0.blueprint(identifier).await
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        self.0.now().await
    }
}

#[async_trait]
impl IntegrationStore for Slow {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        self.0.mapping().await
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.0.set_resync_state(state).await
    }

    async fn send_kind_examples(&self, kind: &str, items: Vec<Value>) -> Result<(), CatalogError> {
        self.0.send_kind_examples(kind, items).await
    }
}

/// Reads so many pages; the most that were in memory at once, and the most items on their way.
async fn most_at_once(pages: usize) -> (usize, usize) {
    let source = Source {
        pages,
        alive: Gauge::default(),
        unwritten: Gauge::default(),
    };
    let integration = Integration::new(source.clone()).on_resync(Kinds::Item, on_resync_items);
    let catalog =
        InMemoryCatalog::new([Blueprint::new("item")]).with_mapping(json!({"resources": [{
            "kind": "item",
            "selector": {"query": "true"},
            "port": {"entity": {"mappings": {
                "identifier": ".id", "blueprint": "\"item\"", "title": ".title",
            }}},
        }]}));
    let pool = Arc::new(MapperPool::new().expect("threads start"));
    let engine = SyncEngine::new(
        &integration,
        Arc::new(Slow(catalog, source.unwritten.clone())),
        pool,
    );
    let (progress, cancellation) = (Progress::default(), CancellationToken::new());
    let run = engine.resync(&progress, &cancellation);
    let report = run.await.expect("it begins");
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(report.totals().created, pages * ITEMS_OF_A_PAGE);
    let left = source.alive.now.load(Ordering::SeqCst);
    assert_eq!(left, 0, "pages that outlive the run");
    let most = |gauge: &Gauge| gauge.most.load(Ordering::SeqCst);
    (most(&source.alive), most(&source.unwritten))
}

#[tokio::test]
async fn i5_f22_batches_in_memory_do_not_grow_with_the_source() {
    for pages in [20, 200, 1_000] {
        let (most, items) = most_at_once(pages).await;
        assert!((1..=8).contains(&most), "{most} of {pages} pages at once");
        assert!(
            items <= 16 * ITEMS_OF_A_PAGE,
            "{items} items of {pages} pages"
        );
    }
}
