//! A source that changes, a catalog that takes its time and fails, and both engines between them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::Stream;
use futures::stream::BoxStream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fence::Fence;
use crate::lake::recording::RecordingLake;
use crate::live::{
    EventQueue, LiveEngine, LiveOptions, MemoryQueue, NewEvent, QueueCounts, QueueOptions,
};
use crate::sync::{AllowEmpty, Progress, ResyncReport, SyncEngine, SyncOptions};
use crate::{
    Batch, Blueprint, Catalog, CatalogError, Changes, DeleteReport, Entity, EntityError,
    EntityQuery, EntityRef, InMemoryCatalog, Integration, IntegrationStore, MapperPool, NoSelector,
    RawItem, ResourceConfig, ResyncContext, ResyncState, SourceError, Subject, Unauthenticated,
    UpsertOutcome, WebhookEvent, WebhookProcessor, WriteContext, kinds, try_stream,
};

kinds! {
    pub(super) enum Kinds { Item = "item", Other = "other" }
}

/// The third-party system: items by id, and how it behaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) items: Arc<Mutex<BTreeMap<u64, Item>>>,
    /// Sizes of the batches that were asked for.
    pub(super) asked: Arc<Mutex<Vec<usize>>>,
    /// What goes wrong with an id.
    pub(super) faults: Arc<Mutex<BTreeMap<u64, Fault>>>,
    pub(super) is_down: Arc<Mutex<bool>>,
    /// The longest time that an answer takes.
    pub(super) latency: Arc<Mutex<Duration>>,
    /// A page that begins with this id takes an hour.
    pub(super) stuck_at: Arc<Mutex<Option<u64>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) version: u64,
    pub(super) parent: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Permanent,
    Retryable,
    Panics,
    Hangs,
}

impl Source {
    pub(super) fn put(&self, id: u64, version: u64) {
        self.items.lock().unwrap().insert(
            id,
            Item {
                version,
                parent: None,
            },
        );
    }

    pub(super) fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn wait(&self) {
        let longest = *self.latency.lock().unwrap();
        wait_up_to(longest).await;
    }

    fn raw(&self, id: u64) -> Option<Value> {
        let items = self.items.lock().unwrap();
        let item = items.get(&id)?;
        let title = format!("version {}", item.version);
        Some(
            json!({"id": id.to_string(), "title": title, "parent": item.parent.map(|p| p.to_string()), "keep": true}),
        )
    }
}

pub(super) async fn wait_up_to(longest: Duration) {
    if !longest.is_zero() {
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
    }
}

fn read_items(
    source: Source,
    _cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        let ids: Vec<u64> = source.items.lock().unwrap().keys().copied().collect();
        for page in ids.chunks(20) {
            let items: Vec<Value> = page.iter().filter_map(|id| source.raw(*id)).collect();
            let stuck_at = *source.stuck_at.lock().unwrap();
            if stuck_at.is_some_and(|id| page.first() == Some(&id)) {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            source.wait().await;
            yield Batch::from(items);
        }
    }
}

/// Asks the source again, as the Jira issue processor does.
pub(super) struct Rereads;

#[derive(Deserialize, Debug)]
pub(super) struct Told {
    id: u64,
    /// The event carries something that later ones do not.
    #[serde(default)]
    unique: bool,
    /// The processor's `subject` panics.
    #[serde(default)]
    has_no_subject: bool,
    /// The processor's `supersedes` panics.
    #[serde(default)]
    is_incomparable: bool,
}

impl WebhookProcessor<Source> for Rereads {
    type Kind = Kinds;
    type Payload = Told;
    type Selector = NoSelector;
    const KINDS: &'static [Kinds] = &[Kinds::Item];
    const MAX_BATCH: usize = 10;

    fn authenticate(&self, _: &Source, _: &WebhookEvent) -> Result<(), Unauthenticated> {
        Ok(())
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event.payload().get("id").is_some()
    }

    fn subject(&self, told: &Told) -> Option<Subject> {
        assert!(!told.has_no_subject, "a processor panics");
        Some(Subject::new("item", told.id))
    }

    fn supersedes(&self, _: &Told, older: &Told) -> bool {
        assert!(!older.is_incomparable, "a processor panics");
        !older.unique
    }

    async fn handle(
        &self,
        source: &Source,
        events: Vec<Told>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        source.asked.lock().unwrap().push(events.len());
        source.wait().await;
        if *source.is_down.lock().unwrap() {
            return Err(SourceError::retryable("the source is down"));
        }
        let mut changes = Changes::none();
        for told in events {
            let fault = source.faults.lock().unwrap().get(&told.id).copied();
            match fault {
                Some(Fault::Permanent) => return Err(SourceError::permanent("the source refuses")),
                Some(Fault::Retryable) => return Err(SourceError::retryable("not just now")),
                Some(Fault::Panics) => panic!("a processor panics"),
                Some(Fault::Hangs) => std::future::pending().await,
                _ => {}
            }
            changes = changes.and(match source.raw(told.id) {
                Some(item) => Changes::updated([RawItem::from(item)]),
                None => Changes::deleted([RawItem::from(json!({"id": told.id.to_string()}))]),
            });
        }
        source.wait().await;
        Ok(changes)
    }
}

/// A catalog in memory that is slow and may be down; its clock is far ahead, so that it decides
/// nothing.
#[derive(Debug)]
pub(super) struct SlowCatalog {
    pub(super) inner: InMemoryCatalog,
    pub(super) latency: Mutex<Duration>,
    /// How long an upsert takes before it takes effect, at least.
    pub(super) upsert_delay: Mutex<Duration>,
    pub(super) is_down: Mutex<bool>,
    /// Identifiers that are refused.
    pub(super) rejected: Mutex<Vec<String>>,
    pub(super) writes: AtomicUsize,
    pub(super) mapping_reads: AtomicUsize,
}

impl SlowCatalog {
    async fn wait(&self) {
        let longest = *self.latency.lock().unwrap();
        wait_up_to(longest).await;
    }

    fn outcome_instead(&self, entity: &Entity) -> Option<UpsertOutcome> {
        let identifier = entity.key()?.identifier;
        if *self.is_down.lock().unwrap() {
            let error = EntityError::new(Some(503), "down");
            return Some(UpsertOutcome::Failed(error));
        }
        let is_rejected = self.rejected.lock().unwrap().contains(&identifier);
        is_rejected.then(|| UpsertOutcome::Rejected(EntityError::new(Some(422), "refused")))
    }
}

#[async_trait]
impl Catalog for SlowCatalog {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let delay = *self.upsert_delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.wait().await;
        let mut outcomes = Vec::new();
        for entity in entities {
            match self.outcome_instead(entity) {
                Some(outcome) => outcomes.push(outcome),
                None => {
                    let entity = std::slice::from_ref(entity);
                    outcomes.extend(self.inner.upsert(cx, blueprint, entity).await?);
                }
            }
        }
        self.wait().await;
        Ok(outcomes)
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.wait().await;
        let report = self.inner.delete(cx, entities).await;
        self.wait().await;
        report
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
        Ok(self.inner.now().await? + Duration::from_secs(600))
    }
}

#[async_trait]
impl IntegrationStore for SlowCatalog {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        self.mapping_reads.fetch_add(1, Ordering::SeqCst);
        self.inner.mapping().await
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.inner.set_resync_state(state).await
    }

    async fn send_kind_examples(&self, kind: &str, items: Vec<Value>) -> Result<(), CatalogError> {
        self.inner.send_kind_examples(kind, items).await
    }
}

/// Both engines with everything around them.
pub(super) struct World {
    pub(super) source: Source,
    pub(super) catalog: Arc<SlowCatalog>,
    pub(super) queue: Arc<MemoryQueue>,
    pub(super) live: Arc<LiveEngine>,
    pub(super) sync: Arc<SyncEngine>,
    pub(super) stop: CancellationToken,
    running: JoinSet<()>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_mapping(&[item_resource()])
    }

    pub(super) fn with_mapping(resources: &[Value]) -> Self {
        let blueprint = Blueprint::new("item").relation("parent", "item", false);
        let mapping = json!({"resources": resources, "entityDeletionThreshold": 1});
        let catalog = Arc::new(SlowCatalog {
            inner: InMemoryCatalog::new([blueprint]).with_mapping(mapping),
            latency: Mutex::default(),
            upsert_delay: Mutex::default(),
            is_down: Mutex::default(),
            rejected: Mutex::default(),
            writes: AtomicUsize::new(0),
            mapping_reads: AtomicUsize::new(0),
        });
        let source = Source::default();
        let integration = Integration::new(source.clone())
            .on_resync(Kinds::Item, read_items)
            .on_resync(Kinds::Other, read_items)
            .on_incremental_resync(Kinds::Item, read_items)
            .add_webhook_processor("/webhook", Rereads);
        let queue = Arc::new(MemoryQueue::new(QueueOptions::default()));
        let fence = Fence::new();
        let pool = Arc::new(MapperPool::inline());
        let live = LiveEngine::new(
            &integration,
            Arc::clone(&catalog),
            Arc::clone(&pool),
            Arc::clone(&queue) as _,
        )
        .options(LiveOptions::default().timeout(Duration::from_secs(5)))
        .fenced(Arc::clone(&fence));
        let options = SyncOptions {
            allow_empty: AllowEmpty::All,
            ..Default::default()
        };
        let sync = SyncEngine::new(&integration, Arc::clone(&catalog), pool)
            .options(options)
            .fenced(fence);
        Self {
            source,
            catalog,
            queue,
            live: Arc::new(live),
            sync: Arc::new(sync),
            stop: CancellationToken::new(),
            running: JoinSet::new(),
        }
    }

    /// The same world whose events a lake decides about.
    pub(super) fn with_lake(mut self, lake: &Arc<RecordingLake>) -> Self {
        let live = Arc::into_inner(self.live).expect("the engine does not run yet");
        self.live = Arc::new(live.lake(Arc::clone(lake) as _));
        self
    }

    pub(super) async fn sync_incrementally(&self) -> ResyncReport {
        let stop = CancellationToken::new();
        let (interval, progress) = (Duration::from_secs(900), Progress::default());
        let synced = self.sync.sync_incrementally(interval, &progress, &stop);
        synced.await.unwrap()
    }

    /// Lets the live engine run until [`stop`](Self::stop).
    pub(super) fn start(&mut self) {
        let (live, stop) = (Arc::clone(&self.live), self.stop.clone());
        self.running.spawn(async move { live.run(&stop).await });
    }

    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
        self.stop = CancellationToken::new();
    }

    pub(super) async fn tell(&self, id: u64) {
        self.tell_more(json!({ "id": id })).await;
    }

    pub(super) async fn tell_more(&self, payload: Value) {
        let event = NewEvent::new("/webhook", payload.to_string());
        self.queue.push(event).await.unwrap();
        self.live.arrived().notify_one();
    }

    /// Waits, for as long as it takes, until nothing waits.
    pub(super) async fn settled(&self) -> QueueCounts {
        for _ in 0..1_000_000 {
            let counts = self.queue.counts();
            if counts.pending == 0 {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("events wait for ever: {:?}", self.queue.counts());
    }

    pub(super) async fn resync(&self) -> ResyncReport {
        let stop = CancellationToken::new();
        self.sync.resync(&Progress::default(), &stop).await.unwrap()
    }

    /// Titles by identifier, as the catalog has them.
    pub(super) fn titles(&self) -> BTreeMap<String, String> {
        let entities = self.catalog.inner.entities().into_iter();
        let text = |value: Option<Value>| {
            value
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        entities
            .map(|entity| (entity.key().unwrap().identifier, text(entity.title)))
            .collect()
    }

    /// Titles by identifier, as they should be.
    pub(super) fn wanted(&self) -> BTreeMap<String, String> {
        let items = self.source.items.lock().unwrap();
        items
            .iter()
            .map(|(id, item)| (id.to_string(), format!("version {}", item.version)))
            .collect()
    }
}

pub(super) fn item_resource() -> Value {
    resource("item", "true")
}

pub(super) fn resource(kind: &str, query: &str) -> Value {
    json!({
        "kind": kind,
        "selector": {"query": query},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": "\"item\"", "title": ".title",
            "relations": {"parent": ".parent"},
        }}},
    })
}
