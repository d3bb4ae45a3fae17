//! The numbers that core itself puts on the page: those of the last run, by the names of the
//! original, those of the process, and those of its HTTP clients.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::kind::USAGE;
use super::page::{Labels, MetricSource, Page};
use super::process::{cpu_time, resident_bytes};
use super::run::RunMetrics;
use super::samples::Series;
use super::{Teller, lock};
use crate::http::{HttpCounts, HttpMeter};

/// The families of the original that are not about usage, in its order.
const FAMILIES: [(&str, &str); 4] = [
    (
        "duration_seconds",
        "How long the kind took in the last resync.",
    ),
    (
        "object_count",
        "What became of the items of the kind in the last resync.",
    ),
    (
        "success",
        "Whether everything of the kind was read and written: 1 or 0.",
    ),
    (
        "rate_limit_wait_seconds",
        "Never set, as in the original: see ocean_http_paused_seconds.",
    ),
];

/// What is measured of the last run.
#[derive(Debug)]
pub(super) struct OfRun(pub(super) Arc<Mutex<Option<RunMetrics>>>);

impl MetricSource for OfRun {
    fn describe(&self, page: &mut Page<'_>) {
        let run = lock(&self.0).clone();
        let mut all: Vec<(Series, Labels, f64)> = Vec::new();
        if let Some(run) = run {
            for kind in run.state().all() {
                for (series, value) in kind.samples.iter() {
                    let mut labels = vec![("kind", kind.identifier.clone())];
                    let further = series.labels().into_iter();
                    labels.extend(further.map(|(name, value)| (name, value.to_owned())));
                    all.push((series, labels, value));
                }
            }
        }
        for (name, help) in FAMILIES.into_iter().chain(USAGE) {
            let samples = all.iter().filter(|(series, ..)| series.name() == name);
            page.gauge(
                name,
                help,
                samples.map(|(_, labels, value)| (labels.clone(), *value)),
            );
        }
    }
}

/// What the process needs.
#[derive(Debug)]
pub(super) struct OfProcess {
    began: Instant,
    teller: Arc<Teller>,
}

impl OfProcess {
    pub(super) fn new(teller: Arc<Teller>) -> Self {
        Self {
            began: Instant::now(),
            teller,
        }
    }
}

impl MetricSource for OfProcess {
    fn describe(&self, page: &mut Page<'_>) {
        let whole = |value| [(Labels::new(), value)];
        page.counter(
            "ocean_process_cpu_seconds",
            "How long the process has used a processor.",
            whole(cpu_time().as_secs_f64()),
        );
        page.gauge(
            "ocean_process_resident_memory_bytes",
            "The memory that the process occupies.",
            whole(resident_bytes()),
        );
        page.gauge(
            "ocean_process_uptime_seconds",
            "How long the process has been running.",
            whole(self.began.elapsed().as_secs_f64()),
        );
        page.counter(
            "ocean_sync_metrics_dropped",
            "Messages about a resync that Port was not told, because too many waited.",
            whole(number(self.teller.dropped.load(Ordering::Relaxed))),
        );
    }
}

/// What the HTTP clients have sent, by the system they talk to.
#[derive(Debug)]
pub(super) struct HttpSource(pub(super) Vec<(&'static str, Arc<HttpMeter>)>);

impl MetricSource for HttpSource {
    fn describe(&self, page: &mut Page<'_>) {
        let counted = self
            .0
            .iter()
            .map(|(system, meter)| (*system, meter.counts()));
        let counted: Vec<(&str, HttpCounts)> = counted.collect();
        let system = |system: &str| vec![("system", system.to_owned())];
        let ended = counted.iter().flat_map(|(name, counts)| {
            let ends = [
                ("succeeded", counts.succeeded),
                ("refused", counts.refused),
                ("server_error", counts.server_errors),
                ("unanswered", counts.unanswered),
            ];
            ends.map(|(outcome, count)| {
                let labels = vec![
                    ("system", (*name).to_owned()),
                    ("outcome", outcome.to_owned()),
                ];
                (labels, number(count))
            })
        });
        page.counter(
            "ocean_http_requests",
            "Requests that were sent, by their end.",
            ended,
        );
        let each = |value: fn(&HttpCounts) -> f64| {
            counted
                .iter()
                .map(move |(name, counts)| (system(name), value(counts)))
        };
        page.counter(
            "ocean_http_repeated",
            "Requests that repeated a failed one.",
            each(|counts| number(counts.repeated)),
        );
        page.counter(
            "ocean_http_pauses",
            "How often the other system asked for a pause.",
            each(|counts| number(counts.pauses)),
        );
        page.counter(
            "ocean_http_paused_seconds",
            "How long these pauses were, together.",
            each(|counts| counts.paused.as_secs_f64()),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing is counted up to 2^53")]
pub(super) const fn number(count: u64) -> f64 {
    count as f64
}
