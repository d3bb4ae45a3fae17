//! What is handled together, what is merged, and what the mapping makes of it.

use std::time::Duration;

use serde_json::json;

use super::world::{World, item_resource, resource};
use crate::live::EventQueue as _;

#[tokio::test(start_paused = true)]
async fn a_burst_about_many_items_is_handled_in_full_batches() {
    let mut world = World::new();
    world.start();
    for id in 0..100 {
        world.source.put(id, 1);
        world.tell(id).await;
    }
    let counts = world.settled().await;
    assert_eq!(counts.applied, 100);
    assert_eq!(world.titles(), world.wanted());
    // The first goes at once, the others in tens.
    assert!(
        world.source.calls() <= 12,
        "{:?}",
        world.source.asked.lock().unwrap()
    );
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_single_event_does_not_wait_for_others() {
    let mut world = World::new();
    world.start();
    world.source.put(1, 1);
    let began = tokio::time::Instant::now();
    world.tell(1).await;
    while world.queue.counts().pending > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(
        began.elapsed() < Duration::from_millis(5),
        "{:?}",
        began.elapsed()
    );
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_burst_about_one_item_asks_the_source_a_few_times_and_every_event_is_applied() {
    let mut world = World::new();
    *world.source.latency.lock().unwrap() = Duration::from_millis(50);
    world.start();
    for version in 0..1000 {
        world.source.put(1, version);
        world.tell(1).await;
        if version % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let counts = world.settled().await;
    assert_eq!((counts.accepted, counts.applied), (1000, 1000));
    assert_eq!(world.titles()["1"], "version 999");
    assert!(world.source.calls() <= 10, "{}", world.source.calls());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_carries_something_of_its_own_is_not_merged_away() {
    let mut world = World::new();
    world.source.put(1, 1);
    world.tell(1).await;
    world.tell_more(json!({"id": 1, "unique": true})).await;
    world.tell(1).await;
    world.start();
    assert_eq!(world.settled().await.applied, 3);
    // The first is superseded by the second, the second by nobody.
    assert_eq!(world.source.calls(), 2);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_the_query_refuses_leaves_the_catalog_unless_another_resource_takes_it() {
    let mut world = World::with_mapping(&[
        resource("item", ".title == \"version 1\""),
        resource("item", ".title == \"version 2\""),
    ]);
    world.start();
    for (version, expected) in [(1, 1), (2, 1), (3, 0)] {
        world.source.put(7, version);
        world.tell(7).await;
        world.settled().await;
        assert_eq!(world.titles().len(), expected, "version {version}");
    }
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_that_another_kind_may_have_put_there() {
    let mut world = World::with_mapping(&[item_resource(), resource("other", "true")]);
    world.source.put(1, 1);
    world.resync().await;
    world.source.items.lock().unwrap().clear();
    world.start();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles().len(), 1, "only a resync knows both kinds");
    world.stop().await;
    world.resync().await;
    assert_eq!(world.titles().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_by_a_resource_that_splits_items() {
    let mut split = item_resource();
    split["port"]["itemsToParse"] = json!("[.]");
    split["port"]["entity"]["mappings"]["identifier"] = json!(".item.id");
    let mut world = World::with_mapping(&[split]);
    world.source.put(1, 1);
    world.start();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles().len(), 1);
    world.source.items.lock().unwrap().clear();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles().len(), 1);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_item_is_removed_although_the_query_cannot_be_evaluated_on_what_is_left_of_it() {
    let mut world = World::with_mapping(&[resource("item", ".keep")]);
    world.source.put(1, 1);
    world.start();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles().len(), 1);
    world.source.items.lock().unwrap().clear();
    world.tell(1).await;
    assert_eq!(world.settled().await.applied, 2);
    assert_eq!(world.titles().len(), 0);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_concern_nobody_are_filtered() {
    let mut world = World::with_mapping(&[resource("other", "true")]);
    world.start();
    world.tell(1).await;
    world.tell_more(json!({"unknown": true})).await;
    let counts = world.settled().await;
    assert_eq!((counts.accepted, counts.filtered), (2, 2));
    assert_eq!(world.source.calls(), 0);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_mapping_is_read_once_a_minute_and_when_it_is_known_to_have_changed() {
    let mut world = World::new();
    world.start();
    let reads = |world: &World| {
        world
            .catalog
            .mapping_reads
            .load(std::sync::atomic::Ordering::SeqCst)
    };
    for id in 0..30 {
        world.source.put(id, 1);
        world.tell(id).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(reads(&world), 1);
    world
        .catalog
        .inner
        .set_mapping(json!({"resources": [resource("item", "false")]}));
    world.live.refresh_mapping();
    world.tell(1).await;
    world.settled().await;
    assert_eq!(reads(&world), 2);
    assert!(!world.titles().contains_key("1"));
    tokio::time::sleep(Duration::from_secs(61)).await;
    world.tell(2).await;
    world.settled().await;
    assert_eq!(reads(&world), 3);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f46_a_mapping_that_is_not_valid_leaves_the_last_good_one_at_work() {
    let mut world = World::new();
    world.start();
    world.source.put(1, 1);
    world.tell(1).await;
    world.settled().await;
    world
        .catalog
        .inner
        .set_mapping(json!({"resources": [resource("item", "(((")]}));
    world.live.refresh_mapping();
    world.source.put(1, 2);
    world.tell(1).await;
    world.settled().await;
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}
