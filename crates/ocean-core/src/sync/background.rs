//! Calls that a run makes on the side: they never delay it and never fail it.
//!
//! Start with [`Background`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::catalog::IntegrationStore;
use crate::error::error_chain;

/// How long the end of a run waits for calls that are still on their way: long enough for a busy
/// machine, and a Port that never answers them holds up nothing but the end of the run.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a run waits that is to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Owns the tasks of calls on the side; dropping it stops them.
#[derive(Debug, Default)]
pub(super) struct Background {
    tasks: Mutex<JoinSet<()>>,
}

impl Background {
    /// Shows raw items of a kind to the people who write its mapping.
    pub(super) fn send_examples(
        &self,
        store: &Arc<dyn IntegrationStore>,
        kind: &str,
        examples: Vec<Value>,
    ) {
        let (store, kind) = (Arc::clone(store), kind.to_owned());
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let sending = async move {
            if let Err(error) = store.send_kind_examples(&kind, examples).await {
                let error = error_chain(&error);
                tracing::warn!(kind, error, "kind examples were not sent");
            }
        };
        tasks.spawn(sending.in_current_span());
    }

    /// Waits for what is on its way, for a little only once the run is to stop, then drops it.
    pub(super) async fn finish(&self, stop: &CancellationToken) {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        let too_late = async {
            let stopped = tokio::time::timeout(PATIENCE, stop.cancelled()).await;
            if stopped.is_ok() {
                tokio::time::sleep(GRACE).await;
            }
        };
        tokio::select! {
            biased;
            () = all => {}
            () = too_late => {
                tracing::warn!("kind examples were still being sent when the run ended");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use async_trait::async_trait;
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::catalog::{CatalogError, ResyncState};

    /// A Port that takes its time for examples.
    #[derive(Debug, Default)]
    struct Slow {
        takes: Duration,
        arrived: AtomicUsize,
    }

    #[async_trait]
    impl IntegrationStore for Slow {
        async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
            Ok(None)
        }

        async fn set_resync_state(&self, _: &ResyncState) -> Result<(), CatalogError> {
            Ok(())
        }

        async fn cursor(&self, _: &str, _: usize) -> Result<Option<SystemTime>, CatalogError> {
            Ok(None)
        }

        async fn send_kind_examples(&self, _: &str, _: Vec<Value>) -> Result<(), CatalogError> {
            tokio::time::sleep(self.takes).await;
            self.arrived.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    /// How many of two examples arrived that take so long, and how long the run waited.
    async fn check(takes: u64, stopped_after: Option<u64>) -> (usize, u64) {
        let slow = Arc::new(Slow {
            takes: Duration::from_secs(takes),
            ..Slow::default()
        });
        let store: Arc<dyn IntegrationStore> = Arc::clone(&slow) as _;
        let background = Background::default();
        for kind in ["a", "b"] {
            background.send_examples(&store, kind, vec![json!({})]);
        }
        let (stop, began) = (CancellationToken::new(), Instant::now());
        let stopping = async {
            if let Some(after) = stopped_after {
                tokio::time::sleep(Duration::from_secs(after)).await;
                stop.cancel();
            }
        };
        tokio::join!(background.finish(&stop), stopping);
        let waited = began.elapsed().as_secs();
        (slow.arrived.load(Ordering::SeqCst), waited)
    }

    #[tokio::test(start_paused = true)]
    async fn examples_that_take_long_are_waited_for() {
        assert_eq!(check(10, None).await, (2, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn examples_that_never_arrive_are_given_up() {
        assert_eq!(check(3600, None).await, (0, 15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_is_to_stop_does_not_wait_for_examples() {
        assert_eq!(check(3600, Some(0)).await, (0, 2));
        assert_eq!(check(3600, Some(5)).await, (0, 7));
        assert_eq!(check(1, Some(0)).await, (2, 1));
    }
}
