//! By which mapping are live events mapped?
//!
//! Start with [`LiveMapping`]: the mapping at Port, read when it is older than a minute or than the
//! last resync, or when somebody knows that it changed. While Port does not answer, or holds a
//! mapping that cannot be used, the last good one stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::failure::{Failure, FailureKind};
use crate::catalog::IntegrationStore;
use crate::error::error_chain;
use crate::mapping::{CheckedMapping, Environment};
use crate::resync::Registry;

/// How long a mapping that was read is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct LiveMapping {
    store: Arc<dyn IntegrationStore>,
    registry: Registry,
    environment: Environment,
    is_outdated: AtomicBool,
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    read_at: Instant,
    /// The last resync that had begun by then.
    run: u64,
    stored: Option<Value>,
    checked: Option<Arc<CheckedMapping>>,
}

impl LiveMapping {
    pub(super) fn new(
        store: Arc<dyn IntegrationStore>,
        registry: Registry,
        environment: Environment,
    ) -> Self {
        Self {
            store,
            registry,
            environment,
            is_outdated: AtomicBool::new(false),
            last: Mutex::default(),
        }
    }

    /// The same with what `env` shows in expressions.
    pub(super) fn with_environment(&self, environment: Environment) -> Self {
        Self::new(Arc::clone(&self.store), self.registry.clone(), environment)
    }

    /// The next event reads it anew.
    pub(super) fn refresh(&self) {
        self.is_outdated.store(true, Ordering::Relaxed);
    }

    /// The mapping; `None` when there is an empty one at Port. It is at least as new as the one of
    /// `run`, the last resync that began: what that leaves to an event has to be mapped alike.
    pub(super) async fn get(&self, run: u64) -> Result<Option<Arc<CheckedMapping>>, Failure> {
        let mut last = self.last.lock().await;
        let was_refreshed = self.is_outdated.swap(false, Ordering::Relaxed);
        if let Some(known) = &*last
            && !was_refreshed
            && known.run >= run
            && known.read_at.elapsed() < GOOD_FOR
        {
            return Ok(known.checked.clone());
        }
        match (self.read(last.as_ref(), run).await, &mut *last) {
            (Ok(read), last) => {
                let checked = read.checked.clone();
                *last = Some(read);
                Ok(checked)
            }
            (Err(problem), Some(known)) => {
                tracing::error!(error = problem, "live events keep to the last good mapping");
                known.read_at = Instant::now();
                known.run = known.run.max(run);
                Ok(known.checked.clone())
            }
            (Err(problem), None) => Err(Failure::new(FailureKind::Passing, problem)),
        }
    }

    async fn read(&self, last: Option<&Last>, run: u64) -> Result<Last, String> {
        let stored = self.store.mapping().await;
        let stored = stored
            .map_err(|error| format!("the mapping could not be read: {}", error_chain(&error)))?;
        let checked = match (&stored, last) {
            (None, _) => None,
            (Some(_), Some(last)) if last.stored == stored => last.checked.clone(),
            (Some(document), _) => {
                let checked = CheckedMapping::check(document, &self.registry, &self.environment);
                let checked = checked
                    .map_err(|faults| format!("the mapping is not valid: {}", faults.join("; ")))?;
                Some(Arc::new(checked))
            }
        };
        Ok(Last {
            read_at: Instant::now(),
            run,
            stored,
            checked,
        })
    }
}
