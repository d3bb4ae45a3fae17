//! A source that tests script, a catalog that they can break, and the engine between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::sync::{AllowEmpty, Progress, ResyncError, ResyncReport, SyncEngine, SyncOptions};
use crate::{
    Batch, Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityError, EntityQuery,
    EntityRef, ErrorClass, InMemoryCatalog, Integration, IntegrationStore, MapperPool, NoSelector,
    ResyncContext, ResyncState, SourceError, UpsertOutcome, WriteContext, kinds,
};

kinds! {
    pub(super) enum Kinds {
        A = "a",
        B = "b",
        C = "c",
    }
}

/// What a kind's function yields: batches, and an error at the end if any.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) kinds: Arc<Mutex<BTreeMap<&'static str, Pages>>>,
}

pub(super) type Pages = Vec<Result<Vec<Value>, String>>;

impl Source {
    pub(super) fn set(&self, kind: Kinds, pages: Pages) {
        self.kinds
            .lock()
            .unwrap()
            .insert(crate::Kind::as_str(kind), pages);
    }

    /// One page of items with these identifiers.
    pub(super) fn items(&self, kind: Kinds, identifiers: &[&str]) {
        self.set(
            kind,
            vec![Ok(identifiers
                .iter()
                .map(|id| json!({ "id": id }))
                .collect())],
        );
    }
}

fn read(
    source: Source,
    cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let pages = source
        .kinds
        .lock()
        .unwrap()
        .get(&*cx.resource().kind)
        .cloned();
    stream::iter(pages.unwrap_or_default())
        .map(|page| page.map(Batch::from).map_err(SourceError::permanent))
}

/// A resource that maps `.id` to a blueprint, with the relations given.
pub(super) fn resource(kind: Kinds, blueprint: &str, relations: &Value) -> Value {
    json!({
        "kind": crate::Kind::as_str(kind),
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": blueprint,
            "title": ".title", "properties": {"p": ".p"}, "relations": relations,
        }}},
    })
}

pub(super) struct World {
    pub(super) source: Source,
    pub(super) catalog: Arc<FaultyCatalog>,
    pub(super) root: Value,
    pub(super) resources: Vec<Value>,
    pub(super) allow_empty: AllowEmpty,
}

impl World {
    /// Kinds a and b, each with a blueprint of its name; b relates to a.
    pub(super) fn new() -> Self {
        let blueprints = [
            Blueprint::new("a"),
            Blueprint::new("b")
                .relation("a", "a", false)
                .relation("b", "b", false),
            Blueprint::new("c"),
        ];
        let resources = vec![
            resource(Kinds::A, "\"a\"", &json!({})),
            resource(Kinds::B, "\"b\"", &json!({"a": ".a", "b": ".b"})),
        ];
        Self {
            source: Source::default(),
            catalog: Arc::new(FaultyCatalog::new(InMemoryCatalog::new(blueprints))),
            root: json!({}),
            resources,
            allow_empty: AllowEmpty::None,
        }
    }

    pub(super) fn mapping(&self) -> Value {
        let mut mapping = self.root.clone();
        mapping["resources"] = json!(self.resources);
        mapping
    }

    pub(super) fn engine(&self) -> SyncEngine {
        self.engine_with(MapperPool::inline())
    }

    pub(super) fn engine_with(&self, pool: MapperPool) -> SyncEngine {
        self.catalog.inner.set_mapping(self.mapping());
        let integration = Integration::new(self.source.clone())
            .on_resync(Kinds::A, read)
            .on_resync(Kinds::B, read)
            .on_resync(Kinds::C, read);
        let options = SyncOptions {
            allow_empty: self.allow_empty.clone(),
            ..Default::default()
        };
        let catalog = Arc::clone(&self.catalog);
        SyncEngine::new(&integration, catalog, Arc::new(pool)).options(options)
    }

    pub(super) async fn try_resync(&self) -> Result<ResyncReport, ResyncError> {
        self.engine()
            .resync(&Progress::default(), &CancellationToken::new())
            .await
    }

    pub(super) async fn resync(&self) -> ResyncReport {
        self.try_resync().await.unwrap()
    }

    /// The identifiers of a blueprint in the catalog.
    pub(super) fn ids(&self, blueprint: &str) -> Vec<String> {
        self.catalog
            .inner
            .entities()
            .into_iter()
            .filter_map(|entity| entity.key())
            .filter(|key| key.blueprint == blueprint)
            .map(|key| key.identifier)
            .collect()
    }
}

/// A catalog in memory whose answers tests can spoil, and which counts what it is asked.
#[derive(Debug)]
pub(super) struct FaultyCatalog {
    pub(super) inner: InMemoryCatalog,
    /// Identifiers that are answered with this outcome, so many times.
    pub(super) spoiled: Mutex<BTreeMap<String, (usize, UpsertOutcome)>>,
    pub(super) owned_fails: Mutex<bool>,
    pub(super) search_fails: Mutex<bool>,
    pub(super) upserted: Mutex<Vec<Vec<Entity>>>,
    pub(super) searches: AtomicUsize,
    pub(super) deleted: Mutex<BTreeSet<EntityRef>>,
    /// Replaces the mapping when the n-th upsert arrives.
    pub(super) new_mapping: Mutex<Option<Value>>,
}

impl FaultyCatalog {
    fn new(inner: InMemoryCatalog) -> Self {
        Self {
            inner,
            spoiled: Mutex::default(),
            owned_fails: Mutex::default(),
            search_fails: Mutex::default(),
            upserted: Mutex::default(),
            searches: AtomicUsize::new(0),
            deleted: Mutex::default(),
            new_mapping: Mutex::default(),
        }
    }

    pub(super) fn spoil(&self, identifier: &str, times: usize, outcome: UpsertOutcome) {
        self.spoiled
            .lock()
            .unwrap()
            .insert(identifier.to_owned(), (times, outcome));
    }

    pub(super) fn forget(&self) {
        self.upserted.lock().unwrap().clear();
        self.searches.store(0, Ordering::SeqCst);
    }

    pub(super) fn bulk_sizes(&self) -> Vec<usize> {
        self.upserted.lock().unwrap().iter().map(Vec::len).collect()
    }

    fn spoiled_outcome(&self, entity: &Entity) -> Option<UpsertOutcome> {
        let identifier = entity.key()?.identifier;
        let mut spoiled = self.spoiled.lock().unwrap();
        let (times, outcome) = spoiled.get_mut(&identifier)?;
        *times = times.checked_sub(1)?;
        Some(outcome.clone())
    }
}

pub(super) fn failed(status: u16) -> UpsertOutcome {
    UpsertOutcome::Failed(EntityError::new(Some(status), "spoiled"))
}

pub(super) fn rejected(status: u16) -> UpsertOutcome {
    UpsertOutcome::Rejected(EntityError::new(Some(status), "spoiled"))
}

fn error() -> CatalogError {
    CatalogError::new(ErrorClass::Retryable, "spoiled")
}

#[async_trait]
impl Catalog for FaultyCatalog {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        if let Some(mapping) = self.new_mapping.lock().unwrap().take() {
            self.inner.set_mapping(mapping);
        }
        self.upserted.lock().unwrap().push(entities.to_vec());
        let mut outcomes = Vec::new();
        for entity in entities {
            match self.spoiled_outcome(entity) {
                Some(outcome) => outcomes.push(outcome),
                None => outcomes.extend(
                    self.inner
                        .upsert(cx, blueprint, std::slice::from_ref(entity))
                        .await?,
                ),
            }
        }
        Ok(outcomes)
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.deleted
            .lock()
            .unwrap()
            .extend(entities.iter().cloned());
        self.inner.delete(cx, entities).await
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        self.searches.fetch_add(1, Ordering::SeqCst);
        if *self.search_fails.lock().unwrap() {
            return stream::iter([Err(error())]).boxed();
        }
        self.inner.search(query)
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        if *self.owned_fails.lock().unwrap() {
            // One key, then a failure: a cut page.
            return self
                .inner
                .owned(before)
                .take(1)
                .chain(stream::iter([Err(error())]))
                .boxed();
        }
        self.inner.owned(before)
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        self.inner.blueprint(identifier).await
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        self.inner.now().await
    }
}

#[async_trait]
impl IntegrationStore for FaultyCatalog {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        self.inner.mapping().await
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.inner.set_resync_state(state).await
    }

    async fn send_kind_examples(&self, kind: &str, items: Vec<Value>) -> Result<(), CatalogError> {
        self.inner.send_kind_examples(kind, items).await
    }
}
