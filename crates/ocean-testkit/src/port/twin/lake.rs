//! What a test asks and decides about raw items at a simulated Port.

use super::PortTwin;
use crate::port::lake::{LakeWrite, LifecycleCall};

impl PortTwin {
    /// The raw items that were sent instead of entities, or beside them.
    #[must_use]
    pub fn lake_writes(&self) -> Vec<LakeWrite> {
        self.port.state().lake.writes.clone()
    }

    /// How syncs were said to do whose raw items are processed at Port.
    #[must_use]
    pub fn lifecycle(&self) -> Vec<LifecycleCall> {
        self.port.state().lake.calls.clone()
    }

    /// Whether raw items are refused from now on, because another sync is said to have taken over.
    pub fn refuse_stale_syncs(&self, refuse: bool) {
        self.port.state().lake.is_stale = refuse;
    }

    /// Whether whoever asks is told from now on that the sync was aborted.
    pub fn abort_syncs(&self, abort: bool) {
        self.port.state().lake.is_aborting = abort;
    }
}
