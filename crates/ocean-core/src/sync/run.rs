//! The state that the tasks of one run share.
//!
//! Start with [`Run`].

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::background::Background;
use super::copies::Copies;
use super::ending::{Ending, Stopped};
use super::failed::FailedEntities;
use super::plan::Plan;
use super::progress::Progress;
use super::proof::Bars;
use super::report::ErrorTally;
use super::seen::Seen;
use crate::app_config::AppConfig;
use crate::catalog::{Blueprint, Catalog, CatalogError, IntegrationStore, WriteContext};
use crate::error::{ErrorClass, error_chain};
use crate::fence::{Fence, Ticket};
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::mapping::{CompiledMapping, MapperPool};
use crate::metrics::RunMetrics;
use crate::resync::{Registry, RunScope, Since};

/// After so many bulks in a row without an answer a run stops. More than one resource has in
/// flight, so that one bad moment does not end it.
const MAX_UNANSWERED_BULKS: usize = 8;

/// One run, as its tasks see it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) store: Arc<dyn IntegrationStore>,
    pub(super) registry: Registry,
    pub(super) pool: Arc<MapperPool>,
    pub(super) config: AppConfig,
    pub(super) mapping: CompiledMapping,
    pub(super) plan: Plan,
    pub(super) write: WriteContext,
    pub(super) scope: RunScope,
    pub(super) progress: Progress,
    /// Keeps what live events write meanwhile from being overwritten or deleted.
    pub(super) fence: Arc<Fence>,
    /// As old as the oldest page of the run.
    pub(super) ticket: Ticket,
    pub(super) metrics: RunMetrics,
    pub(super) prints: Fingerprints,
    pub(super) send_examples: bool,
    /// Ends the run early: cancelled from outside, or by a refusal that makes going on useless.
    pub(super) stop: CancellationToken,
    /// One per resource; cancelled when it has loaded.
    pub(super) loaded: Vec<CancellationToken>,
    /// Entities per blueprint when the run began; `None` when Port could not list them.
    pub(super) census: Option<BTreeMap<String, usize>>,
    unauthorized: AtomicBool,
    /// Where copies of raw items go; those have to be whole.
    pub(super) copies: Option<Copies>,
    /// For an incremental sync: the resources that are read, each from when on.
    since: Option<BTreeMap<usize, Since>>,
    /// Whether a full resync began beside this incremental sync.
    is_superseded: AtomicBool,
    /// Whether the other side of the copies wants the run to end.
    is_ended: AtomicBool,
    pub(super) background: Background,
    unanswered_bulks: AtomicUsize,
    seen: Mutex<Seen>,
    failed: Mutex<FailedEntities>,
    bars: Mutex<Bars>,
    blueprints: tokio::sync::Mutex<HashMap<String, Option<Arc<Blueprint>>>>,
}

/// What a [`Run`] is made of.
#[derive(Debug)]
pub(super) struct RunParts {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) store: Arc<dyn IntegrationStore>,
    pub(super) registry: Registry,
    pub(super) pool: Arc<MapperPool>,
    pub(super) config: AppConfig,
    pub(super) mapping: CompiledMapping,
    pub(super) plan: Plan,
    pub(super) write: WriteContext,
    pub(super) progress: Progress,
    pub(super) send_examples: bool,
    pub(super) stop: CancellationToken,
    pub(super) census: Option<BTreeMap<String, usize>>,
    pub(super) copies: Option<Copies>,
    pub(super) since: Option<BTreeMap<usize, Since>>,
    pub(super) fence: Arc<Fence>,
    pub(super) ticket: Ticket,
    pub(super) metrics: RunMetrics,
}

impl Run {
    pub(super) fn new(parts: RunParts) -> Self {
        let resources = parts.config.resources.iter();
        let loaded: Vec<_> = resources.map(|_| CancellationToken::new()).collect();
        // Nobody waits for what is not read.
        for (index, loaded) in loaded.iter().enumerate() {
            if parts
                .since
                .as_ref()
                .is_some_and(|since| !since.contains_key(&index))
            {
                loaded.cancel();
            }
        }
        Self {
            scope: RunScope::new(parts.stop.clone()).shows_examples(parts.send_examples),
            loaded,
            catalog: parts.catalog,
            store: parts.store,
            registry: parts.registry,
            pool: parts.pool,
            config: parts.config,
            mapping: parts.mapping,
            plan: parts.plan,
            write: parts.write,
            progress: parts.progress,
            send_examples: parts.send_examples,
            stop: parts.stop,
            census: parts.census,
            prints: parts.fence.prints().clone(),
            fence: parts.fence,
            ticket: parts.ticket,
            metrics: parts.metrics,
            unauthorized: AtomicBool::new(false),
            copies: parts.copies,
            since: parts.since,
            is_superseded: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
            background: Background::default(),
            unanswered_bulks: AtomicUsize::new(0),
            seen: Mutex::default(),
            failed: Mutex::default(),
            bars: Mutex::default(),
            blueprints: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn failed(&self) -> MutexGuard<'_, FailedEntities> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn bars(&self) -> MutexGuard<'_, Bars> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether only what changed is read.
    pub(super) const fn is_incremental(&self) -> bool {
        self.since.is_some()
    }

    /// Whether a resource of the mapping is read.
    pub(super) fn takes_part(&self, index: usize) -> bool {
        let since = self.since.as_ref();
        since.is_none_or(|since| since.contains_key(&index))
    }

    /// From when on a resource is read.
    pub(super) fn since(&self, index: usize) -> Option<Since> {
        self.since.as_ref()?.get(&index).copied()
    }

    /// A full resync began, which reads everything anew: what this run still has may be older.
    pub(super) fn superseded(&self) {
        self.is_superseded.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }

    /// The other side of the copies said that another sync has taken over.
    pub(super) fn taken_over(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Relaxed)
    }

    /// Why the run ended for the sake of another one, if it did.
    pub(super) fn ended_because(&self) -> Option<String> {
        let because = match self.made_way()? {
            Stopped::Superseded => "a full resync began, which reads everything anew",
            _ => "port says that another sync has taken over",
        };
        Some(because.to_owned())
    }

    /// For the sake of which other sync the run ended, if it did.
    fn made_way(&self) -> Option<Stopped> {
        if self.is_superseded.load(Ordering::Relaxed) {
            return Some(Stopped::Superseded);
        }
        self.is_ended().then_some(Stopped::TakenOver)
    }

    /// What made the run end, if anything did, beside what its report says.
    pub(super) fn ending(&self, cancellation: &CancellationToken) -> Ending {
        let cancelled = || cancellation.is_cancelled().then_some(Stopped::Cancelled);
        Ending {
            stopped: self.made_way().or_else(cancelled),
            refused: self.unauthorized.load(Ordering::Relaxed),
        }
    }

    /// How many entities of a blueprint Port held when the run began.
    pub(super) fn owned_at_start(&self, blueprint: &str) -> Option<usize> {
        self.census
            .as_ref()
            .map(|census| census.get(blueprint).copied().unwrap_or_default())
    }

    /// Whether a live event wrote or deleted the entity since the run began: what the run read of
    /// it may be older.
    pub(super) fn is_outdated(&self, print: Option<Fingerprint>) -> bool {
        print.is_some_and(|print| self.ticket.is_outdated(print))
    }

    /// A blueprint, read once per run. Without it nothing is known of its relations, and when
    /// Port could not say whether it exists nothing is deleted.
    pub(super) async fn blueprint(&self, identifier: &str) -> Option<Arc<Blueprint>> {
        let mut blueprints = self.blueprints.lock().await;
        if let Some(known) = blueprints.get(identifier) {
            return known.clone();
        }
        let read = match self.catalog.blueprint(identifier).await {
            Ok(found) => found.map(Arc::new),
            Err(error) => {
                self.note_refusal(&error);
                let reason = format!(
                    "blueprint {identifier} could not be read: {}",
                    error_chain(&error)
                );
                self.bars().all(reason);
                None
            }
        };
        blueprints.insert(identifier.to_owned(), read.clone());
        read
    }

    /// Notes whether a bulk got any answer. When several in a row got none, although the client
    /// tried each for minutes, Port is down: going on would only take hours to find the same.
    pub(super) fn note_bulk(&self, answered: bool) {
        if answered {
            self.unanswered_bulks.store(0, Ordering::Relaxed);
        } else if self.unanswered_bulks.fetch_add(1, Ordering::Relaxed) + 1 == MAX_UNANSWERED_BULKS
        {
            self.bars()
                .all("Port did not answer several bulks in a row");
            self.stop.cancel();
        }
    }

    /// The source refused the credentials for a resource; it may give others.
    pub(super) fn source_refused(&self) {
        self.unauthorized.store(true, Ordering::Relaxed);
    }

    /// Port refused the credentials: nothing that follows can succeed.
    pub(super) fn refused(&self) {
        self.unauthorized.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }

    /// Notes whether an error of the catalog means that it refused the credentials.
    pub(super) fn note_refusal(&self, error: &CatalogError) {
        if error.class() == ErrorClass::Unauthorized {
            self.refused();
        }
    }

    /// The catalog refused to go on: everything stops, nothing is deleted.
    pub(super) fn give_up(&self, error: &CatalogError) {
        self.note_refusal(error);
        self.bars().all(error_chain(error));
        self.stop.cancel();
    }

    /// Waits until every resource has loaded that must load before this one.
    pub(super) async fn turn_of(&self, index: usize) {
        for earlier in self.plan.predecessors(index) {
            if let Some(loaded) = self.loaded.get(earlier) {
                loaded.cancelled().await;
            }
        }
    }
}

impl Tally {
    /// Says why the resource is not complete, once.
    pub(super) fn incomplete(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if !self.incomplete.contains(&reason) {
            self.incomplete.push(reason);
        }
    }
}

/// What one resource has done so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: super::report::Counts,
    pub(super) errors: ErrorTally,
    pub(super) incomplete: Vec<String>,
}
