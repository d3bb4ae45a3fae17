//! Who tells Port how a resync goes, without the resync waiting for it? [`Reporting`].

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Metrics;
use super::told::{SyncMetrics, Telemetry};
use crate::catalog::CatalogError;
use crate::error::error_chain;

/// How long one message may take. The next one waits for it, because their order matters.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// How long messages that wait have when the process ends.
const LAST_WORD: Duration = Duration::from_secs(3);

/// How often a running resync is measured, as in the original.
const BETWEEN_SAMPLES: Duration = Duration::from_millis(500);

/// Tells Port of the runs of a process, and measures them. Dropping it ends both.
///
/// # Guarantees
///
/// - Messages arrive in the order in which they were made, or not at all.
/// - Whether they arrive changes nothing about a run.
/// - While nothing runs, nothing is done.
#[derive(Debug)]
pub struct Reporting {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Reporting {
    /// Begins to tell, and says every so often that a run goes on.
    #[must_use]
    pub fn start(metrics: &Metrics, telemetry: Arc<dyn Telemetry>, heartbeat: Duration) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(tell(metrics.outbox(), Arc::clone(&telemetry), stop.clone()));
        // An incremental sync and a full resync may go on side by side, each under its own id.
        for beating in [metrics.running(), metrics.syncing()] {
            let (telemetry, stopped) = (Arc::clone(&telemetry), stop.clone());
            tasks.spawn(async move {
                let beating = beat(beating, telemetry, heartbeat);
                stopped.run_until_cancelled(beating).await;
            });
        }
        let (measured, stopped) = (metrics.clone(), stop.clone());
        tasks.spawn(async move {
            stopped.run_until_cancelled(sample(measured)).await;
        });
        Self { tasks, stop }
    }

    /// Tells what waits, for a few seconds at most, and ends.
    pub async fn finish(mut self) {
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(LAST_WORD, all).await.is_err() {
            tracing::warn!("port was not told everything about the resync when the process ended");
        }
    }
}

/// Tells one message after the other, and those that wait once it is to stop.
async fn tell(
    mut outbox: mpsc::Receiver<SyncMetrics>,
    telemetry: Arc<dyn Telemetry>,
    stop: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            biased;
            message = outbox.recv() => message,
            () = stop.cancelled() => return,
        };
        let Some(message) = message else { return };
        let told = in_time(telemetry.tell_sync_metrics(&message)).await;
        if let Err(error) = told {
            tracing::warn!(error, "port was not told how the resync goes");
        }
    }
}

/// Says every so often that the run goes on, as long as one does.
async fn beat(
    mut running: watch::Receiver<Option<Uuid>>,
    telemetry: Arc<dyn Telemetry>,
    every: Duration,
) {
    while let Some(event) = next_run(&mut running).await {
        while timeout(every, changed_from(&mut running, event))
            .await
            .is_err()
        {
            if let Err(error) = in_time(telemetry.tell_heartbeat(event)).await {
                tracing::warn!(error, "port was not told that the resync goes on");
            }
        }
    }
}

/// Measures the process while a run goes on.
async fn sample(metrics: Metrics) {
    let mut running = metrics.running();
    while next_run(&mut running).await.is_some() {
        sleep(BETWEEN_SAMPLES).await;
        let ready = Instant::now();
        // How long a task that could go on has to wait until it does.
        tokio::task::yield_now().await;
        metrics.sample(ready.elapsed().as_secs_f64() * 1_000.0);
    }
}

/// The run that goes on, or the next one; `None` when there never will be one.
async fn next_run(running: &mut watch::Receiver<Option<Uuid>>) -> Option<Uuid> {
    let found = running.wait_for(Option::is_some).await;
    found.ok().and_then(|found| *found)
}

async fn changed_from(running: &mut watch::Receiver<Option<Uuid>>, event: Uuid) {
    // An error means that nothing can run any more, which is a change, too.
    drop(running.wait_for(|now| *now != Some(event)).await);
}

async fn in_time(telling: impl Future<Output = Result<(), CatalogError>>) -> Result<(), String> {
    match timeout(TOLD_WITHIN, telling).await {
        Ok(told) => told.map_err(|error| error_chain(&error)),
        Err(_elapsed) => Err("port did not answer in time".to_owned()),
    }
}
