//! How does Port hear of a resync? [`ToldResyncs`] runs them and tells their states.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::schedule::Schedule;
use crate::catalog::{IntegrationStore, ResyncState, ResyncStatus};
use crate::error::error_chain;
use crate::sync::{Outcome, Progress, ResyncError, ResyncReport, SyncEngine};

/// How long Port may take to hear how a run is doing: what it shows of it decides nothing.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// How long Port may take to hear how a run ended once somebody wants the process to stop.
const LAST_WORD: Duration = Duration::from_secs(3);

/// Runs resyncs and tells Port when each begins and how it ends.
///
/// # Guarantees
///
/// - Whether Port can be told changes nothing about a run.
/// - A run that was stopped is told as aborted, unless the process is killed.
#[derive(Debug, Clone)]
pub struct ToldResyncs {
    engine: SyncEngine,
    store: Arc<dyn IntegrationStore>,
    grace: Duration,
    schedule: Option<Schedule>,
}

impl ToldResyncs {
    /// Runs the engine's resyncs and tells this store. Once the process is to stop, a run has the
    /// grace period to end what it is writing.
    #[must_use]
    pub const fn new(
        engine: SyncEngine,
        store: Arc<dyn IntegrationStore>,
        grace: Duration,
    ) -> Self {
        Self {
            engine,
            store,
            grace,
            schedule: None,
        }
    }

    /// The same with a schedule, of which Port is told.
    #[must_use]
    pub const fn scheduled(mut self, schedule: Option<Schedule>) -> Self {
        self.schedule = schedule;
        self
    }

    pub(super) const fn engine(&self) -> &SyncEngine {
        &self.engine
    }

    pub(super) const fn grace(&self) -> Duration {
        self.grace
    }

    pub(super) fn store(&self) -> Arc<dyn IntegrationStore> {
        Arc::clone(&self.store)
    }

    /// Runs one resync. Cancelling `cancel` ends it at a safe place; `stop`, which must cancel
    /// `cancel` too, also begins the grace period.
    ///
    /// `None` when it was stopped and did not come to an end within that.
    ///
    /// # Errors
    ///
    /// When it could not begin.
    pub async fn run(
        &self,
        progress: &Progress,
        cancel: &CancellationToken,
        stop: &CancellationToken,
    ) -> Result<Option<ResyncReport>, ResyncError> {
        self.tell(ResyncStatus::Running, stop.cancelled()).await;
        let ended = tokio::select! {
            biased;
            ended = self.engine.resync(progress, cancel) => Some(ended),
            () = after(stop, self.grace) => None,
        };
        let status = match &ended {
            None => ResyncStatus::Aborted,
            Some(Ok(report)) => status_of(report.outcome),
            Some(Err(_)) => ResyncStatus::Failed,
        };
        self.tell(status, after(stop, LAST_WORD)).await;
        self.engine.metrics().end(status);
        ended.transpose()
    }

    /// Runs one incremental sync, of which Port is not told. It is stopped like a resync.
    ///
    /// # Errors
    ///
    /// When it could not begin.
    pub async fn sync_incrementally(
        &self,
        interval: Duration,
        progress: &Progress,
        cancel: &CancellationToken,
        stop: &CancellationToken,
    ) -> Result<Option<ResyncReport>, ResyncError> {
        let ended = tokio::select! {
            biased;
            ended = self.engine.sync_incrementally(interval, progress, cancel) => Some(ended),
            () = after(stop, self.grace) => None,
        };
        ended.transpose()
    }

    /// Tells Port how the run is doing, until that takes too long or is `enough`.
    async fn tell(&self, status: ResyncStatus, enough: impl Future<Output = ()>) {
        let state = state(status, SystemTime::now(), self.schedule);
        let told = in_time(self.store.set_resync_state(&state), enough).await;
        let error = match told {
            Some(Ok(())) => return,
            Some(Err(error)) => error_chain(&error),
            None => "port did not answer in time".to_owned(),
        };
        tracing::warn!(
            error,
            state = status.as_str(),
            "port was not told the state of the resync"
        );
    }
}

/// What is told, always with the schedule.
fn state(status: ResyncStatus, now: SystemTime, schedule: Option<Schedule>) -> ResyncState {
    let mut state = ResyncState::new(status, now);
    state.next = schedule.and_then(|schedule| schedule.next(now));
    state.interval_minutes = schedule.map(|schedule| schedule.minutes());
    state
}

/// Ends this long after somebody wanted the process to stop.
pub(super) async fn after(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// What comes of telling Port; `None` when it took too long or was `enough`.
async fn in_time<T>(
    telling: impl Future<Output = T>,
    enough: impl Future<Output = ()>,
) -> Option<T> {
    tokio::select! {
        biased;
        told = tokio::time::timeout(TOLD_WITHIN, telling) => told.ok(),
        () = enough => None,
    }
}

const fn status_of(outcome: Outcome) -> ResyncStatus {
    match outcome {
        Outcome::Completed => ResyncStatus::Completed,
        Outcome::Aborted => ResyncStatus::Aborted,
        Outcome::Incomplete | Outcome::Unauthorized => ResyncStatus::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_port_that_never_answers_is_not_waited_for() {
        let began = Instant::now();
        assert_eq!(in_time(pending::<()>(), pending()).await, None);
        assert_eq!(began.elapsed(), TOLD_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_leaves_time_for_a_last_word_only() {
        let stop = CancellationToken::new();
        stop.cancel();
        let began = Instant::now();
        assert_eq!(in_time(pending::<()>(), stop.cancelled()).await, None);
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(
            in_time(pending::<()>(), after(&stop, LAST_WORD)).await,
            None
        );
        assert_eq!(began.elapsed(), LAST_WORD);
        assert_eq!(in_time(ready(7), after(&stop, LAST_WORD)).await, Some(7));
    }

    #[test]
    fn every_state_tells_of_the_schedule_and_without_one_there_is_no_next_resync() {
        let hour = Duration::from_secs(3600);
        let schedule = Schedule::starting_now(hour);
        let now = SystemTime::now();
        for status in [
            ResyncStatus::Running,
            ResyncStatus::Completed,
            ResyncStatus::Failed,
            ResyncStatus::Aborted,
        ] {
            let told = state(status, now, schedule);
            assert_eq!(told.interval_minutes, Some(60));
            assert!(
                told.next
                    .is_some_and(|next| next > now && next <= now + hour)
            );
            assert_eq!(state(status, now, None), ResyncState::new(status, now));
        }
    }
}
