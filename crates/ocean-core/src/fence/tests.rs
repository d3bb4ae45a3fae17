//! Who waits for whom, and what is remembered for how long.

use futures::FutureExt as _;

use super::*;

use crate::catalog::{Entity, EntityRef};

fn key(fence: &Fence, identifier: &str) -> Fingerprint {
    fence.prints().of("issue", identifier)
}

fn ticket(fence: &Arc<Fence>) -> Ticket {
    fence.ticket(fence.prints().of("", "issues"))
}

/// A claim to write entities, each of which relates to some others.
fn write(fence: &Fence, entities: &[(&str, &[&str])]) -> Claim {
    let mut claim = Claim::default();
    for (identifier, targets) in entities {
        let entity: Entity = serde_json::from_value(serde_json::json!({
            "identifier": identifier, "blueprint": "issue", "relations": {"parents": targets},
        }))
        .expect("an entity");
        claim.write(fence.prints(), &entity);
    }
    claim
}

fn delete(fence: &Fence, identifiers: &[&str]) -> Claim {
    let mut claim = Claim::default();
    for identifier in identifiers {
        claim.delete(fence.prints(), &EntityRef::new("issue", *identifier));
    }
    claim
}

#[tokio::test]
async fn older_content_is_outdated_by_a_newer_write_and_not_the_other_way_round() {
    let fence = Fence::new();
    let a = key(&fence, "A");
    let (older, newer) = (ticket(&fence), ticket(&fence));
    assert!(newer.touch(&write(&fence, &[("A", &[])])));
    assert!(older.is_outdated(a));
    assert!(!newer.is_outdated(a));
    assert!(!older.was_deleted_since(a));
    assert!(newer.touch(&delete(&fence, &["A"])));
    assert!(older.was_deleted_since(a));
}

#[tokio::test]
async fn content_that_another_writer_does_not_know_is_not_outdated_but_read_again() {
    let fence = Fence::new();
    let a = key(&fence, "A");
    let other = fence.ticket(fence.prints().of("", "notes"));
    let (older, newer) = (ticket(&fence), ticket(&fence));
    assert!(newer.touch(&write(&fence, &[("A", &[])])));
    assert_eq!(older.standing(a), Standing::Outdated);
    assert_eq!(other.standing(a), Standing::Mixed);
    assert_eq!(newer.standing(a), Standing::Current);
}

#[tokio::test]
async fn an_event_that_was_fetched_before_a_resync_began_is_handled_again() {
    let fence = Fence::new();
    let event = ticket(&fence);
    let run = fence.begin_run();
    let claim = write(&fence, &[("A", &[])]);
    assert!(!event.touch(&claim));
    assert!(!run.is_outdated(key(&fence, "A")));
    assert!(ticket(&fence).touch(&claim));
    assert!(run.is_outdated(key(&fence, "A")));
}

#[tokio::test]
async fn a_key_is_held_by_one_at_a_time_and_all_keys_are_taken_at_once() {
    let fence = Fence::new();
    let first = fence.hold(write(&fence, &[("A", &[])])).await;
    let both = write(&fence, &[("B", &[]), ("A", &[])]);
    assert!(fence.hold(both).now_or_never().is_none());
    assert!(
        fence.hold(delete(&fence, &["B"])).now_or_never().is_some(),
        "nothing is held while waiting"
    );
    let twice = write(&fence, &[("A", &[]), ("B", &[]), ("A", &[])]);
    let mut both = Box::pin(fence.hold(twice));
    assert!(both.as_mut().now_or_never().is_none());
    drop(first);
    assert!(both.now_or_never().is_some());
}

#[tokio::test]
async fn a_relation_target_is_not_deleted_while_something_that_relates_to_it_is_written() {
    let fence = Fence::new();
    let child = || write(&fence, &[("A", &["P"])]);
    let held = fence.hold(child()).await;
    let parent = write(&fence, &[("P", &[])]);
    assert!(fence.hold(parent).now_or_never().is_some(), "writing is");
    let mut deletion = Box::pin(fence.hold(delete(&fence, &["P"])));
    assert!(deletion.as_mut().now_or_never().is_none());
    drop(held);
    let deletion = deletion.now_or_never();
    assert!(deletion.is_some());
    assert!(fence.hold(child()).now_or_never().is_none());
    drop(deletion);
    assert!(fence.hold(child()).now_or_never().is_some());
}

#[tokio::test]
async fn who_waits_to_delete_goes_before_those_who_relate_to_it_and_come_later() {
    let fence = Fence::new();
    let held = fence.hold(write(&fence, &[("A", &["P"])])).await;
    let mut deletion = Box::pin(fence.hold(delete(&fence, &["P"])));
    assert!(deletion.as_mut().now_or_never().is_none());
    let mut later = Box::pin(fence.hold(write(&fence, &[("B", &["P"])])));
    assert!(later.as_mut().now_or_never().is_none());
    drop(held);
    assert!(later.as_mut().now_or_never().is_none());
    drop(deletion);
    assert!(later.now_or_never().is_some(), "who gives up waits no more");
}

#[tokio::test]
async fn two_who_delete_what_the_other_relates_to_do_not_wait_for_each_other_for_ever() {
    let fence = Fence::new();
    let crossed = |written, target, deleted| {
        let mut claim = write(&fence, &[(written, &[target])]);
        claim.delete(fence.prints(), &EntityRef::new("issue", deleted));
        claim
    };
    let held = fence.hold(write(&fence, &[("A", &["P", "Q"])])).await;
    let mut one = Box::pin(fence.hold(crossed("B", "Q", "P")));
    let mut other = Box::pin(fence.hold(crossed("C", "P", "Q")));
    assert!(one.as_mut().now_or_never().is_none());
    assert!(other.as_mut().now_or_never().is_none());
    drop(held);
    let first = one.now_or_never();
    assert!(first.is_some());
    assert!(other.as_mut().now_or_never().is_none());
    drop(first);
    assert!(other.now_or_never().is_some());
}

#[tokio::test]
async fn what_was_deleted_or_related_to_is_known_by_its_identifier() {
    let fence = Fence::new();
    let (run, event) = (fence.begin_run(), ticket(&fence));
    assert!(ticket(&fence).touch(&delete(&fence, &["P"])));
    assert!(ticket(&fence).touch(&write(&fence, &[("A", &["Q"])])));
    let name = |identifier| name(fence.prints(), identifier);
    assert!(event.was_name_deleted_since(name("P")));
    assert!(!event.was_name_deleted_since(name("Q")));
    assert!(run.was_related_to_since(name("Q")));
    assert!(!run.was_related_to_since(name("A")));
    assert!(!ticket(&fence).was_name_deleted_since(name("P")));
}

#[tokio::test]
async fn what_nobody_needs_is_forgotten_and_what_a_run_needs_is_not() {
    let fence = Fence::new();
    let run = fence.begin_run();
    let claim = |number: usize| write(&fence, &[(&number.to_string(), &["P"])]);
    for number in 0..3 * PRUNED_FROM {
        ticket(&fence).touch(&claim(number));
    }
    assert_eq!(fence.state().touched.len(), 3 * PRUNED_FROM);
    drop(run);
    assert_eq!(fence.state().remembered(), 0);
    let slow = ticket(&fence);
    for number in 0..3 * PRUNED_FROM {
        slow.touch(&claim(number));
        drop(ticket(&fence));
    }
    assert!(fence.state().remembered() < 2 * PRUNED_FROM);
}
