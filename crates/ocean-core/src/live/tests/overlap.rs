//! Live events and resyncs at the same time: the catalog equals the source in the end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::world::{Item, World, wait_up_to};

/// Runs with pauses in between, without end.
async fn again_and_again<F: Future>(run: impl Fn() -> F) -> Infallible {
    loop {
        run().await;
        wait_up_to(Duration::from_millis(50)).await;
    }
}

/// Changes, creates and deletes items at random and tells of it out of order and sometimes twice,
/// while resyncs run one after another, and incremental syncs beside them.
async fn shuffled(seed: u64, changes: usize, items: u64) {
    fastrand::seed(seed);
    let mut world = World::new();
    *world.source.latency.lock().unwrap() = Duration::from_millis(30);
    *world.catalog.latency.lock().unwrap() = Duration::from_millis(20);
    world.start();
    let resyncs = again_and_again(|| world.resync());
    let incremental_syncs = again_and_again(|| world.sync_incrementally());
    let mutations = async {
        let mut untold = Vec::new();
        for version in 0..changes as u64 {
            let id = fastrand::u64(0..items);
            {
                let mut items = world.source.items.lock().unwrap();
                if fastrand::u8(0..4) == 0 {
                    items.remove(&id);
                } else {
                    items.insert(
                        id,
                        Item {
                            version,
                            parent: None,
                        },
                    );
                }
            }
            untold.push(id);
            if fastrand::u8(0..20) == 0 {
                untold.push(id);
            }
            // What is told is older than the change, and in another order.
            if untold.len() > 20 || version + 1 == changes as u64 {
                fastrand::shuffle(&mut untold);
                for id in untold.drain(..) {
                    world.tell(id).await;
                }
                wait_up_to(Duration::from_millis(40)).await;
            }
        }
        world.settled().await
    };
    let counts = tokio::select! {
        never = resyncs => match never {},
        never = incremental_syncs => match never {},
        counts = mutations => counts,
    };
    assert_eq!(counts.accepted, counts.applied, "seed {seed}");
    assert_eq!(world.titles(), world.wanted(), "seed {seed}");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn i4_shuffled_events_beside_resyncs_leave_what_the_source_has() {
    for seed in 0..30 {
        shuffled(seed, 300, 40).await;
    }
}

/// The size that the project promises; takes a minute without optimisation.
#[tokio::test(start_paused = true)]
async fn i4_ten_thousand_shuffled_events_over_five_hundred_items() {
    shuffled(4711, 10_000, 500).await;
}

#[tokio::test(start_paused = true)]
async fn f78_a_page_that_was_read_before_a_live_deletion_brings_nothing_back() {
    let mut world = World::new();
    for id in 0..40 {
        world.source.put(id, 1);
    }
    *world.source.latency.lock().unwrap() = Duration::from_secs(10);
    let sync = world.resync();
    let deletion = async {
        // The first page was read, and waits for its answer.
        tokio::time::sleep(Duration::from_micros(1)).await;
        world.source.items.lock().unwrap().remove(&3);
        world.source.put(4, 2);
        let stop = world.stop.clone();
        let live = Arc::clone(&world.live);
        *world.source.latency.lock().unwrap() = Duration::ZERO;
        world.tell(3).await;
        world.tell(4).await;
        tokio::select! {
            () = live.run(&stop) => {}
            _ = world.settled() => {}
        }
    };
    futures::join!(sync, deletion);
    let titles = world.titles();
    assert!(!titles.contains_key("3"), "the deleted item came back");
    assert_eq!(titles["4"], "version 2");
    assert_eq!(titles.len(), 39);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f43_what_a_live_event_created_is_not_deleted_whatever_the_clock_of_the_catalog_says() {
    let mut world = World::new();
    world.source.put(1, 1);
    *world.source.latency.lock().unwrap() = Duration::from_secs(10);
    let sync = world.resync();
    let creation = async {
        tokio::time::sleep(Duration::from_micros(1)).await;
        world.source.put(2, 1);
        *world.source.latency.lock().unwrap() = Duration::ZERO;
        world.tell(2).await;
        let (live, stop) = (Arc::clone(&world.live), world.stop.clone());
        tokio::select! {
            () = live.run(&stop) => {}
            _ = world.settled() => {}
        }
    };
    futures::join!(sync, creation);
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_older_page_does_not_bring_a_deleted_relation_target_back_as_an_empty_entity() {
    let mut world = World::new();
    for id in 0..30 {
        world.source.put(id, 1);
    }
    let child = Item {
        version: 1,
        parent: Some(3),
    };
    world.source.items.lock().unwrap().insert(29, child);
    world.resync().await;
    *world.source.latency.lock().unwrap() = Duration::from_secs(10);
    world
        .source
        .items
        .lock()
        .unwrap()
        .get_mut(&29)
        .unwrap()
        .version = 2;
    let sync = world.resync();
    let deletion = async {
        tokio::time::sleep(Duration::from_micros(1)).await;
        *world.source.latency.lock().unwrap() = Duration::ZERO;
        world.source.items.lock().unwrap().remove(&3);
        world.tell(3).await;
        let (live, stop) = (Arc::clone(&world.live), world.stop.clone());
        tokio::select! {
            () = live.run(&stop) => {}
            _ = world.settled() => {}
        }
    };
    futures::join!(sync, deletion);
    assert!(!world.titles().contains_key("3"));
    assert_eq!(world.titles()["29"], "version 2");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f65_a_late_event_of_an_older_state_does_no_harm() {
    let mut world = World::new();
    world.start();
    world.source.put(1, 2);
    // Deleted before it was told created; and told in the wrong order.
    for _ in 0..2 {
        world.tell_more(json!({"id": 1, "unique": true})).await;
        world.tell(1).await;
    }
    world.settled().await;
    assert_eq!(world.titles(), world.wanted());
    world.source.items.lock().unwrap().clear();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}
