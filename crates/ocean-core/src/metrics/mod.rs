//! What is measured of the process and its resyncs, and who is told?
//!
//! Start with [`Metrics`].
//!
//! The names of the original (`success`, `object_count`, ...) are those of the last run; all that
//! is ours begins with `ocean_` and counts since the process began.

mod incremental;
mod kind;
mod page;
mod process;
mod reporting;
mod run;
mod samples;
mod sources;
mod spread;
mod told;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::incremental::{IncrementalFault, IncrementalKind};
use self::incremental::{IncrementalNumbers, OfIncremental};
pub(crate) use self::kind::Measured;
use self::page::Pages;
pub use self::page::{Labels, MetricSource, Page};
use self::process::Process;
pub use self::reporting::Reporting;
pub(crate) use self::run::RunMetrics;
use self::sources::{HttpSource, OfProcess, OfRun};
pub use self::told::{KindMetrics, LOCAL_ONLY, MetricsForm, SyncMetrics, SyncState, Telemetry};
use crate::catalog::ResyncStatus;
use crate::http::HttpMeter;

/// Messages that wait to be told. A run has two for each kind and five more.
const OUTBOX: usize = 1_024;

/// The numbers of one process. Clones share them.
///
/// Everybody who knows a number adds it; `/metrics` shows [`text`](Self::text), and a
/// [`Reporting`] tells Port of the runs.
#[derive(Clone)]
pub struct Metrics {
    shared: Arc<Shared>,
}

struct Shared {
    pages: Mutex<Pages>,
    /// The run that began last.
    run: Arc<Mutex<Option<RunMetrics>>>,
    /// The run that goes on.
    running: watch::Sender<Option<Uuid>>,
    /// The incremental sync that goes on, maybe beside that run.
    syncing: watch::Sender<Option<Uuid>>,
    incremental: Arc<Mutex<IncrementalNumbers>>,
    teller: Arc<Teller>,
}

/// What a run needs of the process it runs in.
#[derive(Debug, Default)]
struct Teller {
    process: Process,
    outbox: Mutex<Option<mpsc::Sender<SyncMetrics>>>,
    /// Messages that were never told, because too many waited.
    dropped: AtomicU64,
}

impl Teller {
    /// Queues a message. Until somebody asks for the outbox, nobody is told.
    fn tell(&self, message: SyncMetrics) {
        let outbox = lock(&self.outbox);
        let told = outbox.as_ref().map(|outbox| outbox.try_send(message));
        if let Some(Err(_full)) = told {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let run = Arc::<Mutex<Option<RunMetrics>>>::default();
        let teller = Arc::<Teller>::default();
        let incremental = Arc::<Mutex<IncrementalNumbers>>::default();
        let mut pages = Pages::default();
        pages.add(OfRun(Arc::clone(&run)));
        pages.add(OfIncremental(Arc::clone(&incremental)));
        pages.add(OfProcess::new(Arc::clone(&teller)));
        Self {
            shared: Arc::new(Shared {
                pages: Mutex::new(pages),
                run,
                running: watch::Sender::default(),
                syncing: watch::Sender::default(),
                incremental,
                teller,
            }),
        }
    }
}

impl Metrics {
    /// Adds numbers to the page.
    pub fn add(&self, source: impl MetricSource) {
        lock(&self.shared.pages).add(source);
    }

    /// Adds what the HTTP client of this system counts.
    pub fn add_http(&self, systems: impl IntoIterator<Item = (&'static str, Arc<HttpMeter>)>) {
        self.add(HttpSource(systems.into_iter().collect()));
    }

    /// Names the integration's type, which the numbers of incremental syncs have as a label.
    pub fn set_integration_type(&self, integration_type: &str) {
        lock(&self.shared.incremental).set_integration_type(integration_type);
    }

    /// The page, as OpenMetrics text.
    #[must_use]
    pub fn text(&self) -> String {
        lock(&self.shared.pages).text()
    }

    /// A run begins: its numbers take the place of those of the run before.
    pub(crate) fn begin(&self, id: Uuid, cancelled: CancellationToken) -> RunMetrics {
        let run = RunMetrics::new(id, &self.shared.teller, cancelled);
        *lock(&self.shared.run) = Some(run.clone());
        self.shared.running.send_replace(Some(id));
        run
    }

    /// The run that goes on has ended with this state, which Port was told of.
    pub(crate) fn end(&self, status: ResyncStatus) {
        let run = lock(&self.shared.run).clone();
        if let Some(run) = run
            && self
                .shared
                .running
                .borrow()
                .is_some_and(|id| id == run.id())
        {
            run.end(status);
            self.shared.running.send_replace(None);
        }
    }

    /// An incremental sync begins; it goes on until the value that is returned is dropped.
    pub(crate) fn incremental_began(&self, id: Uuid) -> GoingOn<'_> {
        self.shared.syncing.send_replace(Some(id));
        GoingOn(&self.shared.syncing)
    }

    /// An incremental sync has ended.
    pub(crate) fn incremental_ended(
        &self,
        kinds: BTreeMap<String, IncrementalKind>,
        fault: Option<IncrementalFault>,
    ) {
        lock(&self.shared.incremental).note(kinds, fault);
    }

    /// Notes what the process needs now at every kind that runs.
    fn sample(&self, latency_ms: f64) {
        let needs = self.shared.teller.process.needs();
        let run = lock(&self.shared.run).clone();
        if let Some(run) = run {
            run.sample(needs, latency_ms);
        }
    }

    fn running(&self) -> watch::Receiver<Option<Uuid>> {
        self.shared.running.subscribe()
    }

    fn syncing(&self) -> watch::Receiver<Option<Uuid>> {
        self.shared.syncing.subscribe()
    }

    /// Where messages wait from now on.
    fn outbox(&self) -> mpsc::Receiver<SyncMetrics> {
        let (sender, outbox) = mpsc::channel(OUTBOX);
        *lock(&self.shared.teller.outbox) = Some(sender);
        outbox
    }
}

/// An incremental sync that goes on.
#[derive(Debug)]
pub(crate) struct GoingOn<'m>(&'m watch::Sender<Option<Uuid>>);

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("running", &*self.shared.running.borrow())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
