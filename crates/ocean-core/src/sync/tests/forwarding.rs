//! Who makes entities of raw items: never both this process and the other side.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::world::{Kinds, World};
use crate::Environment;
use crate::lake::recording::RecordingLake;
use crate::lake::{RawOrigin, Routing};
use crate::sync::{Outcome, Progress, ResyncReport};

fn world(routing: Routing) -> World {
    let world = World::routed(routing);
    world.source.items(Kinds::A, &["a1", "a2"]);
    world.source.items(Kinds::B, &["b1"]);
    world
}

fn written(world: &World) -> usize {
    world.catalog.bulk_sizes().iter().sum()
}

/// The report, and what the other side was told.
async fn run(world: &World) -> (ResyncReport, Vec<String>) {
    let report = world.resync().await;
    (report, world.the_lake().stages())
}

#[tokio::test]
async fn forwarded_items_arrive_once_each_and_nothing_is_written() {
    let world = world(Routing::Forwarded);
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(report.routing, Routing::Forwarded);
    let arrived = world.arrived();
    assert_eq!(arrived["a"], ["a1", "a2"]);
    assert_eq!(arrived["b"], ["b1"]);
    assert_eq!(report.totals().forwarded, 3);
    assert_eq!(written(&world), 0);
    assert!(world.catalog.deleted.lock().unwrap().is_empty());
    assert_eq!(
        stages,
        [
            "started",
            "a-0 started",
            "a-0 finished",
            "b-1 started",
            "b-1 finished",
            "finished"
        ]
    );
    let write = &world.the_lake().writes()[0];
    assert_eq!(write.sync, report.id);
    assert!(matches!(write.origin, RawOrigin::Resync(_)));
}

#[tokio::test]
async fn without_the_flags_entities_are_written_and_the_lake_sees_nothing() {
    let world = world(Routing::Local);
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(written(&world), 3);
    assert!(world.the_lake().writes().is_empty() && stages.is_empty());
}

#[tokio::test]
async fn a_forwarded_sync_deletes_nothing_that_is_gone_at_the_source() {
    let world = world(Routing::Local);
    world.resync().await;
    world.the_lake().set_routing(Routing::Forwarded);
    world.source.items(Kinds::A, &["a1"]);
    world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a2"]);
}

#[tokio::test]
async fn a_flag_that_changes_in_the_middle_counts_for_the_next_run() {
    let mut world = world(Routing::Forwarded);
    world.source.stuck.lock().unwrap().insert("a".to_owned());
    tokio::time::pause();
    let lake = world.lake.clone().unwrap();
    let flip = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        lake.set_routing(Routing::Local);
    };
    let (report, ()) = tokio::join!(world.resync(), flip);
    assert_eq!(report.routing, Routing::Forwarded);
    assert_eq!((report.totals().forwarded, written(&world)), (3, 0));
    world.source.stuck.lock().unwrap().clear();
    world.lake = Some(lake);
    assert_eq!(world.resync().await.routing, Routing::Local);
    assert_eq!((world.arrived().len(), written(&world)), (2, 3));
}

#[tokio::test]
async fn a_kind_that_fails_is_told_so_and_the_others_go_on() {
    let world = world(Routing::Forwarded);
    let pages = vec![Ok(vec![json!({"id": "a1"})]), Err("no more".to_owned())];
    world.source.set(Kinds::A, pages);
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(
        stages[1..],
        [
            "a-0 started",
            "a-0 failed",
            "b-1 started",
            "b-1 finished",
            "finished"
        ]
    );
    assert_eq!(
        world.arrived()["a"],
        ["a1"],
        "what was read arrives all the same"
    );
}

#[tokio::test]
async fn items_that_do_not_arrive_fail_their_kind() {
    let world = world(Routing::Forwarded);
    world.the_lake().fail_next_write();
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(stages.contains(&"a-0 failed".to_owned()), "{stages:?}");
    assert_eq!(world.arrived().keys().collect::<Vec<_>>(), ["b"]);
    assert!(report.resources[0].incomplete[0].contains("did not arrive"));
    assert_eq!(written(&world), 0, "nothing is written in its place");
}

#[tokio::test]
async fn a_sync_that_was_taken_over_ends_without_a_word() {
    let world = world(Routing::Forwarded);
    world.the_lake().is_stale.store(true, Ordering::SeqCst);
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Aborted);
    assert_eq!(stages, ["started", "a-0 started"]);
    assert!(
        report.errors[0].contains("asked for the end"),
        "{report:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_port_aborts_ends_within_ten_seconds() {
    let world = world(Routing::Forwarded);
    world.source.stuck.lock().unwrap().insert("a".to_owned());
    world.the_lake().is_aborting.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Aborted);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(stages, ["started", "a-0 started"], "port knows already");
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_we_stop_is_told_to_be_aborted() {
    let world = world(Routing::Forwarded);
    world.source.stuck.lock().unwrap().insert("a".to_owned());
    let stop = CancellationToken::new();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.cancel();
    };
    let (engine, progress) = (world.engine(), Progress::default());
    let (report, ()) = tokio::join!(engine.resync(&progress, &stop), stopping);
    assert_eq!(report.unwrap().outcome, Outcome::Aborted);
    assert_eq!(
        world.the_lake().stages(),
        ["started", "a-0 started", "aborted"]
    );
}

#[tokio::test]
async fn when_nobody_hears_of_the_start_nothing_is_read() {
    let mut world = world(Routing::Forwarded);
    let mut lake = RecordingLake::new(Routing::Forwarded);
    lake.deaf_at = Some("started");
    world.lake = Some(lake.into());
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(stages.is_empty() && world.source.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_nobody_hears_of_a_kind_the_sync_has_failed() {
    for deaf_at in ["a-0 started", "a-0 finished"] {
        let mut world = world(Routing::Forwarded);
        let mut lake = RecordingLake::new(Routing::Forwarded);
        lake.deaf_at = Some(deaf_at);
        world.lake = Some(lake.into());
        let (report, stages) = run(&world).await;
        assert_eq!(report.outcome, Outcome::Incomplete, "{deaf_at}");
        assert_eq!(stages.last().unwrap(), "failed", "{deaf_at}");
        assert!(!stages.contains(&"b-1 started".to_owned()), "{deaf_at}");
    }
}

#[tokio::test]
async fn a_kind_that_nobody_reads_has_failed() {
    let mut world = world(Routing::Forwarded);
    world.resources[0]["kind"] = json!("unknown");
    let (report, stages) = run(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(
        stages.contains(&"unknown-0 failed".to_owned()),
        "{stages:?}"
    );
}

#[tokio::test]
async fn exported_variables_go_along_and_those_that_are_not_set_are_null() {
    let mut world = world(Routing::Forwarded);
    let variables = [("REGION".to_owned(), "eu".to_owned())];
    world.environment = Environment::new(variables);
    world.resources[0]["selector"]["exportEnvVariables"] = json!(["REGION", "MISSING"]);
    world.resync().await;
    let writes = world.the_lake().writes();
    let exported = writes[0].entries[0].environment.clone().unwrap();
    assert_eq!(exported["REGION"].as_deref(), Some("eu"));
    assert_eq!(exported["MISSING"], None);
    assert_eq!(writes[1].entries[0].environment, None);
}
