//! What runs before and after a resync, and what comes of its errors.

use super::world::{HookEnds, Kinds, World};
use crate::lake::Routing;
use crate::sync::Outcome;

fn ran(world: &World) -> Vec<&'static str> {
    std::mem::take(&mut *world.source.hooks.lock().unwrap())
}

fn ends(world: &World, hook: &'static str, ends: HookEnds) {
    world.source.hooks_do.lock().unwrap().insert(hook, ends);
}

/// A world whose next resync has something to delete.
async fn stale() -> World {
    let world = World::new();
    world.source.items(Kinds::A, &["a1", "a2"]);
    world.resync().await;
    assert_eq!(ran(&world), ["start 1", "start 2", "complete"]);
    world.source.items(Kinds::A, &["a1"]);
    world
}

#[tokio::test]
async fn a_hook_that_fails_before_a_resync_keeps_it_from_deleting_but_not_from_writing() {
    for how in [HookEnds::InAnError, HookEnds::InAPanic] {
        let world = stale().await;
        ends(&world, "start 1", how);
        world.source.items(Kinds::A, &["a1", "a3"]);
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Incomplete, "{how:?}");
        assert_eq!(world.ids("a"), ["a1", "a2", "a3"], "{how:?}");
        assert!(
            report.errors[0].contains("before the resync"),
            "{report:#?}"
        );
        assert_eq!(
            ran(&world),
            ["start 1"],
            "neither the next nor the last one runs"
        );
    }
}

#[tokio::test]
async fn hooks_after_a_resync_run_only_when_it_is_complete() {
    let world = stale().await;
    world.source.set(Kinds::A, vec![Err("no more".to_owned())]);
    world.resync().await;
    assert_eq!(ran(&world), ["start 1", "start 2"]);
}

#[tokio::test]
async fn a_hook_that_fails_after_a_resync_makes_it_a_failed_one() {
    for how in [HookEnds::InAnError, HookEnds::InAPanic] {
        let world = stale().await;
        ends(&world, "complete", how);
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Incomplete, "{how:?}");
        assert_eq!(world.ids("a"), ["a1"], "what is gone was deleted before");
        assert!(report.errors[0].contains("after the resync"), "{report:#?}");
    }
}

#[tokio::test]
async fn a_forwarded_resync_runs_the_hooks_before_it_alone() {
    let world = World::routed(Routing::Forwarded);
    ends(&world, "start 1", HookEnds::InAnError);
    let report = world.resync().await;
    assert_eq!(ran(&world), ["start 1"]);
    assert_eq!(report.outcome, Outcome::Incomplete);
    let world = World::routed(Routing::Forwarded);
    world.resync().await;
    assert_eq!(ran(&world), ["start 1", "start 2"]);
}
