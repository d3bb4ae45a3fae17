//! Who makes entities of what processors say, and how does it get there when that is not us?
//!
//! Start with [`RawSide`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use super::failure::{Failure, FailureKind};
use super::handle::Answer;
use crate::app_config::AppConfig;
use crate::error::{ErrorClass, error_chain};
use crate::lake::{Lake, LakeError, RawEntry, RawOrigin, RawWrite, Routing};
use crate::mapping::Environment;

/// The lake, if there is one, and what goes along with raw items.
#[derive(Debug, Clone, Default)]
pub(super) struct RawSide {
    pub(super) lake: Option<Arc<dyn Lake>>,
    pub(super) environment: Environment,
}

impl RawSide {
    /// Decides for one batch of events; asked once, so that none is handled in both ways.
    pub(super) async fn routing(&self) -> Routing {
        match &self.lake {
            Some(lake) => lake.routing().await,
            None => Routing::Local,
        }
    }

    /// Sends what processors said, in one request for each kind. `received_at` is when the first
    /// of the events arrived.
    pub(super) async fn write(
        &self,
        config: &AppConfig,
        answers: &[Answer],
        received_at: SystemTime,
    ) -> Result<(), Failure> {
        let Some(lake) = &self.lake else {
            return Ok(());
        };
        let event = Uuid::new_v4();
        for (kind, entries) in self.entries(config, answers) {
            let write = RawWrite {
                sync: event,
                event,
                kind,
                origin: RawOrigin::LiveEvent(received_at),
                entries,
            };
            lake.write(&write)
                .await
                .map_err(|error| not_arrived(&error))?;
        }
        Ok(())
    }

    /// The same for items that are mapped here, too: what does not arrive is dropped.
    pub(super) async fn copy(
        &self,
        config: &AppConfig,
        answers: &[Answer],
        received_at: SystemTime,
    ) {
        if let Err(failure) = self.write(config, answers, received_at).await {
            let error = failure.reason;
            tracing::warn!(error, "copies of raw items are dropped");
        }
    }

    fn entries(&self, config: &AppConfig, answers: &[Answer]) -> BTreeMap<Arc<str>, Vec<RawEntry>> {
        let mut kinds: BTreeMap<Arc<str>, Vec<RawEntry>> = BTreeMap::new();
        for answer in answers {
            let Some(resource) = config.resources.get(answer.resource) else {
                continue;
            };
            let entry = |items: &[_]| {
                RawEntry::new(resource, answer.resource, items.to_vec(), &self.environment)
            };
            let entries = [
                entry(&answer.changes.updated),
                entry(&answer.changes.deleted).gone(),
            ];
            let some = entries.into_iter().filter(|entry| !entry.items.is_empty());
            for entry in some {
                let kind = Arc::clone(&resource.kind);
                kinds.entry(kind).or_default().push(entry);
            }
        }
        kinds
    }
}

fn not_arrived(error: &LakeError) -> Failure {
    let kind = match error.class() {
        ErrorClass::Retryable | ErrorClass::Unauthorized => FailureKind::Passing,
        ErrorClass::Permanent => FailureKind::Permanent,
    };
    Failure::new(
        kind,
        format!("raw items did not arrive: {}", error_chain(error)),
    )
}
