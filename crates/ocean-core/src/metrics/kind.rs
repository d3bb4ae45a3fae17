//! One kind of a run: its state, its numbers, and what the process needed while it ran.
//!
//! Start with [`Kind`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::process::Needs;
use super::samples::{
    FILTERED_OUT, LOADED, NOT_LOADED, NOT_MAPPED, NOT_READ, RAW, SKIPPED, Samples, Series,
    TRANSFORMED,
};
use super::spread::Spread;
use super::told::{KindMetrics, SyncState};
use crate::http::NoteSize;

const CPU: [&str; 3] = ["cpu_max_percent", "cpu_median_percent", "cpu_avg_percent"];
const MEMORY: [&str; 3] = [
    "memory_max_bytes",
    "memory_median_bytes",
    "memory_avg_bytes",
];
const LATENCY: [&str; 3] = [
    "event_loop_latency_max_ms",
    "event_loop_latency_median_ms",
    "event_loop_latency_avg_ms",
];

/// The numbers of usage, in the order of `/metrics`.
pub(super) const USAGE: [(&str, &str); 12] = [
    (
        "cpu_max_percent",
        "The most of one processor that was used while the kind ran.",
    ),
    (
        "cpu_median_percent",
        "The median of the processor time used while the kind ran.",
    ),
    (
        "cpu_avg_percent",
        "The average of the processor time used while the kind ran.",
    ),
    (
        "memory_max_bytes",
        "The most memory that was occupied while the kind ran.",
    ),
    (
        "memory_median_bytes",
        "The median of the memory occupied while the kind ran.",
    ),
    (
        "memory_avg_bytes",
        "The average of the memory occupied while the kind ran.",
    ),
    (
        "event_loop_latency_max_ms",
        "The longest wait of a task that was ready to run.",
    ),
    (
        "event_loop_latency_median_ms",
        "The median wait of a task that was ready to run.",
    ),
    (
        "event_loop_latency_avg_ms",
        "The average wait of a task that was ready to run.",
    ),
    (
        "response_size_total_bytes",
        "The size of all answers of the third-party system.",
    ),
    (
        "response_size_avg_bytes",
        "The average size of its answers.",
    ),
    (
        "response_size_median_bytes",
        "The median size of its answers.",
    ),
];

/// What became of the items of a kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// Its position in the mapping.
    pub(crate) index: usize,
    /// Whether everything of it was read and written.
    pub(crate) complete: bool,
    /// From its first request to its last answer.
    pub(crate) duration: Duration,
    /// Functions that failed while they read it.
    pub(crate) failed_reads: usize,
    /// Raw items.
    pub(crate) raw: usize,
    /// Items that became entities.
    pub(crate) transformed: usize,
    /// Items that the query or a missing identifier left out.
    pub(crate) filtered_out: usize,
    /// Items whose mapping failed.
    pub(crate) not_mapped: usize,
    /// Entities that were written.
    pub(crate) loaded: usize,
    /// Entities that were refused or not acknowledged.
    pub(crate) not_loaded: usize,
    /// Entities that Port had already.
    pub(crate) skipped: usize,
}

/// A kind, or one of the two that every run has beside those of its mapping.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) identifier: String,
    kind: String,
    index: usize,
    blueprint: String,
    pub(super) state: SyncState,
    pub(super) samples: Samples,
    cpu: Spread,
    memory: Spread,
    latency: Spread,
    received: Arc<Mutex<Spread>>,
}

impl Kind {
    /// A resource of the mapping.
    pub(super) fn resource(kind: &str, index: usize, blueprint: &str) -> Self {
        Self {
            identifier: format!("{kind}-{index}"),
            index,
            blueprint: blueprint.to_owned(),
            samples: Samples::at_start(),
            ..Self::special(kind)
        }
    }

    /// `__runtime__` or `__reconciliation__`.
    pub(super) fn special(name: &str) -> Self {
        Self {
            identifier: name.to_owned(),
            kind: name.to_owned(),
            index: 0,
            blueprint: String::new(),
            state: SyncState::Pending,
            samples: Samples::default(),
            cpu: Spread::default(),
            memory: Spread::default(),
            latency: Spread::default(),
            received: Arc::default(),
        }
    }

    /// Where the sizes of answers are noted while the kind is read.
    pub(super) fn note_sizes(&self) -> NoteSize {
        let received = Arc::clone(&self.received);
        #[expect(
            clippy::cast_precision_loss,
            reason = "an answer has at most gigabytes"
        )]
        let note = move |bytes: usize| {
            let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
            received.add(bytes as f64);
        };
        Arc::new(note)
    }

    /// Notes what the process needs now, if the kind runs.
    pub(super) fn sample(&mut self, needs: Needs, latency_ms: f64) {
        if self.state == SyncState::Syncing {
            self.cpu.add(needs.cpu_percent);
            self.memory.add(needs.memory_bytes);
            self.latency.add(latency_ms);
        }
    }

    /// Takes over what became of its items.
    pub(super) fn count(&mut self, measured: &Measured) {
        let samples = &mut self.samples;
        samples.set(Series::Duration, measured.duration.as_secs_f64());
        samples.set(Series::Success, success(measured.complete));
        samples.count(RAW, measured.raw);
        if measured.failed_reads > 0 {
            samples.count(NOT_READ, measured.failed_reads);
        }
        samples.count(TRANSFORMED, measured.transformed);
        samples.count(FILTERED_OUT, measured.filtered_out);
        samples.count(NOT_MAPPED, measured.not_mapped);
        samples.count(LOADED, measured.loaded);
        samples.count(NOT_LOADED, measured.not_loaded);
        samples.count(SKIPPED, measured.skipped);
    }

    /// Takes over what the process needed meanwhile.
    pub(super) fn measure(&mut self) {
        self.samples.spread(CPU, &self.cpu);
        self.samples.spread(MEMORY, &self.memory);
        self.samples.spread(LATENCY, &self.latency);
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = [
            ("response_size_total_bytes", received.sum()),
            ("response_size_avg_bytes", received.average()),
            ("response_size_median_bytes", received.median()),
        ];
        for (name, value) in sizes {
            self.samples.set(Series::Usage(name), value);
        }
    }

    pub(super) fn told(&self) -> KindMetrics {
        KindMetrics {
            identifier: self.identifier.clone(),
            kind: self.kind.clone(),
            index: self.index,
            state: self.state,
            blueprint: self.blueprint.clone(),
            metrics: self.samples.nested(),
        }
    }
}

pub(super) const fn success(is_success: bool) -> f64 {
    if is_success { 1.0 } else { 0.0 }
}
