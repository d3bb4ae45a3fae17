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
mod dispatch;
mod entities;
mod failure;
mod handle;
mod lanes;
mod mapping;
mod queue;
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
use self::handle::Handler;
use self::mapping::LiveMapping;
pub use self::queue::{
    DeadLetter, Ending, EventQueue, MemoryQueue, NewEvent, Pushed, QueueCounts, QueueError,
    QueueHealth, QueueOptions, QueuedEvent,
};
use crate::catalog::{Catalog, IntegrationStore};
use crate::fence::Fence;
use crate::integration::Integration;
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
pub struct LiveEngine {
    processors: Vec<ErasedProcessor>,
    queue: Arc<dyn EventQueue>,
    catalog: Arc<dyn Catalog>,
    pool: Arc<MapperPool>,
    mapping: Arc<LiveMapping>,
    fence: Arc<Fence>,
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
        self.mapping = Arc::new(self.mapping.with_environment(environment));
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
