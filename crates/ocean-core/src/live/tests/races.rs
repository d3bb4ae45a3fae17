//! Interleavings of resyncs and live events, each played on purpose.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use super::world::{Fault, Item, World, item_resource};
use crate::app_config::AppConfig;
use crate::fence::Claim;
use crate::live::EventQueue as _;
use crate::{Catalog as _, EntityRef, WriteContext, WriteEvent};

/// Items that the catalog has, and then one of them relates anew to item 3.
async fn with_a_new_child_of_three() -> World {
    let world = World::new();
    for id in 0..30 {
        world.source.put(id, 1);
    }
    world.resync().await;
    let child = Item {
        version: 2,
        parent: Some(3),
    };
    world.source.items.lock().unwrap().insert(29, child);
    world
}

#[tokio::test(start_paused = true)]
async fn f78_a_bulk_in_flight_does_not_bring_back_a_relation_target_that_is_being_deleted() {
    let mut world = with_a_new_child_of_three().await;
    *world.catalog.upsert_delay.lock().unwrap() = Duration::from_secs(10);
    world.start();
    let deletion = async {
        // The bulk with the child is on its way.
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.source.items.lock().unwrap().remove(&3);
        world.tell(3).await;
        world.settled().await;
    };
    futures::join!(world.resync(), deletion);
    assert!(!world.titles().contains_key("3"), "an empty entity came");
    assert_eq!(world.titles()["29"], "version 2");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f78_an_event_that_was_read_earlier_does_not_bring_back_a_deleted_relation_target() {
    let mut world = with_a_new_child_of_three().await;
    world.start();
    *world.source.latency.lock().unwrap() = Duration::from_secs(10);
    world.tell(29).await;
    // The child was read, or is going to be; its answer is slow.
    tokio::time::sleep(Duration::from_micros(1)).await;
    *world.source.latency.lock().unwrap() = Duration::ZERO;
    *world.catalog.upsert_delay.lock().unwrap() = Duration::from_secs(60);
    tokio::time::sleep(Duration::from_secs(20)).await;
    {
        let mut items = world.source.items.lock().unwrap();
        items.remove(&3);
        items.get_mut(&29).unwrap().parent = None;
    }
    world.tell(3).await;
    world.tell(29).await;
    world.settled().await;
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f78_the_retry_at_the_end_of_a_run_does_not_bring_back_a_deleted_relation_target() {
    let world = with_a_new_child_of_three().await;
    *world.catalog.upsert_delay.lock().unwrap() = Duration::from_secs(10);
    *world.catalog.is_down.lock().unwrap() = true;
    let recovery = async {
        // The bulk with the child was refused, and is sent again.
        while world.catalog.writes.load(Ordering::SeqCst) < 4 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        *world.catalog.is_down.lock().unwrap() = false;
    };
    let three = EntityRef::new("item", "3");
    let deletion = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let write = WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent);
        let fence = &world.live.fence;
        let mut claim = Claim::default();
        claim.delete(fence.prints(), &three);
        let ticket = fence.ticket(fence.prints().of("", "items"));
        assert!(ticket.touch(&claim));
        world
            .catalog
            .inner
            .delete(&write, vec![three.clone()])
            .await
    };
    let (_, _, deleted) = futures::join!(world.resync(), recovery, deletion);
    assert_eq!(deleted.expect("it is there").deleted.len(), 1);
    assert_eq!(world.titles()["29"], "version 2");
    assert!(!world.titles().contains_key("3"), "an empty entity came");
}

#[tokio::test(start_paused = true)]
async fn an_event_does_not_wait_for_bulks_of_a_resync_whose_source_is_slow() {
    let mut world = World::new();
    for id in 0..200 {
        world.source.put(id, 1);
    }
    *world.source.stuck_at.lock().unwrap() = Some(180);
    *world.catalog.upsert_delay.lock().unwrap() = Duration::from_secs(1);
    world.start();
    let events = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        for id in 0..180 {
            world.source.put(id, 2);
            world.tell(id).await;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let counts = world.queue.counts();
        assert_eq!((counts.pending, counts.applied), (0, 180));
    };
    tokio::select! {
        _ = world.resync() => unreachable!("it takes an hour"),
        () = events => {}
    }
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_event_writes_beside_a_resync_is_mapped_as_the_resync_maps() {
    let mut world = World::new();
    for id in 0..3 {
        world.source.put(id, 1);
    }
    world.start();
    world.tell(1).await;
    world.settled().await;
    let mut resource = item_resource();
    resource["port"]["entity"]["mappings"]["title"] = json!("\"new \" + .title");
    let mapping = json!({"resources": [resource]});
    world.catalog.inner.set_mapping(mapping);
    *world.source.latency.lock().unwrap() = Duration::from_secs(10);
    let event = async {
        tokio::time::sleep(Duration::from_micros(1)).await;
        *world.source.latency.lock().unwrap() = Duration::ZERO;
        world.tell(1).await;
        world.settled().await;
    };
    futures::join!(world.resync(), event);
    assert_eq!(world.titles()["1"], "new version 1");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f62_events_that_hang_one_after_another_do_not_keep_a_good_one_waiting() {
    let mut world = World::new();
    for id in 1..=3 {
        world.source.put(id, 1);
    }
    for id in 1..=2 {
        world.source.faults.lock().unwrap().insert(id, Fault::Hangs);
        world.tell_more(json!({"id": id, "unique": true})).await;
    }
    world.start();
    tokio::time::sleep(Duration::from_secs(1800)).await;
    world.tell(3).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(
        world.titles().get("3").map(String::as_str),
        Some("version 1")
    );
    world.stop().await;
}
