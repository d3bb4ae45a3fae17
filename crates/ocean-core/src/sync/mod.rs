//! The resync engine: one run from its plan to its [`ResyncReport`].
//!
//! Start with [`SyncEngine`].

mod background;
mod cascade;
mod census;
mod content;
mod copies;
mod failed;
mod fenced;
mod fetch;
mod forward;
mod incremental;
mod load;
mod order;
mod outcome;
mod plan;
mod progress;
mod proof;
mod reconcile;
mod report;
mod resource;
mod resources;
mod retry;
mod run;
mod seen;
mod settle;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use self::census::census;
pub(crate) use self::content::{differing_fields, field_of, fields_of};
use self::copies::Copies;
use self::forward::Forwarding;
use self::plan::Plan;
pub use self::progress::{Phase, Progress, ResourceProgress};
pub use self::reconcile::AllowEmpty;
use self::reconcile::reconcile;
pub use self::report::{
    BlueprintReport, Counts, ErrorGroup, NullField, Outcome, ReconciliationReport, ResourceReport,
    ResyncReport,
};
use self::resources::sync_resources;
use self::run::{Run, RunParts};
use self::settle::settle_failed;
use crate::app_config::AppConfig;
use crate::catalog::{Catalog, CatalogError, IntegrationStore, WriteContext, WriteEvent};
use crate::error::error_chain;
use crate::fence::{Fence, Ticket};
use crate::integration::{Hooks, Integration};
use crate::lake::{BufferLimits, Lake, Routing};
use crate::mapping::{CheckedMapping, Environment, MapperPool};
use crate::metrics::{Metrics, RunMetrics};
use crate::resync::{Registry, Since};

/// Makes the catalog equal to the source.
///
/// # Guarantees
///
/// - Nothing is deleted of a blueprint unless every resource that can write to it was read and
///   written completely, the mapping did not change meanwhile and the run was not stopped.
/// - A failing kind never stops another kind; the report carries every error.
/// - Of what is read only the batches in flight stay in memory, and 9 to 18 bytes per identifier.
/// - Resources that may write the same blueprint write in mapping order.
/// - What a live event wrote or deleted since the run began is neither overwritten nor deleted,
///   when both engines share a [`Fence`].
///
/// # Assumptions
///
/// - No other process of the same identifier runs a resync at the same time.
///
/// # Errors
///
/// [`ResyncError`] when a run could not begin; all else is in the [`ResyncReport`].
///
/// The [crate's first page](crate) shows one at work.
#[derive(Debug, Clone)]
pub struct SyncEngine {
    catalog: Arc<dyn Catalog>,
    store: Arc<dyn IntegrationStore>,
    registry: Registry,
    hooks: Hooks,
    pool: Arc<MapperPool>,
    fence: Arc<Fence>,
    lake: Option<Arc<dyn Lake>>,
    options: SyncOptions,
    metrics: Metrics,
}

/// What may differ from engine to engine.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SyncOptions {
    /// Blueprints that may lose all their entities.
    pub allow_empty: AllowEmpty,
    /// Whether raw items are shown to the people who write mappings.
    pub send_examples: bool,
    /// What `env` shows in mapping expressions.
    pub environment: Environment,
    /// How many raw items travel together to the lake.
    pub lake_buffer: BufferLimits,
}

/// A run could not begin; nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResyncError {
    /// Port did not give what a run needs.
    #[error("the resync could not begin")]
    Catalog(#[source] CatalogError),
    /// The mapping is not valid; every fault on a line of its own.
    #[error("the mapping is not valid:\n{}", .0.join("\n"))]
    Mapping(Vec<String>),
}

/// What a full resync needs before it reads anything.
#[derive(Debug)]
struct Prepared {
    stored: Value,
    checked: CheckedMapping,
    metrics: RunMetrics,
}

/// What was noted and decided when a run began, before anything was read.
#[derive(Debug)]
struct Began {
    ticket: Ticket,
    /// Entities per blueprint; `None` when Port could not list them.
    census: Option<BTreeMap<String, usize>>,
    metrics: RunMetrics,
    /// Whose functions read the kinds.
    registry: Registry,
    /// Where copies of raw items go.
    copies: Option<Copies>,
    /// The resources that are read, each from when on; `None` for all of everything.
    since: Option<BTreeMap<usize, Since>>,
    event: WriteEvent,
}

impl SyncEngine {
    /// An engine that reads what the integration registered and writes to `catalog`.
    pub fn new<App, C>(
        integration: &Integration<App>,
        catalog: Arc<C>,
        pool: Arc<MapperPool>,
    ) -> Self
    where
        App: Clone + Send + Sync + 'static,
        C: Catalog + IntegrationStore,
    {
        Self {
            catalog: Arc::clone(&catalog) as _,
            store: catalog,
            registry: integration.registry().clone(),
            hooks: integration.hooks().clone(),
            pool,
            fence: Fence::new(),
            lake: None,
            options: SyncOptions::default(),
            metrics: Metrics::default(),
        }
    }

    /// An engine that reads these kinds and runs no hooks, for a catalog that only records.
    pub(crate) fn of_kinds<C>(registry: &Registry, catalog: Arc<C>, pool: Arc<MapperPool>) -> Self
    where
        C: Catalog + IntegrationStore,
    {
        Self {
            catalog: Arc::clone(&catalog) as _,
            store: catalog,
            registry: registry.clone(),
            hooks: Hooks::default(),
            pool,
            fence: Fence::new(),
            lake: None,
            options: SyncOptions::default(),
            metrics: Metrics::default(),
        }
    }

    /// The same engine with a lake, which decides for each run who makes entities of what it reads.
    #[must_use]
    pub fn lake(mut self, lake: Arc<dyn Lake>) -> Self {
        self.lake = Some(lake);
        self
    }

    /// The same engine over another catalog.
    #[must_use]
    pub fn over<C>(mut self, catalog: Arc<C>) -> Self
    where
        C: Catalog + IntegrationStore,
    {
        self.catalog = Arc::clone(&catalog) as _;
        self.store = catalog;
        self
    }

    /// The same engine beside others that write to the same catalog and share this fence.
    #[must_use]
    pub fn fenced(mut self, fence: Arc<Fence>) -> Self {
        self.fence = fence;
        self
    }

    /// The same engine with these options.
    #[must_use]
    pub fn options(mut self, options: SyncOptions) -> Self {
        self.options = options;
        self
    }

    /// The same engine, measured here.
    #[must_use]
    pub fn metered(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    pub(crate) const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Runs one full resync.
    ///
    /// Cancelling `cancellation` stops it between two batches: requests to write that were sent
    /// are awaited, nothing is deleted, and the report's outcome is [`Outcome::Aborted`].
    ///
    /// # Errors
    ///
    /// When the mapping could not be read or is not valid, or Port did not answer at all.
    pub async fn resync(
        &self,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<ResyncReport, ResyncError> {
        let id = Uuid::new_v4();
        let span = tracing::info_span!("resync", resync_id = %id);
        let resync = self.resync_as(id, progress, cancellation);
        Box::pin(resync).instrument(span).await
    }

    async fn resync_as(
        &self,
        id: Uuid,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<ResyncReport, ResyncError> {
        let started = Instant::now();
        let mut report = ResyncReport::new(id);
        let metrics = self.metrics.begin(id, cancellation.clone());
        let stored = self.store.mapping().await.map_err(ResyncError::Catalog)?;
        let Some(stored) = stored else {
            tracing::warn!("the mapping is empty, nothing is read and nothing is deleted");
            report.duration = started.elapsed();
            return Ok(report);
        };
        let checked = self.check(&stored)?;
        if checked.config.resources.is_empty() {
            tracing::warn!("the mapping has no resources, nothing is read and nothing is deleted");
            report.duration = started.elapsed();
            return Ok(report);
        }
        let routing = self.routing().await;
        report.routing = routing;
        let resources = checked.config.resources.iter();
        let kinds = resources.map(|resource| resource.kind.to_string());
        progress.begin(&stored, kinds, routing);
        // Port would not be told how kinds do whose items it processes itself.
        metrics.plan(&checked.config, routing != Routing::Forwarded);
        if let (Routing::Forwarded, Some(lake)) = (routing, &self.lake) {
            tracing::info!("resync began, raw items are forwarded");
            let forwarding = self.forwarding(lake, &checked.config, progress, &metrics);
            forwarding.run(&mut report, cancellation).await;
        } else {
            let prepared = Prepared {
                stored,
                checked,
                metrics,
            };
            self.write_all(&mut report, prepared, progress, cancellation)
                .await?;
        }
        report.duration = started.elapsed();
        tracing::info!(outcome = ?report.outcome, "resync ended");
        Ok(report)
    }

    /// Maps and writes everything, and deletes what is gone.
    async fn write_all(
        &self,
        report: &mut ResyncReport,
        prepared: Prepared,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<(), ResyncError> {
        let Prepared {
            stored,
            checked,
            metrics,
        } = prepared;
        let copies = self.copies(report.routing, report.id, Some(SystemTime::now()));
        let ticket = self.fence.begin_run();
        let before = self.catalog.now().await.map_err(ResyncError::Catalog)?;
        self.catalog.clear_cache();
        let census = census(&*self.catalog);
        let census = match cancellation.run_until_cancelled(census).await {
            Some(census) => census?,
            None => None,
        };
        let began = Began {
            ticket,
            census,
            registry: self.registry.clone(),
            copies,
            since: None,
            event: WriteEvent::Resync { id: report.id },
            metrics,
        };
        let run = self.run(checked, began, progress, cancellation);
        tracing::info!(resources = run.config.resources.len(), "resync began");
        if let Err(error) = self.hooks.run_resync_start().await {
            let reason = format!("a hook before the resync failed: {}", error_chain(&error));
            run.bars().all(&*reason);
            report.errors.push(reason);
        }
        report.resources = sync_resources(&run).await;
        settle_failed(&run, &mut report.resources).await;
        self.finish(&run, report, &stored, before, cancellation)
            .await;
        Ok(())
    }

    /// A full resync that begins now and is forwarded.
    fn forwarding<'e>(
        &'e self,
        lake: &'e Arc<dyn Lake>,
        config: &'e AppConfig,
        progress: &'e Progress,
        metrics: &'e RunMetrics,
    ) -> Forwarding<'e> {
        Forwarding {
            lake,
            registry: &self.registry,
            hooks: &self.hooks,
            store: &self.store,
            options: &self.options,
            config,
            progress,
            metrics,
            began: SystemTime::now(),
            since: None,
        }
    }

    /// Who makes entities of what a run reads. Asked once, so that no run mixes the two ways.
    async fn routing(&self) -> Routing {
        match &self.lake {
            Some(lake) => lake.routing().await,
            None => Routing::Local,
        }
    }

    /// Where copies of raw items go, if they are wanted.
    fn copies(&self, routing: Routing, sync: Uuid, began: Option<SystemTime>) -> Option<Copies> {
        let lake = self.lake.as_ref().filter(|_| routing == Routing::Copied)?;
        Some(Copies {
            lake: Arc::clone(lake),
            limits: self.options.lake_buffer,
            environment: self.options.environment.clone(),
            sync,
            began,
        })
    }

    fn check(&self, stored: &Value) -> Result<CheckedMapping, ResyncError> {
        CheckedMapping::check(stored, &self.registry, &self.options.environment)
            .map_err(ResyncError::Mapping)
    }

    /// Whether the mapping that the run with this progress began with was replaced by another valid
    /// one, so that the run may not delete and what it still writes will be written anew.
    ///
    /// Reads the stored mapping. A store that does not answer is no reason to think so, and neither
    /// is a mapping that no run could begin with.
    pub async fn is_outdated(&self, progress: &Progress) -> bool {
        let (Some(began), Ok(now)) = (progress.mapping(), self.store.mapping().await) else {
            return false;
        };
        now.is_none_or(|now| {
            now != *began
                && CheckedMapping::check(&now, &self.registry, &self.options.environment).is_ok()
        })
    }

    fn run(
        &self,
        checked: CheckedMapping,
        began: Began,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Arc<Run> {
        let plan = Plan::of(&checked);
        let CheckedMapping { config, mapping } = checked;
        Arc::new(Run::new(RunParts {
            catalog: Arc::clone(&self.catalog),
            store: Arc::clone(&self.store),
            registry: began.registry,
            pool: Arc::clone(&self.pool),
            write: WriteContext::new(&config, began.event),
            config,
            mapping,
            plan,
            progress: progress.clone(),
            send_examples: self.options.send_examples,
            stop: cancellation.child_token(),
            census: began.census,
            copies: began.copies,
            since: began.since,
            fence: Arc::clone(&self.fence),
            ticket: began.ticket,
            metrics: began.metrics,
        }))
    }

    /// Deletes what is proven to be gone and says how the run ended.
    async fn finish(
        &self,
        run: &Run,
        report: &mut ResyncReport,
        stored: &Value,
        before: SystemTime,
        cancellation: &CancellationToken,
    ) {
        if cancellation.is_cancelled() || run.is_ended() {
            run.bars().all("the run was stopped");
        } else if let Err(reason) = self.mapping_is_still(run, stored).await {
            run.bars().all(&*reason);
            report.errors.push(reason);
        }
        let began = Instant::now();
        run.metrics.reconciliation_began();
        report.reconciliation = reconcile(run, before, &self.options.allow_empty).await;
        let (done, deleted) = (
            report.reconciliation.is_done(),
            report.reconciliation.deleted(),
        );
        run.metrics.reconciliation_ended(began, done, deleted);
        run.background.finish().await;
        report.errors.extend(run.ended_because());
        report.outcome = if cancellation.is_cancelled() || run.is_ended() {
            Outcome::Aborted
        } else if run.unauthorized.load(Ordering::Relaxed) {
            Outcome::Unauthorized
        } else if report.is_incomplete() {
            Outcome::Incomplete
        } else {
            Outcome::Completed
        };
        if report.outcome == Outcome::Completed
            && let Err(error) = self.hooks.run_resync_complete().await
        {
            report.errors.push(format!(
                "a hook after the resync failed: {}",
                error_chain(&error)
            ));
            report.outcome = Outcome::Incomplete;
        }
    }

    /// Reads the mapping once more: what was mapped by one document is not deleted by another.
    async fn mapping_is_still(&self, run: &Run, stored: &Value) -> Result<(), String> {
        match self.store.mapping().await {
            Ok(Some(now)) if now == *stored => Ok(()),
            Ok(_) => Err("the mapping changed during the run".to_owned()),
            Err(error) => {
                run.note_refusal(&error);
                let error = error_chain(&error);
                Err(format!("the mapping could not be read again: {error}"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
