//! What stands on `/metrics` about the process that stays up? [`OfRuntime`] describes it.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::status::{Facts, Phase, ResyncFacts, Status};
use crate::live::{EventQueue, QueueCounts, QueueHealth};
use crate::metrics::{Labels, MetricSource, Page};

/// How a resync can have ended.
const OUTCOMES: [&str; 5] = [
    "completed",
    "incomplete",
    "unauthorized",
    "aborted",
    "refused",
];

/// The process, its queue of live events and its resyncs.
#[derive(Debug)]
pub(super) struct OfRuntime {
    pub(super) status: Arc<Status>,
    pub(super) queue: Arc<dyn EventQueue>,
}

impl MetricSource for OfRuntime {
    fn describe(&self, page: &mut Page<'_>) {
        let facts = self.status.facts();
        let health = self.queue.health();
        let accepting = !matches!(health, QueueHealth::Refusing(_));
        let flags = [
            (
                "ocean_ready",
                "Whether live events are accepted: 1 or 0.",
                Some(facts.phase == Phase::Running && accepting),
            ),
            (
                "ocean_port_reachable",
                "Whether Port answered when it was last asked; missing before the first answer.",
                facts.port.reachable,
            ),
            (
                "ocean_live_events_durable",
                "Whether accepted live events survive the process.",
                Some(health == QueueHealth::Durable),
            ),
            (
                "ocean_resync_running",
                "Whether a resync runs.",
                Some(facts.resync.running.is_some()),
            ),
        ];
        for (name, help, value) in flags {
            page.gauge(name, help, value.map(|value| (Labels::new(), flag(value))));
        }
        last_resync(page, &facts);
        live_events(page, self.queue.counts());
    }
}

fn last_resync(page: &mut Page<'_>, Facts { resync, .. }: &Facts) {
    let ResyncFacts { last, .. } = resync;
    let ended = last.as_ref();
    let outcomes = ended.into_iter().flat_map(|ended| {
        OUTCOMES.map(|outcome| {
            let labels = vec![("outcome", outcome.to_owned())];
            (labels, flag(ended.outcome == outcome))
        })
    });
    page.gauge(
        "ocean_resync_last_outcome",
        "How the last resync ended.",
        outcomes,
    );
    let at = ended.and_then(|ended| ended.at?.duration_since(UNIX_EPOCH).ok());
    page.gauge(
        "ocean_resync_last_end_timestamp_seconds",
        "When the last resync ended.",
        at.map(|at| (Labels::new(), at.as_secs_f64())),
    );
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 problems")]
    let problems = ended.map(|ended| (Labels::new(), ended.problems as f64));
    page.gauge(
        "ocean_resync_last_problems",
        "How much went wrong in it.",
        problems,
    );
}

fn live_events(page: &mut Page<'_>, counts: QueueCounts) {
    let grown = [
        ("accepted", counts.accepted),
        ("applied", counts.applied),
        ("filtered", counts.filtered),
        ("dead", counts.dead),
        ("duplicate", counts.duplicates),
        ("damaged", counts.damaged),
    ];
    page.counter(
        "ocean_live_events",
        "Live events: those accepted, and what became of them.",
        grown.map(|(became, count)| (vec![("state", became.to_owned())], number(count))),
    );
    let present = [
        (
            "ocean_live_events_pending",
            "Live events that wait or are handled.",
            counts.pending,
        ),
        (
            "ocean_live_events_pending_bytes",
            "The bytes of those.",
            counts.pending_bytes,
        ),
        (
            "ocean_dead_letters",
            "Live events that could not be handled.",
            counts.dead_letters,
        ),
    ];
    for (name, help, count) in present {
        page.gauge(name, help, [(Labels::new(), number(count))]);
    }
}

const fn flag(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "nothing is counted up to 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{MemoryQueue, NewEvent, QueueOptions};
    use crate::metrics::Metrics;
    use crate::runtime::Trigger;

    #[tokio::test]
    async fn the_page_tells_what_the_body_of_health_tells() {
        let status = Arc::<Status>::default();
        let queue = Arc::new(MemoryQueue::new(QueueOptions::new()));
        let metrics = Metrics::default();
        metrics.add(OfRuntime {
            status: Arc::clone(&status),
            queue: Arc::clone(&queue) as _,
        });
        let has = |line: &str| metrics.text().lines().any(|found| found == line);
        assert!(has("ocean_ready 0.0"));
        assert!(
            !metrics.text().contains("\nocean_port_reachable "),
            "nobody knows yet"
        );
        status.enter(Phase::Running);
        status.port_failed("down".to_owned());
        status.resync_began(Trigger::Start);
        queue.push(NewEvent::new("/webhook", "{}")).await.unwrap();
        for line in [
            "ocean_ready 1.0",
            "ocean_port_reachable 0.0",
            "ocean_live_events_durable 0.0",
            "ocean_resync_running 1.0",
            r#"ocean_live_events_total{state="accepted"} 1.0"#,
            "ocean_live_events_pending 1.0",
        ] {
            assert!(has(line), "{line} in {}", metrics.text());
        }
        status.resync_ended(Ok(None));
        assert!(has(r#"ocean_resync_last_outcome{outcome="aborted"} 1.0"#));
        assert!(has(r#"ocean_resync_last_outcome{outcome="completed"} 0.0"#));
    }
}
