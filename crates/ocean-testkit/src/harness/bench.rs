//! Where does an integration run in a test? On a [`Bench`]: connected to its source, with a
//! simulated Port of its own.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::SignedDuration;
use ocean_core::{
    AllowEmpty, Answer, AppConfig, EventQueue as _, Ingest, MapperPool, MemoryQueue, Progress,
    QueueOptions, ResyncReport, SecretString, StartContext, SyncOptions, error_chain,
};
use ocean_port::{Defaults, PortClient, PortConfig};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::settings::quick_retries;
use super::tape::Reel;
use super::{Connected, Connection, Harness, HarnessError};
use crate::deliver::Webhook;
use crate::port::PortTwin;

/// The integration's identifier at Port.
const IDENTIFIER: &str = "harness";
const CLIENT: (&str, &str) = ("harness-client", "harness-client-secret");

/// How long a live event may take until its fate is decided.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is looked whether an event was handled.
const GLANCE: Duration = Duration::from_millis(2);

/// An integration at work between its source and a simulated Port; made by [`Harness::start`].
pub struct Bench {
    /// The simulated Port.
    pub port: PortTwin,
    pub(crate) connected: Connected,
    reel: Reel,
    client: Arc<PortClient>,
    pool: Arc<MapperPool>,
    mapping: Mutex<Value>,
    minutes: AtomicI64,
    unguarded: AtomicBool,
}

/// What became of a webhook request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// What the sender was answered.
    pub answer: Answer,
    /// What became of the event.
    pub fate: Fate,
}

/// What became of a live event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It was never queued: the answer says why.
    NotQueued,
    /// It is in the catalog.
    Applied,
    /// No resource of the mapping is concerned, or nothing came of it.
    Filtered,
    /// It was given up, for this reason.
    Dead(String),
    /// It still waits after three seconds: the source or Port is not there.
    Waiting,
}

impl Bench {
    pub(super) async fn start(harness: &Harness) -> Result<Self, HarnessError> {
        let Connection {
            connected,
            reel,
            secrets,
        } = harness.connect()?;
        let (id, secret) = CLIENT;
        let port = PortTwin::builder().client(id, secret).start().await?;
        let config = PortConfig::new(id, secret, IDENTIFIER, harness.name, "0.0.0")
            .base_url(port.url())
            .retry(quick_retries())
            .secrets(secrets.into_iter().map(SecretString::from));
        let client = PortClient::new(config)?;
        let mapping = AppConfig::from_yaml("the default mapping", harness.mapping)
            .map_err(|faults| faults.to_string())?
            .config
            .to_value();
        let blueprints: Vec<Value> = serde_json::from_str(harness.blueprints)?;
        let defaults = Defaults::new(mapping.clone());
        let defaults = blueprints.into_iter().fold(defaults, Defaults::blueprint);
        client.provision(&defaults).await?;
        Ok(Self {
            port,
            connected,
            reel,
            client: Arc::new(client),
            pool: Arc::new(MapperPool::new()?),
            mapping: Mutex::new(mapping),
            minutes: AtomicI64::new(0),
            unguarded: AtomicBool::new(false),
        })
    }

    /// Replaces the mapping, as its owner does at Port.
    pub fn set_mapping(&self, mapping: Value) {
        *self.mapping.lock().unwrap_or_else(PoisonError::into_inner) = mapping;
    }

    /// The mapping that Port holds.
    #[must_use]
    pub fn mapping(&self) -> Value {
        let mapping = self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
        mapping.clone()
    }

    /// Whether the engine deletes whatever is gone, however much it is: then nothing but what the
    /// integration says keeps an entity.
    pub(crate) fn set_unguarded(&self, unguarded: bool) {
        self.unguarded.store(unguarded, Ordering::Relaxed);
    }

    /// Runs one full resync.
    ///
    /// # Errors
    ///
    /// It could not begin, or asked for what is not on the [tape](Harness::tape); whatever else
    /// happens later is in the report.
    pub async fn resync(&self) -> Result<ResyncReport, HarnessError> {
        self.resync_until(&CancellationToken::new()).await
    }

    /// Runs one full resync that this token can stop.
    ///
    /// # Errors
    ///
    /// As [`resync`](Self::resync).
    pub async fn resync_until(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<ResyncReport, HarnessError> {
        // What was written in the second in which a run begins is never deleted by it, and tests do
        // not wait for seconds to pass.
        let minutes = self.minutes.fetch_add(1, Ordering::Relaxed) + 1;
        let ahead = SignedDuration::from_mins(minutes);
        self.port.set_clock_offset(ahead);
        let mut mapping = self.mapping();
        let mut options = SyncOptions::default();
        options.send_examples = self.reel.is_none();
        if self.unguarded.load(Ordering::Relaxed) {
            if let Some(mapping) = mapping.as_object_mut() {
                mapping.insert("entityDeletionThreshold".to_owned(), 1.into());
            }
            options.allow_empty = AllowEmpty::All;
        }
        self.port.set_mapping(IDENTIFIER, mapping);
        let engine = self
            .connected
            .sync(Arc::clone(&self.client), Arc::clone(&self.pool))
            .options(options);
        let report = engine.resync(&Progress::default(), cancellation).await;
        self.reel.settle()?;
        report.map_err(|error| error_chain(&error).into())
    }

    /// Runs one incremental sync: what changed since the last one, or within `interval` when there
    /// was none.
    ///
    /// # Errors
    ///
    /// As [`resync`](Self::resync).
    pub async fn sync_incrementally(
        &self,
        interval: Duration,
    ) -> Result<ResyncReport, HarnessError> {
        self.port.set_mapping(IDENTIFIER, self.mapping());
        let engine = self
            .connected
            .sync(Arc::clone(&self.client), Arc::clone(&self.pool));
        let (progress, stop) = (Progress::default(), CancellationToken::new());
        let synced = engine.sync_incrementally(interval, &progress, &stop);
        let report = synced.await;
        self.reel.settle()?;
        report.map_err(|error| error_chain(&error).into())
    }

    /// Runs the start hooks, as a process does that can be reached at this URL.
    ///
    /// # Errors
    ///
    /// The first error of a hook.
    pub async fn run_start_hooks(&self, base_url: &str) -> Result<(), HarnessError> {
        let start = StartContext::new(IDENTIFIER).base_url(base_url);
        let mut errors = self.connected.hooks.run_start(&start).await.into_iter();
        errors.next().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Sends a webhook request to the integration and waits until its event is in the catalog, or
    /// it is clear that it will not be.
    ///
    /// # Errors
    ///
    /// The request has a header that HTTP does not allow, or the integration asked for what is not
    /// on the [tape](Harness::tape).
    pub async fn deliver(&self, webhook: &Webhook) -> Result<Delivered, HarnessError> {
        let mut headers = HeaderMap::new();
        for (name, value) in webhook.headers() {
            let name = HeaderName::try_from(name)?;
            headers.append(name, HeaderValue::try_from(value)?);
        }
        self.port.set_mapping(IDENTIFIER, self.mapping());
        let queue = Arc::new(MemoryQueue::new(QueueOptions::default()));
        let engine = self.connected.live(
            Arc::clone(&self.client),
            Arc::clone(&self.pool),
            Arc::clone(&queue) as _,
        );
        let ingest = Ingest::new(
            engine.processors(),
            Arc::clone(&queue) as _,
            Arc::clone(engine.arrived()),
        );
        let body = webhook.body().clone();
        let answer = ingest.receive(webhook.path(), headers, body).await;
        if !matches!(answer, Answer::Accepted(_)) {
            let fate = Fate::NotQueued;
            return Ok(Delivered { answer, fate });
        }
        let stop = CancellationToken::new();
        let handled = async {
            while queue.counts().pending > 0 {
                tokio::time::sleep(GLANCE).await;
            }
            stop.cancel();
        };
        // Whoever still waits afterwards waits for the source or for Port.
        let both = futures::future::join(engine.run(&stop), handled);
        drop(tokio::time::timeout(PATIENCE, both).await);
        self.reel.settle()?;
        let fate = fate(&queue).await;
        Ok(Delivered { answer, fate })
    }

    /// All entities in the order of blueprint and identifier, without times.
    #[must_use]
    pub fn catalog(&self) -> Vec<Value> {
        self.port.catalog()
    }

    /// The identifiers of a blueprint's entities, sorted.
    #[must_use]
    pub fn ids(&self, blueprint: &str) -> Vec<String> {
        let catalog = self.catalog();
        let of_blueprint = catalog.iter().filter(|one| one["blueprint"] == blueprint);
        of_blueprint
            .filter_map(|entity| Some(entity.get("identifier")?.as_str()?.to_owned()))
            .collect()
    }

    /// One entity.
    #[must_use]
    pub fn entity(&self, blueprint: &str, identifier: &str) -> Option<Value> {
        self.catalog()
            .into_iter()
            .find(|entity| entity["blueprint"] == blueprint && entity["identifier"] == identifier)
    }

    /// The raw items of a kind that were shown to the people who write mappings.
    #[must_use]
    pub fn examples(&self, kind: &str) -> Vec<Value> {
        self.port.examples(IDENTIFIER, kind)
    }
}

async fn fate(queue: &MemoryQueue) -> Fate {
    let counts = queue.counts();
    if counts.pending > 0 {
        return Fate::Waiting;
    }
    let letters = queue.dead_letters().await.unwrap_or_default();
    if let Some(letter) = letters.first() {
        return Fate::Dead(letter.reason.clone());
    }
    if counts.applied > 0 {
        Fate::Applied
    } else {
        Fate::Filtered
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
