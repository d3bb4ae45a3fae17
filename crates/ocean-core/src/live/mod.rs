//! The live engine: one event from the socket to the catalog.
//!
//! Start with [`LiveEngine`].
//!
//! ```text
//!  socket ──▶ ingest ──▶ queue ──▶ lanes ──▶ processors ──▶ mapping ──▶ fence ──▶ catalog
//!             (200 here)  (durable)  (order,   (ask the        (jq)      (newest
//!                                    merging)   source)                   wins)
//! ```

mod apply;
mod concern;
mod dispatch;
mod entities;
mod failure;
mod forward;
mod handle;
mod ingest;
mod lanes;
mod mapping;
mod queue;
mod rarely;
mod server;
mod settle;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::apply::Applier;
use self::dispatch::Dispatcher;
use self::forward::RawSide;
use self::handle::Handler;
pub use self::ingest::{Answer, Ingest};
use self::mapping::LiveMapping;
pub use self::queue::{
    DeadLetter, Ending, EventQueue, MemoryQueue, NewEvent, Pushed, QueueCounts, QueueError,
    QueueHealth, QueueOptions, QueuedEvent, SqliteQueue,
};
pub use self::server::{
    Health, HealthCheck, ResyncAnswer, ServerHost, ServerOptions, WebhookServer,
};
use crate::catalog::{Catalog, IntegrationStore};
use crate::fence::Fence;
use crate::integration::Integration;
use crate::lake::Lake;
use crate::mapping::{Environment, MapperPool};
use crate::webhook::ErasedProcessor;

/// Brings accepted events into the catalog.
///
/// # Guarantees
///
/// - An event ends only when the catalog acknowledged what it changed, when no processor or
///   resource is concerned, or as a dead letter.
/// - Events of one subject are handled in order, one at a time; others side by side.
/// - The results of all processors and resources that an event concerns are joined before anything
///   is applied.
/// - Content that was read from the source earlier never overwrites what was read later, also not
///   beside a resync, when both engines share a [`Fence`].
/// - While the source or the catalog is not there, events wait and spend no attempts.
///
/// # Caveats
///
/// - An event may be handled more than once, for example after a crash. Handling it again changes
///   nothing.
/// - A deletion leaves what relates to the entity; the next resync decides about that.
///
/// # Example
///
/// A processor that asks the ticket desk again, and one event all the way to the catalog:
///
/// ```
/// use std::sync::Arc;
///
/// use ocean_core::prelude::*;
/// use ocean_core::{Blueprint, EventQueue, InMemoryCatalog, LiveEngine, MapperPool, MemoryQueue};
/// use ocean_core::{NewEvent, QueueOptions};
/// use serde::Deserialize;
/// use serde_json::json;
/// use tokio_util::sync::CancellationToken;
///
/// kinds! {
///     pub enum Kinds { Ticket = "ticket" }
/// }
///
/// #[derive(Clone)]
/// struct Desk;
///
/// impl Desk {
///     async fn ticket(&self, id: u64) -> Result<Option<serde_json::Value>, SourceError> {
///         Ok((id == 7).then(|| json!({"id": "T-7", "subject": "Disk full"})))
///     }
/// }
///
/// struct TicketWebhookProcessor;
///
/// #[derive(Deserialize)]
/// struct TicketEvent {
///     ticket_id: u64,
/// }
///
/// impl WebhookProcessor<Desk> for TicketWebhookProcessor {
///     type Kind = Kinds;
///     type Payload = TicketEvent;
///     type Selector = NoSelector;
///     const KINDS: &'static [Kinds] = &[Kinds::Ticket];
///
///     fn authenticate(&self, _: &Desk, event: &WebhookEvent) -> Result<(), Unauthenticated> {
///         match event.header("x-desk-secret") {
///             Some("s3cret") => Ok(()),
///             _ => Err(Unauthenticated("the secret is wrong".to_owned())),
///         }
///     }
///
///     fn accepts(&self, event: &WebhookEvent) -> bool {
///         event.text("event").is_some_and(|name| name.starts_with("ticket_"))
///     }
///
///     fn subject(&self, event: &TicketEvent) -> Option<Subject> {
///         Some(Subject::new("ticket", event.ticket_id))
///     }
///
///     // The desk says how the ticket is now, so only the newest event matters.
///     fn supersedes(&self, _newer: &TicketEvent, _older: &TicketEvent) -> bool {
///         true
///     }
///
///     async fn handle(
///         &self,
///         desk: &Desk,
///         events: Vec<TicketEvent>,
///         _: &ResourceConfig<NoSelector>,
///     ) -> Result<Changes, SourceError> {
///         let mut changes = Changes::none();
///         for event in events {
///             changes = changes.and(match desk.ticket(event.ticket_id).await? {
///                 Some(ticket) => Changes::updated([ticket]),
///                 None => Changes::deleted([json!({"id": format!("T-{}", event.ticket_id)})]),
///             });
///         }
///         Ok(changes)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let integration = Integration::new(Desk).add_webhook_processor("/webhook", TicketWebhookProcessor);
/// let catalog = Arc::new(InMemoryCatalog::new([Blueprint::new("ticket")]).with_mapping(json!({
///     "resources": [{
///         "kind": "ticket",
///         "selector": {"query": "true"},
///         "port": {"entity": {"mappings": {
///             "identifier": ".id", "blueprint": "\"ticket\"", "title": ".subject",
///         }}},
///     }],
/// })));
///
/// // `ocean-cli` keeps events in a file and lets a server put them there.
/// let queue = Arc::new(MemoryQueue::new(QueueOptions::default()));
/// let pool = Arc::new(MapperPool::new()?);
/// let engine = LiveEngine::new(&integration, Arc::clone(&catalog), pool, queue.clone());
/// let body = r#"{"event": "ticket_created", "ticket_id": 7}"#;
/// queue.push(NewEvent::new("/webhook", body)).await?;
///
/// let stop = CancellationToken::new();
/// tokio::join!(engine.run(&stop), async {
///     while queue.counts().pending > 0 {
///         tokio::task::yield_now().await;
///     }
///     stop.cancel();
/// });
/// assert_eq!(catalog.entities()[0].title, Some(json!("Disk full")));
/// # Ok(())
/// # }
/// ```
pub struct LiveEngine {
    processors: Vec<ErasedProcessor>,
    queue: Arc<dyn EventQueue>,
    catalog: Arc<dyn Catalog>,
    pool: Arc<MapperPool>,
    mapping: Arc<LiveMapping>,
    fence: Arc<Fence>,
    raw: RawSide,
    options: LiveOptions,
    arrived: Arc<Notify>,
}

/// What may differ from engine to engine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LiveOptions {
    /// How many batches are handled side by side (default 4).
    pub workers: usize,
    /// How long one call of a processor may take (default 90 s).
    pub timeout: Duration,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            workers: 4,
            timeout: Duration::from_secs(90),
        }
    }
}

impl LiveOptions {
    /// The same with another number of batches side by side.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// The same with another limit for one call of a processor.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl LiveEngine {
    /// An engine that handles the events in `queue` with the processors of an integration.
    pub fn new<App, C>(
        integration: &Integration<App>,
        catalog: Arc<C>,
        pool: Arc<MapperPool>,
        queue: Arc<dyn EventQueue>,
    ) -> Self
    where
        App: Clone + Send + Sync + 'static,
        C: Catalog + IntegrationStore,
    {
        let registry = integration.registry().clone();
        let store = Arc::clone(&catalog) as _;
        Self {
            processors: integration.processors().to_vec(),
            queue,
            catalog,
            pool,
            mapping: Arc::new(LiveMapping::new(store, registry, Environment::default())),
            fence: Fence::new(),
            raw: RawSide::default(),
            options: LiveOptions::default(),
            arrived: Arc::default(),
        }
    }

    /// The same engine with these options.
    #[must_use]
    pub fn options(mut self, options: LiveOptions) -> Self {
        self.options = options;
        self
    }

    /// The same engine with what `env` shows in mapping expressions.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.raw.environment = environment.clone();
        self.mapping = Arc::new(self.mapping.with_environment(environment));
        self
    }

    /// The same engine with a lake, which decides for each batch of events who makes entities of
    /// what processors say.
    #[must_use]
    pub fn lake(mut self, lake: Arc<dyn Lake>) -> Self {
        self.raw.lake = Some(lake);
        self
    }

    /// The same engine beside others that write to the same catalog and share this fence.
    #[must_use]
    pub fn fenced(mut self, fence: Arc<Fence>) -> Self {
        self.fence = fence;
        self
    }

    /// The queue that it handles.
    #[must_use]
    pub fn queue(&self) -> &Arc<dyn EventQueue> {
        &self.queue
    }

    /// The processors that events are given to.
    #[must_use]
    pub fn processors(&self) -> &[ErasedProcessor] {
        &self.processors
    }

    /// Wakes the engine when there are new events in the queue.
    #[must_use]
    pub const fn arrived(&self) -> &Arc<Notify> {
        &self.arrived
    }

    /// The next event is mapped by what Port holds then; without this a change of the mapping is
    /// seen after at most a minute.
    pub fn refresh_mapping(&self) {
        self.mapping.refresh();
    }

    /// Handles events until `stop` is cancelled, and those under way to their end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops batches where they are; their events stay in the queue and are
    /// handled again.
    pub async fn run(&self, stop: &CancellationToken) {
        let dispatcher = Arc::new(Dispatcher {
            queue: Arc::clone(&self.queue),
            arrived: Arc::clone(&self.arrived),
            handler: Handler {
                processors: self.processors.clone(),
                timeout: self.options.timeout,
            },
            mapping: Arc::clone(&self.mapping),
            pool: Arc::clone(&self.pool),
            raw: self.raw.clone(),
            applier: Applier {
                catalog: Arc::clone(&self.catalog),
                fence: Arc::clone(&self.fence),
            },
            workers: self.options.workers,
            successes: AtomicU64::new(0),
        });
        dispatcher.run(stop).await;
    }
}

impl fmt::Debug for LiveEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEngine")
            .field("processors", &self.processors)
            .field("queue", &self.queue)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
