//! Incremental syncs: what is read from when on, what is written, and when that moment moves.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::faulty::{failed, rejected};
use super::world::{Kinds, World};
use crate::IntegrationStore as _;
use crate::lake::Routing;
use crate::sync::{Outcome, Progress, ResourceReport, ResyncReport};

const INTERVAL: Duration = Duration::from_secs(15 * 60);
const MINUTE: Duration = Duration::from_secs(60);

async fn sync(world: &World) -> ResyncReport {
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    let engine = world.engine();
    let synced = engine.sync_incrementally(INTERVAL, &progress, &stop);
    synced.await.unwrap()
}

async fn cursor(world: &World, kind: &str, index: usize) -> Option<SystemTime> {
    world.catalog.inner.cursor(kind, index).await.unwrap()
}

/// From when on a kind was read last.
fn since(world: &World, kind: &str) -> SystemTime {
    let asked = world.source.asked.lock().unwrap();
    let mut asked = asked.iter().rev();
    let (_, since) = asked.find(|(asked, _)| asked == kind).unwrap();
    since.unwrap()
}

fn is_about(moment: SystemTime, ago: Duration) -> bool {
    let expected = SystemTime::now() - ago;
    let apart = moment.duration_since(expected);
    apart.unwrap_or_else(|error| error.duration()) < Duration::from_secs(5)
}

fn world() -> World {
    let world = World::new();
    world.source.items(Kinds::A, &["a1"]);
    world.source.items(Kinds::B, &["b1"]);
    world
}

#[tokio::test]
async fn what_changed_is_written_and_nothing_is_looked_up_or_deleted() {
    let world = world();
    world.source.items(Kinds::A, &["a1", "a2"]);
    world.resync().await;
    world.catalog.forget();
    world.source.items(Kinds::A, &["a2", "a3"]);
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert!(report.incremental);
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"], "an absent one stays");
    assert_eq!(world.catalog.bulk_sizes(), [2, 1]);
    assert_eq!(
        world
            .catalog
            .searches
            .load(std::sync::atomic::Ordering::SeqCst),
        0
    );
    assert!(world.catalog.deleted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_first_sync_reads_an_interval_and_the_next_from_a_minute_before_the_last() {
    let world = world();
    sync(&world).await;
    assert!(is_about(since(&world, "a"), INTERVAL + MINUTE));
    let moved = cursor(&world, "a", 0).await.unwrap();
    assert!(is_about(moved, MINUTE), "the overlap is part of the cursor");
    sync(&world).await;
    assert_eq!(since(&world, "a"), moved);
}

#[tokio::test]
async fn a_full_resync_reads_from_no_moment_on() {
    let world = world();
    world.resync().await;
    assert_eq!(
        world.source.asked.lock().unwrap()[0],
        ("a".to_owned(), None)
    );
}

#[tokio::test]
async fn a_cursor_in_the_future_is_not_believed() {
    let world = world();
    let ahead = SystemTime::now() + INTERVAL;
    world.catalog.inner.set_cursor("a", 0, ahead).await.unwrap();
    sync(&world).await;
    assert!(is_about(since(&world, "a"), MINUTE));
}

#[tokio::test]
async fn a_kind_that_fails_keeps_its_cursor_and_the_others_move_theirs() {
    let world = world();
    world.source.set(Kinds::A, vec![Err("no more".to_owned())]);
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(cursor(&world, "a", 0).await, None);
    assert!(cursor(&world, "b", 1).await.is_some());
    assert_eq!(world.ids("b"), ["b1"]);
}

#[tokio::test(start_paused = true)]
async fn what_port_did_not_acknowledge_is_read_again_and_what_it_refused_is_not() {
    for (outcome, moves) in [(failed(503), false), (rejected(422), true)] {
        let world = world();
        world.catalog.spoil("a1", 9, outcome.clone());
        sync(&world).await;
        let moved = cursor(&world, "a", 0).await.is_some();
        assert_eq!(moved, moves, "{outcome:?}");
    }
}

#[tokio::test]
async fn items_that_cannot_be_mapped_are_read_again() {
    let mut world = world();
    world.resources[0]["selector"]["query"] = json!("3");
    sync(&world).await;
    assert_eq!(cursor(&world, "a", 0).await, None);
}

#[tokio::test]
async fn a_cursor_that_cannot_be_asked_for_fails_its_kind_only() {
    let world = world();
    *world.catalog.cursor_fails.lock().unwrap() = Some("a");
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert!(world.ids("a").is_empty());
    assert_eq!(world.ids("b"), ["b1"]);
}

#[tokio::test]
async fn a_kind_without_a_function_for_it_is_left_alone() {
    let mut world = world();
    world.resources[0]["kind"] = json!("c");
    world.source.items(Kinds::C, &["c1"]);
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Completed);
    let read: Vec<_> = report.resources.iter().map(ResourceReport::name).collect();
    assert_eq!(read, ["b-1"]);
    assert!(cursor(&world, "b", 1).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_full_resync_that_begins_meanwhile_ends_it_and_its_cursors_stay() {
    let world = world();
    world.source.stuck.lock().unwrap().insert("a".to_owned());
    let resync = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.source.stuck.lock().unwrap().clear();
        world.source.set(
            Kinds::A,
            vec![Ok(vec![json!({"id": "a1", "title": "newer"})])],
        );
        world.resync().await
    };
    let (synced, resynced) = tokio::join!(sync(&world), resync);
    assert_eq!(synced.outcome, Outcome::Aborted, "{synced:#?}");
    assert_eq!(resynced.outcome, Outcome::Completed);
    assert_eq!(cursor(&world, "a", 0).await, None);
    let title = world.catalog.inner.entities()[0].title.clone();
    assert_eq!(title, Some(json!("newer")), "the older content did not win");
}

#[tokio::test(start_paused = true)]
async fn a_full_resync_that_runs_already_does_not_write_older_content_over_it() {
    let world = world();
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1", "title": "older"})])],
    );
    world.source.stuck.lock().unwrap().insert("a".to_owned());
    let incremental = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.source.stuck.lock().unwrap().clear();
        world.source.set(
            Kinds::A,
            vec![Ok(vec![json!({"id": "a1", "title": "newer"})])],
        );
        sync(&world).await
    };
    let (resynced, synced) = tokio::join!(world.resync(), incremental);
    assert_eq!(synced.outcome, Outcome::Completed, "{synced:#?}");
    assert_eq!(resynced.outcome, Outcome::Completed, "{resynced:#?}");
    let title = world.catalog.inner.entities()[0].title.clone();
    assert_eq!(title, Some(json!("newer")));
}

#[tokio::test]
async fn forwarded_changes_arrive_once_with_their_kinds_and_no_start_of_a_resync() {
    let mut world = World::routed(Routing::Forwarded);
    world.source.items(Kinds::A, &["a1"]);
    world.source.items(Kinds::B, &["b1"]);
    world.resources.swap(0, 1);
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let stages = world.the_lake().stages();
    assert_eq!(
        (&*stages[0], &**stages.last().unwrap()),
        ("started b-0 a-1", "finished")
    );
    assert_eq!(world.arrived()["a"], ["a1"]);
    assert!(world.catalog.bulk_sizes().is_empty());
    assert!(cursor(&world, "b", 0).await.is_some());
}

#[tokio::test]
async fn a_forwarded_kind_that_fails_keeps_its_cursor_and_fails_the_sync() {
    let world = World::routed(Routing::Forwarded);
    world.source.set(Kinds::A, vec![Err("no more".to_owned())]);
    world.source.items(Kinds::B, &["b1"]);
    let report = sync(&world).await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(world.the_lake().stages().last().unwrap(), "failed");
    assert_eq!(cursor(&world, "a", 0).await, None);
    assert!(cursor(&world, "b", 1).await.is_some());
}
