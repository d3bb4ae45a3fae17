//! A source that tests script, and a catalog whose answers they decide.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::Stream;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::plan::{Applied, Rehearsal, ResyncPlan};
use crate::sync::{AllowEmpty, Progress, ResyncReport, SyncEngine, SyncOptions};
use crate::{
    AppConfig, Batch, Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityQuery,
    EntityRef, InMemoryCatalog, Integration, IntegrationStore, MapperPool, NoSelector,
    ResyncContext, ResyncState, SourceError, UpsertOutcome, WriteContext, WriteEvent, kinds,
    try_stream,
};

kinds! {
    enum Kinds { Thing = "thing", Other = "other" }
}

/// What both kinds have.
type Items = Arc<Mutex<Vec<Value>>>;

fn items(
    items: Items,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        let all = items.lock().unwrap().clone();
        yield Batch::from(all);
    }
}

/// A source and the catalog beside it.
pub(super) struct World {
    pub(super) items: Items,
    pub(super) catalog: Arc<ToldCatalog>,
}

/// A resource that maps `.id` to a thing with these properties and relations.
pub(super) fn resource(kind: &str, properties: &Value, relations: &Value) -> Value {
    json!({
        "kind": kind, "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": "\"thing\"",
            "properties": properties, "relations": relations,
        }}},
    })
}

impl World {
    /// Things that relate to things and to users, each with a property.
    pub(super) fn new(root: Value) -> Self {
        let things = resource(
            "thing",
            &json!({"p": ".p"}),
            &json!({"owner": ".owner", "next": ".next"}),
        );
        Self::with(root, &[things])
    }

    /// The same with these resources.
    pub(super) fn with(mut root: Value, resources: &[Value]) -> Self {
        root["resources"] = json!(resources);
        let thing = Blueprint::new("thing")
            .relation("owner", "user", false)
            .relation("next", "thing", false);
        let inner = InMemoryCatalog::new([thing, Blueprint::new("user")]).with_mapping(root);
        Self {
            items: Items::default(),
            catalog: Arc::new(ToldCatalog {
                inner,
                bulks: AtomicUsize::new(0),
                clock: Mutex::default(),
                hook: Mutex::default(),
            }),
        }
    }

    /// What the source has from now on.
    pub(super) fn source(&self, items: &[Value]) {
        *self.items.lock().unwrap() = items.to_vec();
    }

    /// Puts an entity there as somebody else would.
    pub(super) async fn put(&self, entity: Value) {
        let entity: Entity = serde_json::from_value(entity).unwrap();
        let cx = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
        let blueprint = entity.blueprint_name().unwrap();
        let inner = &self.catalog.inner;
        let stored = inner.upsert(&cx, &blueprint, &[entity]).await.unwrap();
        assert!(matches!(*stored, [UpsertOutcome::Stored { .. }]));
    }

    pub(super) async fn plan(&self) -> ResyncPlan {
        let options = SyncOptions {
            allow_empty: AllowEmpty::All,
            ..SyncOptions::default()
        };
        let integration = self.integration();
        let catalog = Arc::clone(&self.catalog);
        let pool = Arc::new(MapperPool::inline());
        let rehearsal = Rehearsal::new(integration.registry(), catalog, pool).options(options);
        let stop = CancellationToken::new();
        let rehearsed = rehearsal.run(&Progress::default(), &stop).await;
        rehearsed.unwrap().0
    }

    pub(super) async fn apply(&self, plan: &ResyncPlan) -> Applied {
        let stop = CancellationToken::new();
        plan.apply(&*self.catalog, &stop).await.unwrap()
    }

    pub(super) async fn resync(&self) -> ResyncReport {
        let pool = Arc::new(MapperPool::inline());
        let engine = SyncEngine::new(&self.integration(), Arc::clone(&self.catalog), pool);
        let stop = CancellationToken::new();
        engine.resync(&Progress::default(), &stop).await.unwrap()
    }

    fn integration(&self) -> Integration<Items> {
        Integration::new(Arc::clone(&self.items))
            .on_resync(Kinds::Thing, items)
            .on_resync(Kinds::Other, items)
    }

    /// What the catalog has, as JSON.
    pub(super) fn held(&self) -> Value {
        json!(self.catalog.inner.entities())
    }

    /// The identifiers of the things in the catalog.
    pub(super) fn things(&self) -> Vec<String> {
        let entities = self.catalog.inner.entities().into_iter();
        let keys = entities.filter_map(|entity| entity.key());
        let things = keys.filter(|key| key.blueprint == "thing");
        things.map(|key| key.identifier).collect()
    }
}

/// Decides a bulk by its number, from 1; `None` leaves it to the catalog.
type OnBulk = dyn Fn(usize) -> Option<Result<UpsertOutcome, CatalogError>> + Send + Sync;

/// A catalog in memory that does what a test says at a moment.
pub(super) struct ToldCatalog {
    pub(super) inner: InMemoryCatalog,
    bulks: AtomicUsize,
    /// What the clock says next, last first.
    pub(super) clock: Mutex<Vec<SystemTime>>,
    hook: Mutex<Option<Box<OnBulk>>>,
}

impl std::fmt::Debug for ToldCatalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl ToldCatalog {
    /// How many bulks came since the hook was set.
    pub(super) fn bulks(&self) -> usize {
        self.bulks.load(Ordering::SeqCst)
    }

    pub(super) fn on_bulk(
        &self,
        hook: impl Fn(usize) -> Option<Result<UpsertOutcome, CatalogError>> + Send + Sync + 'static,
    ) {
        self.bulks.store(0, Ordering::SeqCst);
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }
}

#[async_trait]
impl Catalog for ToldCatalog {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        let number = self.bulks.fetch_add(1, Ordering::SeqCst) + 1;
        let decided = self
            .hook
            .lock()
            .unwrap()
            .as_ref()
            .and_then(|hook| hook(number));
        match decided {
            Some(outcome) => Ok(vec![outcome?; entities.len()]),
            None => self.inner.upsert(cx, blueprint, entities).await,
        }
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.inner.delete(cx, entities).await
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        self.inner.search(query)
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        self.inner.owned(before)
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        self.inner.blueprint(identifier).await
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        let told = self.clock.lock().unwrap().pop();
        Ok(told.unwrap_or_else(SystemTime::now))
    }

    fn bulk_size(&self) -> usize {
        2
    }
}

#[async_trait]
impl IntegrationStore for ToldCatalog {
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
