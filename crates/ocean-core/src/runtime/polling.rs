//! Did somebody ask for a resync at Port since we last looked? [`poll`].

use std::time::{Duration, SystemTime};

use super::status::Status;
use super::trigger::{Demand, Trigger};
use crate::catalog::{CatalogError, IntegrationStore};
use crate::error::error_chain;

/// Asks Port again and again whether somebody wants a resync; never returns.
///
/// With `on_start` a run is asked for at once, and a request that Port knew by then counts as
/// answered by it. Otherwise a request counts as answered when a resync began after it, in this
/// process or in one before it.
pub(super) async fn poll(
    store: &dyn IntegrationStore,
    interval: Duration,
    on_start: bool,
    demand: &Demand,
    status: &Status,
) {
    let mut watermark = if on_start {
        // When Port does not answer, a request from before may be run once more: that costs a run,
        // and the other way round would cost a request.
        let requested = look(store.resync_requested_at(), status).await;
        demand.ask(Trigger::Start);
        tokio::time::sleep(interval).await;
        Watermark(requested.flatten())
    } else {
        Watermark(last_start(store, interval, status).await)
    };
    loop {
        let requested = look(store.resync_requested_at(), status).await;
        if watermark.is_passed_by(requested.flatten()) {
            demand.ask(Trigger::Request);
        }
        tokio::time::sleep(interval).await;
    }
}

/// Up to when requests are answered.
#[derive(Debug, Clone, Copy)]
struct Watermark(Option<SystemTime>);

impl Watermark {
    /// Whether a request is newer; if so, it counts as answered from now on.
    fn is_passed_by(&mut self, requested: Option<SystemTime>) -> bool {
        let newer = requested > self.0;
        if newer {
            self.0 = requested;
        }
        newer
    }
}

/// When the last resync of the integration began. Nothing is decided before Port has told it, or
/// a restart would repeat what an earlier process did.
async fn last_start(
    store: &dyn IntegrationStore,
    interval: Duration,
    status: &Status,
) -> Option<SystemTime> {
    loop {
        if let Some(began) = look(store.last_resync_start(), status).await {
            return began;
        }
        tokio::time::sleep(interval).await;
    }
}

/// What Port answers; `None` when it does not.
async fn look<T>(
    answer: impl Future<Output = Result<T, CatalogError>>,
    status: &Status,
) -> Option<T> {
    match answer.await {
        Ok(found) => {
            status.port_answered();
            Some(found)
        }
        Err(error) => {
            let error = error_chain(&error);
            tracing::warn!(error, "port was not asked for resync requests");
            status.port_failed(error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use serde_json::Value;
    use tokio::time::Instant;

    use super::*;
    use crate::catalog::ResyncState;
    use crate::error::ErrorClass;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A Port whose answers change with the minutes since the start.
    #[derive(Debug, Default)]
    struct Script {
        /// From which minute on which request is known.
        requests: Vec<(u64, u64)>,
        /// When the last resync began.
        last_start: Option<u64>,
        /// In which minutes it does not answer.
        down: Vec<u64>,
        began: Mutex<Option<Instant>>,
        calls: AtomicU32,
    }

    impl Script {
        fn minute(&self) -> Result<u64, CatalogError> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let began = *self.began.lock().unwrap().get_or_insert_with(Instant::now);
            let minute = began.elapsed().as_secs() / 60;
            if self.down.contains(&minute) {
                return Err(CatalogError::new(ErrorClass::Retryable, "port is down"));
            }
            Ok(minute)
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[async_trait]
    impl IntegrationStore for Script {
        async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
            Ok(None)
        }

        async fn set_resync_state(&self, _: &ResyncState) -> Result<(), CatalogError> {
            Ok(())
        }

        async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
            let minute = self.minute()?;
            let mut known = self.requests.iter().rev();
            let found = known.find(|(since, _)| *since <= minute);
            Ok(found.map(|(_, requested)| at(*requested)))
        }

        async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
            self.minute()?;
            Ok(self.last_start.map(at))
        }

        async fn send_kind_examples(&self, _: &str, _: Vec<Value>) -> Result<(), CatalogError> {
            Ok(())
        }
    }

    /// The minutes in which a run is asked for during the first ten.
    async fn minutes(script: Script, on_start: bool) -> Vec<(u64, Trigger)> {
        let (demand, status) = (Demand::default(), Status::default());
        let mut asked = Vec::new();
        let began = Instant::now();
        let watching = async {
            loop {
                let trigger = demand.next().await;
                asked.push((began.elapsed().as_secs() / 60, trigger));
            }
        };
        let polling = poll(&script, MINUTE, on_start, &demand, &status);
        let both = async { tokio::join!(watching, polling) };
        tokio::time::timeout(MINUTE * 10, both).await.unwrap_err();
        asked
    }

    async fn check(on_start: bool, script: Script, expected: &[(u64, Trigger)]) {
        let shown = format!("{script:?}");
        assert_eq!(minutes(script, on_start).await, expected, "{shown}");
    }

    fn requests(requests: &[(u64, u64)]) -> Script {
        Script {
            requests: requests.to_vec(),
            ..Script::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_resyncs_at_once_and_does_not_replay_an_old_request() {
        check(true, requests(&[]), &[(0, Trigger::Start)]).await;
        check(true, requests(&[(0, 100)]), &[(0, Trigger::Start)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn each_newer_request_is_answered_once() {
        let script = requests(&[(0, 100), (3, 200), (7, 300), (8, 250)]);
        let request = Trigger::Request;
        check(
            true,
            script,
            &[(0, Trigger::Start), (3, request), (7, request)],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_resync_at_start_only_what_is_newer_than_the_last_one_is_answered() {
        for (last_start, requested, expected) in [
            (None, None, &[][..]),
            (None, Some(100), &[(0, Trigger::Request)]),
            (Some(99), Some(100), &[(0, Trigger::Request)]),
            (Some(100), Some(100), &[]),
            (Some(101), Some(100), &[]),
            (Some(101), None, &[]),
        ] {
            let script = Script {
                requests: requested
                    .map(|requested| (0, requested))
                    .into_iter()
                    .collect(),
                last_start,
                ..Script::default()
            };
            check(false, script, expected).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_is_down_ends_nothing_and_loses_no_request() {
        let down = |minutes: &[u64], requests: &[(u64, u64)], last_start| Script {
            down: minutes.to_vec(),
            requests: requests.to_vec(),
            last_start,
            ..Script::default()
        };
        let script = down(&[2, 3, 4], &[(3, 100)], None);
        check(true, script, &[(0, Trigger::Start), (5, Trigger::Request)]).await;
        // What was answered before is not known yet, so that nothing is decided.
        let script = down(&[0, 1], &[(0, 100)], Some(200));
        check(false, script, &[]).await;
        let script = down(&[0, 1], &[(0, 300)], Some(200));
        check(false, script, &[(2, Trigger::Request)]).await;
        // The request may be older than the start; a run too many is the safe side.
        let script = down(&[0], &[(0, 100)], None);
        check(true, script, &[(0, Trigger::Start), (1, Trigger::Request)]).await;
    }
}
