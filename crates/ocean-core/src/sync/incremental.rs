//! An incremental sync: what changed is read and written, and nothing else happens.
//!
//! Start with [`SyncEngine::sync_incrementally`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::ending::{Ending, Stopped};
use super::forward::Forwarding;
use super::resources::sync_resources;
use super::settle::settle_failed;
use super::{Began, Outcome, Progress, ResourceReport, ResyncError, ResyncReport, SyncEngine};
use crate::app_config::AppConfig;
use crate::catalog::WriteEvent;
use crate::error::error_chain;
use crate::lake::Routing;
use crate::mapping::CheckedMapping;
use crate::metrics::{IncrementalFault, IncrementalKind, Metrics};
use crate::resync::{Registry, Since};

/// How much of what was read is read again: the clock of the source may differ from ours, and its
/// index may lag behind. Writing the same entity twice does no harm.
const OVERLAP: Duration = Duration::from_secs(60);

/// What an incremental sync did, beside what its report says.
#[derive(Debug, Default)]
struct Synced {
    ending: Ending,
    kinds: BTreeMap<String, IncrementalKind>,
}

/// From when on each resource is read, and those of which that is not known.
struct Cursors {
    since: BTreeMap<usize, Since>,
    unknown: Vec<ResourceReport>,
}

impl SyncEngine {
    /// Reads and writes what changed since the last incremental sync that succeeded, of every kind
    /// that has a function for it; the first time, what changed within the last `interval`.
    ///
    /// # Guarantees
    ///
    /// - Nothing is deleted, and no other sync is stopped.
    /// - The moment from which a resource is read next moves only when all of it was read and
    ///   acknowledged; a resource that fails does not keep another from its success.
    /// - What a live event wrote meanwhile is not overwritten. A full resync that runs already does
    ///   not overwrite what this writes; one that begins meanwhile ends it.
    ///
    /// # Errors
    ///
    /// As for [`resync`](Self::resync).
    pub async fn sync_incrementally(
        &self,
        interval: Duration,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<ResyncReport, ResyncError> {
        let started = Instant::now();
        let mut report = ResyncReport::new(Uuid::new_v4());
        report.incremental = true;
        let span = tracing::info_span!("incremental", sync_id = %report.id);
        let going_on = self.metrics.incremental_began(report.id);
        let sync = self.sync_changes(&mut report, interval, progress, cancellation);
        let synced = Box::pin(sync).instrument(span).await;
        drop(going_on);
        let fault = fault(&synced, report.outcome);
        let kinds = synced.as_ref().map(|synced| synced.kinds.clone());
        self.metrics
            .incremental_ended(kinds.unwrap_or_default(), fault);
        synced?;
        report.duration = started.elapsed();
        Ok(report)
    }

    async fn sync_changes(
        &self,
        report: &mut ResyncReport,
        interval: Duration,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<Synced, ResyncError> {
        let began = SystemTime::now();
        // Before anything is read, so that whatever is written by others meanwhile is newer.
        let ticket = self.fence.ticket(self.fence.prints().of("", "incremental"));
        let Some(stored) = self.store.mapping().await.map_err(ResyncError::Catalog)? else {
            return Ok(Synced::default());
        };
        let checked = self.check(&stored)?;
        let registry = self.registry.incremental();
        let cursors = self.cursors(&checked.config, &registry, began, interval);
        let Cursors { since, unknown } = cursors.await;
        if since.is_empty() && unknown.is_empty() {
            tracing::info!("no kind of the mapping can be read incrementally");
            return Ok(Synced::default());
        }
        let mut cursors: BTreeMap<usize, SystemTime> = since
            .iter()
            .map(|(index, since)| (*index, since.time()))
            .collect();
        // These numbers are those of full resyncs, one of which may run beside this.
        let metrics = Metrics::default().begin(report.id, cancellation.clone());
        let routing = self.routing().await;
        report.routing = routing;
        let kinds = checked.config.resources.iter();
        progress.begin(&stored, kinds.map(|one| one.kind.to_string()), routing);
        tracing::info!(resources = since.len(), "incremental sync began");
        let ending = if let (Routing::Forwarded, Some(lake)) = (routing, &self.lake) {
            let forwarding = Forwarding {
                registry: &registry,
                since: Some(&since),
                ..self.forwarding(lake, &checked.config, progress, &metrics)
            };
            forwarding.run(report, cancellation).await
        } else {
            let parts = Began {
                ticket,
                census: None,
                registry,
                copies: self.copies(routing, report.id, None),
                since: Some(since),
                event: WriteEvent::IncrementalResync,
                metrics,
            };
            self.write_changes(report, checked, parts, progress, cancellation)
                .await
        };
        self.move_cursors(report, began, &mut cursors).await;
        let kinds = read_kinds(report, &cursors);
        report.resources.extend(unknown);
        ending.conclude(report);
        tracing::info!(outcome = ?report.outcome, "incremental sync ended");
        Ok(Synced { ending, kinds })
    }

    async fn cursors(
        &self,
        config: &AppConfig,
        registry: &Registry,
        began: SystemTime,
        interval: Duration,
    ) -> Cursors {
        let (mut since, mut unknown) = (BTreeMap::new(), Vec::new());
        let earlier = began.checked_sub(OVERLAP).unwrap_or(began);
        let first = earlier.checked_sub(interval).unwrap_or(earlier);
        for (index, resource) in config.resources.iter().enumerate() {
            if registry.resyncs(&resource.kind).is_empty() {
                continue;
            }
            match self.store.cursor(&resource.kind, index).await {
                // One in the future was set while the clock was wrong.
                Ok(cursor) => {
                    let cursor = cursor.unwrap_or(first).min(earlier);
                    since.insert(index, Since::new(cursor));
                }
                Err(error) => unknown.push(ResourceReport {
                    kind: resource.kind.to_string(),
                    index,
                    incomplete: vec![format!(
                        "since when to read could not be asked: {}",
                        error_chain(&error)
                    )],
                    ..ResourceReport::default()
                }),
            }
        }
        Cursors { since, unknown }
    }

    /// Maps and writes what the functions yield, as a full resync does.
    async fn write_changes(
        &self,
        report: &mut ResyncReport,
        checked: CheckedMapping,
        began: Began,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Ending {
        self.catalog.clear_cache();
        let run = self.run(checked, began, progress, cancellation);
        report.resources = sync_resources(&run).await;
        settle_failed(&run, &mut report.resources).await;
        report
            .resources
            .retain(|resource| run.takes_part(resource.index));
        run.background.finish(&run.stop).await;
        report.errors.extend(run.ended_because());
        run.ending(cancellation)
    }

    /// Moves on for every resource of which nothing has to be read again. An entity that Port
    /// refuses for good would be refused again, so that it holds nothing up.
    async fn move_cursors(
        &self,
        report: &mut ResyncReport,
        began: SystemTime,
        cursors: &mut BTreeMap<usize, SystemTime>,
    ) {
        let next = began.checked_sub(OVERLAP).unwrap_or(began);
        for resource in &mut report.resources {
            if !resource.incomplete.is_empty() || resource.counts.failed > 0 {
                continue;
            }
            let moved = self.store.set_cursor(&resource.kind, resource.index, next);
            match moved.await {
                Ok(()) => {
                    cursors.insert(resource.index, next);
                }
                Err(error) => {
                    let error = error_chain(&error);
                    let reason =
                        format!("what was read will be read again, port was not told: {error}");
                    resource.incomplete.push(reason);
                }
            }
        }
    }
}

/// The kinds that took part, each with the moment from which it is read the next time.
fn read_kinds(
    report: &ResyncReport,
    cursors: &BTreeMap<usize, SystemTime>,
) -> BTreeMap<String, IncrementalKind> {
    let kinds = report.resources.iter().filter_map(|resource| {
        let cursor = *cursors.get(&resource.index)?;
        let took = resource.duration;
        Some((resource.name(), IncrementalKind { cursor, took }))
    });
    kinds.collect()
}

/// How a sync went wrong, if it did.
fn fault(synced: &Result<Synced, ResyncError>, outcome: Outcome) -> Option<IncrementalFault> {
    let stopped = match synced {
        Err(ResyncError::Catalog(_)) => return Some(IncrementalFault::Error("port")),
        Err(ResyncError::Mapping(_)) => return Some(IncrementalFault::Error("mapping")),
        Ok(synced) => synced.ending.stopped,
    };
    match (stopped, outcome) {
        (Some(Stopped::Cancelled), _) => Some(IncrementalFault::Interrupted("stopped")),
        (Some(Stopped::Superseded), _) => Some(IncrementalFault::Interrupted("superseded")),
        (Some(Stopped::TakenOver), _) => Some(IncrementalFault::Interrupted("taken-over")),
        (None, Outcome::Completed) => None,
        (None, Outcome::Unauthorized) => Some(IncrementalFault::Error("unauthorized")),
        (None, _) => Some(IncrementalFault::Error("incomplete")),
    }
}
