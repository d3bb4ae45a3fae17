//! Live events of which the other side makes entities.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::world::{Item, World};
use crate::lake::recording::RecordingLake;
use crate::lake::{RawOperation, RawOrigin, Routing};

fn world(routing: Routing) -> (World, Arc<RecordingLake>) {
    let lake = Arc::new(RecordingLake::new(routing));
    let mut world = World::new().with_lake(&lake);
    world.source.put(1, 7);
    world.start();
    (world, lake)
}

/// Operation and id of every item that arrived.
fn arrived(lake: &RecordingLake) -> Vec<(RawOperation, String)> {
    let writes = lake.writes();
    let entries = writes.iter().flat_map(|write| &write.entries);
    let items = entries.flat_map(|entry| {
        let id = |item: &crate::RawItem| item.get("id").unwrap();
        entry
            .items
            .iter()
            .map(move |item| (entry.operation, id(item)))
    });
    items.collect()
}

#[tokio::test(start_paused = true)]
async fn forwarded_events_arrive_once_and_change_no_catalog() {
    let (mut world, lake) = world(Routing::Forwarded);
    world.tell(1).await;
    world.tell(2).await;
    let counts = world.settled().await;
    world.stop().await;
    assert_eq!((counts.accepted, counts.applied), (2, 2));
    let mut arrived = arrived(&lake);
    arrived.sort_by_key(|(_, id)| id.clone());
    assert_eq!(
        arrived,
        [
            (RawOperation::Upsert, "1".to_owned()),
            (RawOperation::Delete, "2".to_owned())
        ]
    );
    assert_eq!(world.catalog.writes.load(Ordering::SeqCst), 0);
    let write = &lake.writes()[0];
    assert_eq!(write.sync, write.event);
    assert!(matches!(write.origin, RawOrigin::LiveEvent(_)));
    assert!(lake.stages().is_empty(), "only syncs have stages");
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_items_do_not_arrive_is_handled_again() {
    let (mut world, lake) = world(Routing::Forwarded);
    lake.fail_next_write();
    world.tell(1).await;
    let counts = world.settled().await;
    world.stop().await;
    assert_eq!((counts.applied, counts.dead), (1, 0));
    assert_eq!(arrived(&lake).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_other_side_does_not_want_is_a_dead_letter() {
    let (mut world, lake) = world(Routing::Forwarded);
    lake.is_stale.store(true, Ordering::SeqCst);
    world.tell(1).await;
    let counts = world.settled().await;
    world.stop().await;
    assert_eq!((counts.applied, counts.dead), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn copied_events_change_the_catalog_whatever_becomes_of_the_copy() {
    for fails in [false, true] {
        let (mut world, lake) = world(Routing::Copied);
        if fails {
            lake.fail_next_write();
        }
        world.tell(1).await;
        world.settled().await;
        world.stop().await;
        assert_eq!(world.titles(), world.wanted());
        assert_eq!(arrived(&lake).len(), usize::from(!fails));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flag_that_changes_decides_about_later_events_only() {
    let (mut world, lake) = world(Routing::Forwarded);
    let item = Item {
        version: 1,
        parent: None,
    };
    world.source.items.lock().unwrap().insert(2, item);
    world.tell(1).await;
    world.settled().await;
    lake.set_routing(Routing::Local);
    world.tell(2).await;
    world.settled().await;
    world.stop().await;
    assert_eq!(arrived(&lake), [(RawOperation::Upsert, "1".to_owned())]);
    assert_eq!(world.titles().into_keys().collect::<Vec<_>>(), ["2"]);
}
