//! Events that cannot be handled, and sides that are not there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::world::{Fault, World};
use crate::live::EventQueue as _;

/// An event about item 1 that fails beside twenty that do not.
async fn poison(fault: Fault) -> (World, Vec<crate::live::DeadLetter>) {
    let mut world = World::new();
    for id in 0..20 {
        world.source.put(id, 1);
    }
    world.source.faults.lock().unwrap().insert(1, fault);
    world.start();
    for id in 0..20 {
        world.tell(id).await;
    }
    // Others go on succeeding.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.tell(15).await;
    }
    world.settled().await;
    let letters = world.queue.dead_letters().await.unwrap();
    (world, letters)
}

#[tokio::test(start_paused = true)]
async fn f62_an_event_that_always_fails_becomes_a_dead_letter_and_blocks_nobody() {
    for (fault, attempts, reason) in [
        (
            Fault::Permanent,
            1,
            "kind item, resource 0: the source refuses",
        ),
        (Fault::Retryable, 4, "not just now"),
        (Fault::Panics, 4, "the processor panicked"),
        (Fault::Hangs, 4, "not handled within 5 s"),
    ] {
        let (mut world, letters) = poison(fault).await;
        assert_eq!(letters.len(), 1, "{fault:?}");
        assert_eq!(letters[0].attempts, attempts, "{fault:?}");
        assert!(letters[0].reason.contains(reason), "{}", letters[0].reason);
        let counts = world.queue.counts();
        assert_eq!(
            (counts.accepted, counts.applied, counts.dead),
            (40, 39, 1),
            "{fault:?}"
        );
        assert_eq!(world.titles().len(), 19, "{fault:?}: the others are there");
        world.source.faults.lock().unwrap().clear();
        world.queue.replay(None).await.unwrap();
        world.live.arrived().notify_one();
        world.settled().await;
        assert_eq!(world.titles(), world.wanted(), "{fault:?}: replayed");
        world.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn f62_an_entity_that_port_refuses_makes_only_its_own_event_a_dead_letter() {
    let mut world = World::new();
    world.catalog.rejected.lock().unwrap().push("7".to_owned());
    world.start();
    for id in 0..10 {
        world.source.put(id, 1);
        world.tell(id).await;
    }
    let counts = world.settled().await;
    assert_eq!((counts.applied, counts.dead), (9, 1));
    let letters = world.queue.dead_letters().await.unwrap();
    assert_eq!(letters[0].reason, "Port: refused (status 422)");
    assert_eq!(world.titles().len(), 9);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f63_while_port_is_down_events_are_kept_and_applied_in_order_afterwards() {
    let mut world = World::new();
    *world.catalog.is_down.lock().unwrap() = true;
    world.start();
    for hour in 0..4 {
        for id in 0..50 {
            world.source.put(id, hour);
            world.tell(id).await;
        }
        tokio::time::sleep(Duration::from_secs(900)).await;
    }
    assert_eq!(world.queue.counts().pending, 200);
    let writes = world.catalog.writes.load(Ordering::SeqCst);
    assert!(writes < 300, "Port is not hammered: {writes}");
    *world.catalog.is_down.lock().unwrap() = false;
    let counts = world.settled().await;
    assert_eq!(
        (counts.accepted, counts.applied, counts.dead),
        (200, 200, 0)
    );
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_the_source_is_down_no_attempt_is_spent() {
    let mut world = World::new();
    *world.source.is_down.lock().unwrap() = true;
    world.start();
    for id in 0..50 {
        world.source.put(id, 1);
        world.tell(id).await;
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.queue.counts().pending, 50);
    *world.source.is_down.lock().unwrap() = false;
    assert_eq!(world.settled().await.applied, 50);
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}

/// How long it takes after an outage until 400 events have ended, all of which the source refuses.
async fn refused_after_an_outage() -> Duration {
    let mut world = World::new();
    *world.source.is_down.lock().unwrap() = true;
    world.start();
    for id in 0..400 {
        world.source.put(id, 1);
        world.tell(id).await;
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.queue.counts().pending, 400);
    let refused = (0..400).map(|id| (id, Fault::Permanent));
    world.source.faults.lock().unwrap().extend(refused);
    *world.source.latency.lock().unwrap() = Duration::from_secs(4);
    *world.source.is_down.lock().unwrap() = false;
    let began = tokio::time::Instant::now();
    assert_eq!(world.settled().await.dead, 400);
    let took = began.elapsed();
    world.stop().await;
    took
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_events_that_are_refused_go_side_by_side() {
    // Four at a time, two seconds each, beside a minute of waiting: one at a time they take 800 s.
    let took = refused_after_an_outage().await;
    assert!(took < Duration::from_secs(600), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn events_that_are_refused_while_port_is_down_do_not_have_it_hammered() {
    let mut world = World::new();
    *world.catalog.is_down.lock().unwrap() = true;
    world.start();
    let refused = (0..100).map(|id| (2 * id, Fault::Permanent));
    world.source.faults.lock().unwrap().extend(refused);
    for id in 0..200 {
        world.source.put(id, 1);
        world.tell(id).await;
        tokio::time::sleep(Duration::from_secs(18)).await;
    }
    let counts = world.queue.counts();
    assert!(counts.dead > 10 && counts.applied == 0, "{counts:?}");
    let writes = world.catalog.writes.load(Ordering::SeqCst);
    assert!(writes < 600, "Port is not hammered: {writes}");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn f58_what_is_under_way_is_finished_when_it_is_stopped_and_the_rest_comes_with_the_next_start()
 {
    let mut world = World::new();
    *world.source.latency.lock().unwrap() = Duration::from_secs(1);
    for id in 0..200 {
        world.source.put(id, 1);
        world.tell(id).await;
    }
    world.start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.stop().await;
    let counts = world.queue.counts();
    assert!(counts.applied > 0 && counts.pending > 0, "{counts:?}");
    assert_eq!(counts.applied as usize, world.titles().len());
    world.start();
    assert_eq!(world.settled().await.applied, 200);
    assert_eq!(world.titles(), world.wanted());
    world.stop().await;
}
