//! Calls that a run makes on the side: they never delay it and never fail it.
//!
//! Start with [`Background`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::catalog::IntegrationStore;
use crate::error::error_chain;

/// How long the end of a run waits for calls that are still on their way.
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

    /// Waits a little for what is on its way, then drops it.
    pub(super) async fn finish(&self) {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("kind examples were still being sent when the run ended");
        }
    }
}
