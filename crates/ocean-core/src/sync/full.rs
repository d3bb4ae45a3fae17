//! A full resync, from its plan to its report.
//!
//! Start with [`SyncEngine::resync`].

use std::time::{Instant, SystemTime};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::census::census;
use super::reconcile::reconcile;
use super::resources::sync_resources;
use super::run::Run;
use super::settle::settle_failed;
use super::{Began, Outcome, Progress, ResyncError, ResyncReport, SyncEngine};
use crate::catalog::WriteEvent;
use crate::error::error_chain;
use crate::lake::Routing;
use crate::mapping::CheckedMapping;
use crate::metrics::RunMetrics;

/// What a full resync needs before it reads anything.
#[derive(Debug)]
struct Prepared {
    stored: Value,
    checked: CheckedMapping,
    metrics: RunMetrics,
}

impl SyncEngine {
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
        run.background.finish(&run.stop).await;
        report.errors.extend(run.ended_because());
        let ending = run.ending(cancellation);
        ending.conclude(report);
        if report.outcome == Outcome::Completed
            && let Err(error) = self.hooks.run_resync_complete().await
        {
            report.errors.push(format!(
                "a hook after the resync failed: {}",
                error_chain(&error)
            ));
            ending.conclude(report);
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
