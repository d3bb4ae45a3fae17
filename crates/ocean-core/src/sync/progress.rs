//! What a running resync is doing, for a display that polls it.
//!
//! Start with [`Progress`].

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::lake::Routing;

/// The progress of one run; cheap to clone and to read at any rate.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    resources: Arc<OnceLock<Vec<Arc<ResourceProgress>>>>,
    mapping: Arc<OnceLock<Value>>,
    routing: Arc<OnceLock<Routing>>,
    reconciling: Arc<ResourceProgress>,
}

impl Progress {
    /// Every resource of the mapping, in its order; empty until the mapping is known.
    #[must_use]
    pub fn resources(&self) -> &[Arc<ResourceProgress>] {
        self.resources.get().map_or(&[], Vec::as_slice)
    }

    /// The reconciliation at the end: `fetched` is what Port listed, `written` what was deleted.
    #[must_use]
    pub fn reconciliation(&self) -> &ResourceProgress {
        &self.reconciling
    }

    /// Who makes entities of what the run reads; `None` until that is decided, once for the run.
    #[must_use]
    pub fn routing(&self) -> Option<Routing> {
        self.routing.get().copied()
    }

    /// The mapping document of the run, as it was stored; `None` until it is known.
    pub(super) fn mapping(&self) -> Option<&Value> {
        self.mapping.get()
    }

    pub(super) fn begin(
        &self,
        mapping: &Value,
        kinds: impl Iterator<Item = String>,
        routing: Routing,
    ) {
        let resources = kinds
            .map(|kind| Arc::new(ResourceProgress::new(kind)))
            .collect();
        // A second run would need a `Progress` of its own; the first one's display stays.
        drop(self.resources.set(resources));
        drop(self.mapping.set(mapping.clone()));
        self.routing.get_or_init(|| routing);
    }

    pub(super) fn resource(&self, index: usize) -> Arc<ResourceProgress> {
        self.resources().get(index).cloned().unwrap_or_default()
    }
}

/// The progress of one resource.
#[derive(Debug, Default)]
pub struct ResourceProgress {
    kind: String,
    phase: AtomicU8,
    fetched: AtomicUsize,
    written: AtomicUsize,
    unchanged: AtomicUsize,
    failed: AtomicUsize,
}

impl ResourceProgress {
    fn new(kind: String) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// The kind it reads.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Waiting,
            1 => Phase::Running,
            2 => Phase::Done,
            _ => Phase::Incomplete,
        }
    }

    /// Raw items read so far.
    #[must_use]
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Entities created or updated so far.
    #[must_use]
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Entities that Port had already.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.unchanged.load(Ordering::Relaxed)
    }

    /// Items and entities that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn add_fetched(&self, items: usize) {
        self.fetched.fetch_add(items, Ordering::Relaxed);
    }

    pub(super) fn add_written(&self, entities: usize) {
        self.written.fetch_add(entities, Ordering::Relaxed);
    }

    pub(super) fn add_unchanged(&self, entities: usize) {
        self.unchanged.fetch_add(entities, Ordering::Relaxed);
    }

    pub(super) fn add_failed(&self, entities: usize) {
        self.failed.fetch_add(entities, Ordering::Relaxed);
    }
}

/// What a resource is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Its turn has not come.
    Waiting = 0,
    /// It is read, mapped and written.
    Running = 1,
    /// Everything of it was read and written.
    Done = 2,
    /// Something of it was not.
    Incomplete = 3,
}
