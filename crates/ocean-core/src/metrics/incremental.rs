//! The numbers of incremental syncs, which go on beside those of full resyncs.
//!
//! Start with [`IncrementalNumbers`]. The names are those of the original's newer core (0.56.2),
//! whose page has them without telling Port of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::lock;
use super::page::{Labels, MetricSource, Page};
use super::sources::number;

/// Why an incremental sync can have gone wrong, each with its count from the first one on.
const ERRORS: [&str; 4] = ["incomplete", "unauthorized", "port", "mapping"];
/// Why one can have been ended before it was through.
const INTERRUPTIONS: [&str; 3] = ["stopped", "superseded", "taken-over"];

/// What is known of the incremental syncs of a process; nothing before the first one.
#[derive(Debug, Default)]
pub(super) struct IncrementalNumbers {
    integration_type: String,
    kinds: BTreeMap<String, IncrementalKind>,
    errors: BTreeMap<&'static str, u64>,
    interruptions: BTreeMap<&'static str, u64>,
}

/// One kind that is read incrementally.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IncrementalKind {
    /// From when on it is read the next time.
    pub(crate) cursor: SystemTime,
    /// How long the last sync took for it.
    pub(crate) took: Duration,
}

/// How an incremental sync went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncrementalFault {
    /// Something of it did; one of [`ERRORS`].
    Error(&'static str),
    /// It was ended before it was through; one of [`INTERRUPTIONS`].
    Interrupted(&'static str),
}

/// Puts them on the page.
#[derive(Debug)]
pub(super) struct OfIncremental(pub(super) Arc<Mutex<IncrementalNumbers>>);

impl MetricSource for OfIncremental {
    fn describe(&self, page: &mut Page<'_>) {
        let numbers = lock(&self.0);
        // Most processes have no incremental syncs.
        if !numbers.errors.is_empty() {
            numbers.describe(page);
        }
    }
}

impl IncrementalNumbers {
    pub(super) fn set_integration_type(&mut self, integration_type: &str) {
        integration_type.clone_into(&mut self.integration_type);
    }

    /// A sync has ended.
    pub(super) fn note(
        &mut self,
        kinds: BTreeMap<String, IncrementalKind>,
        fault: Option<IncrementalFault>,
    ) {
        for reason in ERRORS {
            self.errors.entry(reason).or_default();
        }
        for reason in INTERRUPTIONS {
            self.interruptions.entry(reason).or_default();
        }
        if !kinds.is_empty() {
            self.kinds = kinds;
        }
        match fault {
            None => {}
            Some(IncrementalFault::Error(reason)) => {
                *self.errors.entry(reason).or_default() += 1;
            }
            Some(IncrementalFault::Interrupted(reason)) => {
                *self.interruptions.entry(reason).or_default() += 1;
            }
        }
    }

    fn describe(&self, page: &mut Page<'_>) {
        let labels = |name: &'static str, value: &str| -> Labels {
            let integration_type = ("integration_type", self.integration_type.clone());
            vec![integration_type, (name, value.to_owned())]
        };
        let now = SystemTime::now();
        let kinds = self.kinds.iter();
        page.gauge(
            "incremental_sync_cursor_age_seconds",
            "How long ago the moment is from which the kind is read the next time.",
            kinds.clone().map(|(name, kind)| {
                let age = now.duration_since(kind.cursor).unwrap_or_default();
                (labels("kind", name), age.as_secs_f64())
            }),
        );
        page.gauge(
            "incremental_sync_kind_duration_seconds",
            "How long the kind took in the last incremental sync.",
            kinds.map(|(name, kind)| (labels("kind", name), kind.took.as_secs_f64())),
        );
        let counted = [
            (
                "incremental_sync_run_errors",
                "Incremental syncs of which something went wrong.",
                &self.errors,
            ),
            (
                "incremental_sync_run_interrupted",
                "Incremental syncs that were ended before they were through.",
                &self.interruptions,
            ),
        ];
        for (name, help, reasons) in counted {
            let reasons = reasons.iter();
            page.counter(
                name,
                help,
                reasons.map(|(reason, count)| (labels("reason", reason), number(*count))),
            );
        }
    }
}
