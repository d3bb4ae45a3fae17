//! What Port is told of runs that tests act out, in which order, and what stands on the page.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::*;
use crate::app_config::AppConfig;
use crate::catalog::CatalogError;
use crate::error::ErrorClass;

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Listener {
    told: Mutex<Vec<String>>,
    last: Mutex<Vec<SyncMetrics>>,
    beats: Mutex<Vec<Uuid>>,
    hangs: bool,
    fails: bool,
}

impl Listener {
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.told))
    }
}

#[async_trait]
impl Telemetry for Listener {
    async fn tell_sync_metrics(&self, metrics: &SyncMetrics) -> Result<(), CatalogError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let kinds = metrics.kinds.iter();
        let kinds: Vec<String> = kinds
            .map(|kind| format!("{} {:?}", kind.identifier, kind.state).to_lowercase())
            .collect();
        let user = if metrics.to_user { " user" } else { "" };
        let port = if metrics.to_port { "" } else { " not-port" };
        let line = format!("{:?} {}{user}{port}", metrics.form, kinds.join(", "));
        lock(&self.told).push(line);
        lock(&self.last).push(metrics.clone());
        if self.fails {
            return Err(CatalogError::new(ErrorClass::Retryable, "down"));
        }
        Ok(())
    }

    async fn tell_heartbeat(&self, event: Uuid) -> Result<(), CatalogError> {
        lock(&self.beats).push(event);
        Ok(())
    }

    async fn keep_logs(&self, _: &[Value]) -> Result<bool, CatalogError> {
        Ok(true)
    }
}

fn config() -> AppConfig {
    let resource = |kind: &str| {
        json!({"kind": kind, "selector": {"query": "true"}, "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": format!("\"{kind}Blueprint\""),
        }}}})
    };
    let document = json!({"resources": [resource("issue"), resource("my-kind")]});
    AppConfig::from_value(&document).unwrap().config
}

fn measured(index: usize, complete: bool) -> Measured {
    Measured {
        index,
        complete,
        duration: Duration::from_secs(2),
        raw: 12,
        transformed: 9,
        filtered_out: 2,
        not_mapped: 1,
        loaded: 6,
        skipped: 3,
        ..Measured::default()
    }
}

struct Stage {
    metrics: Metrics,
    listener: Arc<Listener>,
    reporting: Reporting,
}

const BEAT: Duration = Duration::from_secs(10);

impl Stage {
    fn with(listener: Listener) -> Self {
        let (metrics, listener) = (Metrics::default(), Arc::new(listener));
        let telemetry = Arc::clone(&listener) as Arc<dyn Telemetry>;
        let reporting = Reporting::start(&metrics, telemetry, BEAT);
        Self {
            metrics,
            listener,
            reporting,
        }
    }

    fn begin(&self) -> (Uuid, CancellationToken, RunMetrics) {
        let (id, cancelled) = (Uuid::new_v4(), CancellationToken::new());
        let run = self.metrics.begin(id, cancelled.clone());
        (id, cancelled, run)
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_told_in_the_order_of_the_original() {
    let stage = Stage::with(Listener::default());
    let (id, _, run) = stage.begin();
    run.plan(&config(), true);
    for (index, complete) in [(0, true), (1, false)] {
        run.resource_began(index);
        run.note_sizes(index)(100);
        run.resource_ended(&measured(index, complete));
    }
    run.reconciliation_began();
    run.reconciliation_ended(Instant::now(), false, 0);
    stage.metrics.end(ResyncStatus::Failed);
    sleep(Duration::from_millis(1)).await;
    let told = [
        "List issue-0 pending, my-kind-1 pending",
        "List __runtime__ syncing user",
        "Kind issue-0 syncing",
        "Kind issue-0 completed user",
        "Kind my-kind-1 syncing",
        "Kind my-kind-1 failed user",
        "List __reconciliation__ syncing user",
        "Kind __reconciliation__ failed user",
        "List __runtime__ failed user",
    ];
    assert_eq!(stage.listener.lines(), told);
    let last = lock(&stage.listener.last).clone();
    assert!(last.iter().all(|told| told.event == id && told.to_port));
    let kind = &last[5].kinds[0];
    assert_eq!((kind.kind.as_str(), kind.index), ("my-kind", 1));
    assert_eq!(kind.blueprint, "\"my-kindBlueprint\"");
    let phases = &kind.metrics["phase"];
    assert_eq!(
        phases["resync"],
        json!({"duration_seconds": 2.0, "success": 0.0})
    );
    let objects = |phase: &str, became: &str| {
        phases[phase]["object_count_type"][became]["object_count"].clone()
    };
    assert_eq!(objects("extract", "raw_extracted"), 12.0);
    assert_eq!(
        objects("extract", "failed"),
        Value::Null,
        "no function failed"
    );
    assert_eq!(objects("transform", "transformed"), 9.0);
    assert_eq!(objects("transform", "filtered_out"), 2.0);
    assert_eq!(objects("transform", "failed"), 1.0);
    assert_eq!(objects("load", "loaded"), 6.0);
    assert_eq!(objects("load", "skipped"), 3.0);
    assert_eq!(kind.metrics["response_size_total_bytes"], 100.0);
    assert!(
        kind.metrics["memory_max_bytes"].is_number(),
        "a short kind is measured, too"
    );
    let deletion = r#"duration_seconds{kind="__reconciliation__",phase="delete"}"#;
    assert!(
        !stage.metrics.text().contains(deletion),
        "nothing was deleted"
    );
    // The two that every run has beside its kinds have no blueprint.
    assert_eq!(last[6].kinds[0].blueprint, "");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cut_off_leaves_no_kind_open() {
    let stage = Stage::with(Listener::default());
    let (_, cancelled, run) = stage.begin();
    run.plan(&config(), true);
    run.resource_began(0);
    cancelled.cancel();
    run.resource_ended(&measured(0, false));
    stage.metrics.end(ResyncStatus::Aborted);
    stage.metrics.end(ResyncStatus::Completed);
    sleep(Duration::from_millis(1)).await;
    let told = [
        "Kind issue-0 aborted user",
        "Kind my-kind-1 aborted user",
        "List __reconciliation__ aborted user",
        "List __runtime__ aborted user",
    ];
    assert_eq!(stage.listener.lines()[3..], told);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_could_not_begin_is_told_as_failed() {
    let stage = Stage::with(Listener::default());
    let _run = stage.begin();
    stage.metrics.end(ResyncStatus::Failed);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(stage.listener.lines(), ["List __runtime__ failed user"]);
}

#[tokio::test(start_paused = true)]
async fn where_port_processes_items_itself_only_the_user_and_the_page_are_told() {
    let stage = Stage::with(Listener::default());
    let (_, _, run) = stage.begin();
    run.plan(&config(), false);
    stage.metrics.end(ResyncStatus::Completed);
    sleep(Duration::from_millis(1)).await;
    let lines = stage.listener.lines();
    assert!(
        lines.iter().all(|line| line.ends_with("not-port")),
        "{lines:?}"
    );
    assert!(
        stage
            .metrics
            .text()
            .contains(r#"success{kind="__runtime__",phase="resync"} 1.0"#)
    );
}

#[tokio::test(start_paused = true)]
async fn a_port_that_hangs_delays_neither_the_run_nor_much_of_the_end() {
    let stage = Stage::with(Listener {
        hangs: true,
        ..Listener::default()
    });
    let (_, _, run) = stage.begin();
    for _ in 0..2 * OUTBOX {
        run.resource_began(0);
        run.plan(&config(), true);
    }
    let waiting = "ocean_sync_metrics_dropped_total ";
    let page = stage.metrics.text();
    let line = page.lines().find(|line| line.starts_with(waiting)).unwrap();
    assert_ne!(line, "ocean_sync_metrics_dropped_total 0.0");
    let began = tokio::time::Instant::now();
    stage.reporting.finish().await;
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_told_before_the_end_and_failures_hold_up_nothing() {
    let stage = Stage::with(Listener {
        fails: true,
        ..Listener::default()
    });
    let (_, _, run) = stage.begin();
    run.plan(&config(), true);
    stage.metrics.end(ResyncStatus::Completed);
    stage.reporting.finish().await;
    assert_eq!(stage.listener.lines().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_while_a_run_goes_on_and_with_its_id() {
    let stage = Stage::with(Listener::default());
    sleep(3 * BEAT).await;
    assert!(lock(&stage.listener.beats).is_empty(), "nothing runs");
    let (first, ..) = stage.begin();
    sleep(2 * BEAT + BEAT / 2).await;
    let (second, ..) = stage.begin();
    sleep(BEAT + BEAT / 2).await;
    stage.metrics.end(ResyncStatus::Completed);
    sleep(3 * BEAT).await;
    assert_eq!(*lock(&stage.listener.beats), [first, first, second]);
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_for_an_incremental_sync_beside_a_resync_under_its_own_id() {
    let stage = Stage::with(Listener::default());
    let sync = Uuid::new_v4();
    let going_on = stage.metrics.incremental_began(sync);
    sleep(BEAT + BEAT / 4).await;
    let (resync, ..) = stage.begin();
    sleep(BEAT + BEAT / 4).await;
    drop(going_on);
    sleep(BEAT).await;
    let beats = lock(&stage.listener.beats).clone();
    let of = |id: Uuid| beats.iter().filter(|beat| **beat == id).count();
    assert_eq!((of(sync), of(resync)), (2, 2), "{beats:?}");
}

#[tokio::test(start_paused = true)]
async fn the_page_shows_the_last_run_and_nothing_of_the_runs_before() {
    let stage = Stage::with(Listener::default());
    let (_, _, run) = stage.begin();
    run.plan(&config(), true);
    run.resource_began(1);
    sleep(Duration::from_secs(2)).await;
    run.resource_ended(&measured(1, true));
    let page = stage.metrics.text();
    assert!(
        page.contains(r#"success{kind="my-kind-1",phase="resync"} 1.0"#),
        "{page}"
    );
    assert!(
        page.contains(r#"memory_max_bytes{kind="my-kind-1"} "#),
        "{page}"
    );
    let (_, _, run) = stage.begin();
    let page = stage.metrics.text();
    assert!(!page.contains("my-kind-1"), "{page}");
    run.plan(&config(), true);
    let page = stage.metrics.text();
    assert!(
        page.contains(r#"success{kind="my-kind-1",phase="resync"} 0.0"#),
        "{page}"
    );
}

#[tokio::test]
async fn f86_a_thousand_runs_leave_as_many_series_as_one_and_a_page_is_quick() {
    let metrics = Metrics::default();
    metrics.add_http([("port", Arc::default()), ("desk", Arc::default())]);
    let series = |page: &str| -> BTreeSet<String> {
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        let names = lines.filter_map(|line| line.rsplit_once(' '));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    let mut first = BTreeSet::new();
    for round in 0..1_000 {
        let run = metrics.begin(Uuid::new_v4(), CancellationToken::new());
        run.plan(&config(), true);
        for index in 0..2 {
            run.resource_began(index);
            run.resource_ended(&measured(index, true));
        }
        metrics.end(ResyncStatus::Completed);
        if round == 0 {
            first = series(&metrics.text());
        }
    }
    assert_eq!(series(&metrics.text()), first);
    let began = Instant::now();
    for _ in 0..100 {
        assert!(metrics.text().ends_with("# EOF\n"));
    }
    // Also on a busy machine, without optimisation.
    let each = began.elapsed() / 100;
    assert!(each < Duration::from_millis(5), "{each:?}");
}
