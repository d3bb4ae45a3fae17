//! A sync whose raw items go to the lake: nothing is mapped, written or deleted here.
//!
//! Start with [`Forwarding`].

mod kind;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::SyncOptions;
use super::background::Background;
use super::ending::{Ending, Stopped};
use super::progress::{Phase, Progress};
use super::report::{Outcome, ResourceReport, ResyncReport};
use crate::app_config::AppConfig;
use crate::catalog::IntegrationStore;
use crate::error::{ErrorClass, error_chain};
use crate::http::sizes_of;
use crate::integration::Hooks;
use crate::lake::{Lake, LakeError, RawOrigin, SyncStage};
use crate::metrics::{Measured, RunMetrics};
use crate::resync::{Registry, RunScope, Since};

/// How often it is asked whether the other side wants the sync to end.
const POLL: Duration = Duration::from_secs(10);

/// Said of a sync that the other side ended.
const ENDED: &str = "port asked for the end of the sync";

/// One sync, full or incremental, that is forwarded.
///
/// # Guarantees
///
/// - Every item that the source gave arrived at the lake, or its resource is incomplete.
/// - The other side is told how each kind ended, and how the sync did, unless it ended that itself.
/// - Kinds are read one after another, as the original does: what the other side makes of kinds
///   that overlap is not known.
pub(super) struct Forwarding<'e> {
    pub(super) lake: &'e Arc<dyn Lake>,
    /// Whose functions read the kinds.
    pub(super) registry: &'e Registry,
    pub(super) hooks: &'e Hooks,
    pub(super) store: &'e Arc<dyn IntegrationStore>,
    pub(super) options: &'e SyncOptions,
    pub(super) config: &'e AppConfig,
    pub(super) progress: &'e Progress,
    pub(super) metrics: &'e RunMetrics,
    pub(super) began: SystemTime,
    /// The resources that are read, each from when on; `None` for all of everything.
    pub(super) since: Option<&'e BTreeMap<usize, Since>>,
}

/// What the reading of one sync shares.
struct Reading<'e> {
    sync: &'e Forwarding<'e>,
    id: uuid::Uuid,
    scope: RunScope,
    background: Background,
    stop: CancellationToken,
    /// Whether it was the other side that stopped it.
    is_ended: AtomicBool,
    unauthorized: AtomicBool,
}

impl Forwarding<'_> {
    /// Reads, forwards and tells; how that went is added to the report.
    pub(super) async fn run(
        &self,
        report: &mut ResyncReport,
        cancellation: &CancellationToken,
    ) -> Ending {
        let stop = cancellation.child_token();
        let shows = self.options.send_examples;
        let reading = Reading {
            sync: self,
            id: report.id,
            scope: RunScope::new(stop.clone()).shows_examples(shows),
            background: Background::default(),
            stop,
            is_ended: AtomicBool::new(false),
            unauthorized: AtomicBool::new(false),
        };
        if let Err(error) = self.lake.tell(report.id, &self.started()).await {
            reading.not_heard(report, &error);
            return reading.conclude(report, cancellation);
        }
        self.run_hooks(report).await;
        let read = tokio::select! {
            biased;
            read = reading.read_all(&mut report.resources) => read,
            never = reading.watch() => match never {},
        };
        reading.background.finish(&reading.stop).await;
        reading.tell_end(report, read, cancellation).await;
        let ending = reading.conclude(report, cancellation);
        // Who makes the entities decides what is deleted.
        let began = Instant::now();
        self.metrics.reconciliation_began();
        let is_done = report.outcome == Outcome::Completed;
        self.metrics.reconciliation_ended(began, is_done, 0);
        ending
    }

    fn started(&self) -> SyncStage<'_> {
        match self.since {
            None => SyncStage::ResyncStarted {
                at: self.began,
                config: self.config,
            },
            Some(since) => SyncStage::IncrementalStarted {
                at: self.began,
                kinds: since.keys().map(|index| self.name(*index)).collect(),
            },
        }
    }

    async fn run_hooks(&self, report: &mut ResyncReport) {
        if self.since.is_none()
            && let Err(error) = self.hooks.run_resync_start().await
        {
            let error = error_chain(&error);
            let reason = format!("a hook before the resync failed: {error}");
            report.errors.push(reason);
        }
    }

    fn origin(&self) -> RawOrigin {
        match self.since {
            None => RawOrigin::Resync(self.began),
            Some(_) => RawOrigin::IncrementalSync,
        }
    }

    /// A resource as the other side knows it: `issue-3`.
    fn name(&self, index: usize) -> String {
        let resource = self.config.resources.get(index);
        let kind = resource.map_or("", |resource| &*resource.kind);
        format!("{kind}-{index}")
    }
}

impl Reading<'_> {
    /// Reads one resource after another. An error means that the other side did not hear of one.
    async fn read_all(&self, reports: &mut Vec<ResourceReport>) -> Result<(), LakeError> {
        let config = &self.sync.config.resources;
        let mut result = Ok(());
        for (index, resource) in config.iter().enumerate() {
            let since = match self.sync.since {
                None => None,
                Some(chosen) => match chosen.get(&index) {
                    Some(since) => Some(*since),
                    None => continue,
                },
            };
            let mut report = ResourceReport {
                kind: resource.kind.to_string(),
                index,
                ..ResourceReport::default()
            };
            if result.is_ok() && !self.stop.is_cancelled() {
                result = self.read_and_tell(&mut report, since).await;
            } else {
                report.incomplete.push("it was not read".to_owned());
            }
            let is_complete = report.incomplete.is_empty();
            let phase = if is_complete {
                Phase::Done
            } else {
                Phase::Incomplete
            };
            self.sync.progress.resource(index).enter(phase);
            reports.push(report);
        }
        result
    }

    async fn read_and_tell(
        &self,
        report: &mut ResourceReport,
        since: Option<Since>,
    ) -> Result<(), LakeError> {
        let name = report.name();
        let began = SyncStage::KindStarted {
            at: SystemTime::now(),
            kind: &name,
        };
        let told = self.sync.lake.tell(self.id, &began).await;
        if told.is_err() {
            report.incomplete.push("it was not read".to_owned());
            return told;
        }
        self.measure(report, since).await;
        if self.stop.is_cancelled() {
            report.incomplete.push("it was stopped".to_owned());
            return Ok(());
        }
        let ended = if report.incomplete.is_empty() {
            SyncStage::KindFinished(&name)
        } else {
            SyncStage::KindFailed(&name)
        };
        let told = self.sync.lake.tell(self.id, &ended).await;
        if told.is_err() {
            report.incomplete.push("its end was not heard".to_owned());
        }
        told
    }

    /// Reads a resource, and counts what is read.
    async fn measure(&self, report: &mut ResourceReport, since: Option<Since>) {
        let (metrics, index) = (self.sync.metrics, report.index);
        let span = tracing::info_span!("resource", kind = report.kind, index);
        metrics.resource_began(index);
        let reading = self.read(report, since).instrument(span);
        let failed_reads = sizes_of(metrics.note_sizes(index), reading).await;
        metrics.resource_ended(&Measured {
            // Others make entities of what was read.
            transformed: 0,
            ..report.measured(failed_reads)
        });
    }

    /// Asks again and again whether the other side wants a full resync to end; never returns.
    async fn watch(&self) -> Infallible {
        while self.sync.since.is_none() && !self.stop.is_cancelled() {
            tokio::time::sleep(POLL).await;
            match self.sync.lake.is_aborted(self.id).await {
                Ok(true) => self.ended_by_other_side(),
                Ok(false) => {}
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(error, "port was not asked whether to go on");
                }
            }
        }
        std::future::pending().await
    }

    fn ended_by_other_side(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }

    /// Tells how the sync ended.
    async fn tell_end(
        &self,
        report: &mut ResyncReport,
        read: Result<(), LakeError>,
        cancellation: &CancellationToken,
    ) {
        if let Err(error) = &read {
            self.not_heard(report, error);
        }
        let is_ended = self.is_ended.load(Ordering::Relaxed);
        let last = if is_ended {
            report.errors.push(ENDED.to_owned());
            None
        } else if cancellation.is_cancelled() {
            Some(SyncStage::Aborted)
        } else if read.is_err() || (self.sync.since.is_some() && report.is_incomplete()) {
            Some(SyncStage::Failed)
        } else {
            // What became of each kind was told; the other side decides by that what to delete.
            Some(SyncStage::Finished)
        };
        if let Some(last) = last
            && let Err(error) = self.sync.lake.tell(self.id, &last).await
        {
            self.not_heard(report, &error);
        }
    }

    /// Says in the report how the sync ended.
    fn conclude(&self, report: &mut ResyncReport, cancellation: &CancellationToken) -> Ending {
        let is_ended = self.is_ended.load(Ordering::Relaxed);
        let cancelled = || cancellation.is_cancelled().then_some(Stopped::Cancelled);
        let ending = Ending {
            stopped: is_ended.then_some(Stopped::TakenOver).or_else(cancelled),
            refused: self.unauthorized.load(Ordering::Relaxed),
        };
        ending.conclude(report);
        ending
    }

    /// The other side did not hear how the sync is doing.
    fn not_heard(&self, report: &mut ResyncReport, error: &LakeError) {
        self.note_refusal(error);
        let error = error_chain(error);
        let reason = format!("port did not hear how the sync is doing: {error}");
        report.errors.push(reason);
    }

    /// Notes whether an error means that the other side refused the credentials.
    fn note_refusal(&self, error: &LakeError) {
        let is_refused = error.class() == ErrorClass::Unauthorized;
        self.unauthorized.fetch_or(is_refused, Ordering::Relaxed);
    }
}
