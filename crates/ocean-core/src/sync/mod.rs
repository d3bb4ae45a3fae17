//! The resync engine: what runs are made of, and how one is put together.
//!
//! Start with [`SyncEngine`]; `full` and `incremental` tell its two sorts of runs from their
//! beginning to their [`ResyncReport`].

mod background;
mod cascade;
mod census;
mod content;
mod copies;
mod ending;
mod failed;
mod fenced;
mod fetch;
mod forward;
mod full;
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
use std::time::SystemTime;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::content::{differing_fields, field_of, fields_of};
use self::copies::Copies;
use self::forward::Forwarding;
pub(crate) use self::order::{dependency_levels, without_relations_into};
pub(crate) use self::outcome::is_answer;
use self::plan::Plan;
pub use self::progress::{Phase, Progress, ResourceProgress};
pub use self::reconcile::AllowEmpty;
pub use self::report::{
    BlueprintReport, Counts, ErrorGroup, NullField, Outcome, ReconciliationReport, ResourceReport,
    ResyncReport,
};
use self::run::{Run, RunParts};
use crate::app_config::AppConfig;
use crate::catalog::{Catalog, CatalogError, IntegrationStore, WriteContext, WriteEvent};
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
}

#[cfg(test)]
mod tests;
