//! What is written of a plan, and what is told of the rest.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::plan::ApplyEnd;
use crate::{CatalogError, EntityError, ErrorClass, UpsertOutcome};

/// Two worlds alike: in one a resync runs, in the other a plan is applied.
async fn twins(root: &Value, before: &[Value], items: &[Value]) -> (World, World) {
    let worlds = (World::new(root.clone()), World::new(root.clone()));
    for world in [&worlds.0, &worlds.1] {
        for entity in before {
            world.put(entity.clone()).await;
        }
        world.source(items);
    }
    worlds
}

#[tokio::test]
async fn what_relates_to_nothing_is_left_as_it_is_and_not_written_without_its_relations() {
    for merge in [true, false] {
        let root = json!({"enableMergeEntity": merge, "createMissingRelatedEntities": false});
        let before = [
            json!({"identifier": "bob", "blueprint": "user"}),
            json!({
                "identifier": "old", "blueprint": "thing", "properties": {"p": 1},
                "relations": {"owner": "bob", "next": null},
            }),
        ];
        let items = [
            json!({"id": "old", "p": 2, "owner": "ghost"}),
            json!({"id": "new", "p": 2, "owner": "ghost"}),
        ];
        let (resynced, planned) = twins(&root, &before, &items).await;
        let held = planned.held();
        resynced.resync().await;
        assert_eq!(resynced.held(), held);

        let applied = planned.apply(&planned.plan().await).await;
        assert_eq!((applied.created, applied.changed), (0, 0));
        let unwritten = applied.unwritten.iter().map(|one| one.entity.as_str());
        assert_eq!(unwritten.collect::<Vec<_>>(), ["thing/new", "thing/old"]);
        assert_eq!(planned.held(), held, "merge {merge}");
    }
}

/// `x` relates to `ghost`, which is nowhere, and has the name of a user that is nowhere, too.
#[tokio::test]
async fn a_target_of_the_same_name_in_another_blueprint_is_no_cycle() {
    let root = json!({"createMissingRelatedEntities": false});
    let (_, planned) = twins(&root, &[], &[json!({"id": "x", "owner": "x"})]).await;
    let applied = planned.apply(&planned.plan().await).await;
    assert_eq!(applied.unwritten.len(), 1, "{applied:?}");
    assert_eq!(planned.held(), json!([]));
}

#[tokio::test]
async fn entities_that_relate_to_each_other_are_written_whole_as_a_resync_writes_them() {
    let root = json!({"createMissingRelatedEntities": false});
    let items = [
        json!({"id": "a", "next": "b"}),
        json!({"id": "b", "next": "c"}),
        json!({"id": "c", "next": "a"}),
        json!({"id": "d", "next": "a"}),
        json!({"id": "self", "next": "self"}),
    ];
    let (resynced, planned) = twins(&root, &[], &items).await;
    resynced.resync().await;
    let applied = planned.apply(&planned.plan().await).await;
    assert_eq!(applied.unwritten, []);
    assert_eq!((applied.created, applied.changed), (5, 0));
    assert_eq!(planned.held(), resynced.held());
}

/// `old` waits for `new`, which relates to it and can never be written.
#[tokio::test]
async fn an_entity_that_is_there_keeps_its_relations_on_the_way_around_a_cycle() {
    let root = json!({"createMissingRelatedEntities": false, "enableMergeEntity": false});
    let before = [
        json!({"identifier": "last", "blueprint": "thing"}),
        json!({"identifier": "old", "blueprint": "thing", "relations": {"next": "last"}}),
    ];
    let items = [
        json!({"id": "last"}),
        json!({"id": "old", "next": "new"}),
        json!({"id": "new", "next": "old", "owner": "ghost"}),
    ];
    let (_, planned) = twins(&root, &before, &items).await;
    let held = planned.held();
    let applied = planned.apply(&planned.plan().await).await;
    assert_eq!(applied.unwritten.len(), 2, "{applied:?}");
    assert_eq!(planned.held(), held);
}

/// `a` and `b` relate to each other, and `b` to nobody besides: `a` can only be written in part.
#[tokio::test]
async fn an_entity_that_was_written_without_its_relations_is_told_as_such() {
    let root = json!({"createMissingRelatedEntities": false});
    let items = [
        json!({"id": "a", "next": "b"}),
        json!({"id": "b", "next": "a", "owner": "ghost"}),
    ];
    let (_, planned) = twins(&root, &[], &items).await;
    let applied = planned.apply(&planned.plan().await).await;
    assert_eq!(planned.things(), ["a"]);
    assert_eq!((applied.created, applied.changed), (0, 0));
    let [half, none] = &*applied.unwritten else {
        panic!("{applied:?}");
    };
    assert_eq!((&*half.entity, &*none.entity), ("thing/a", "thing/b"));
    assert!(
        half.reason.starts_with("was created without its relations"),
        "{half:?}"
    );
    assert!(!none.reason.contains("without its relations"), "{none:?}");
}

/// Ten new things, which go out two by two, and one that is to be deleted.
async fn ten_to_write() -> World {
    let world = World::new(json!({"entityDeletionThreshold": 1.0}));
    world
        .put(json!({"identifier": "gone", "blueprint": "thing"}))
        .await;
    let items = (0..10).map(|number| json!({"id": format!("new-{number}")}));
    world.source(&items.collect::<Vec<_>>());
    world
}

fn unwritten(applied: &crate::Applied) -> Vec<(&str, &str)> {
    let unwritten = applied.unwritten.iter();
    unwritten.map(|one| (&*one.entity, &*one.reason)).collect()
}

#[tokio::test]
async fn refused_credentials_end_it_and_what_was_written_is_told() {
    let world = ten_to_write().await;
    let plan = world.plan().await;
    world.catalog.on_bulk(|number| {
        let refused = || CatalogError::new(ErrorClass::Unauthorized, "Port says no");
        (number > 2).then(|| Err(refused()))
    });
    let applied = world.apply(&plan).await;
    assert_eq!((applied.created, applied.deleted), (4, 0));
    assert!(matches!(
        applied.end,
        ApplyEnd::Refused {
            class: ErrorClass::Unauthorized,
            ..
        }
    ));
    assert_eq!(world.catalog.bulks(), 3);
    let expected = [
        ("6 entities", "not tried, because it ended before"),
        (
            "1 deletion",
            "nothing is deleted unless everything was written",
        ),
    ];
    assert_eq!(unwritten(&applied), expected);
}

#[tokio::test]
async fn a_catalog_that_does_not_answer_is_given_up() {
    let world = ten_to_write().await;
    let plan = world.plan().await;
    world.catalog.on_bulk(|number| {
        let silent = || UpsertOutcome::Failed(EntityError::new(None, "timed out"));
        (number != 2).then(|| Ok(silent()))
    });
    let applied = world.apply(&plan).await;
    assert_eq!(applied.end, ApplyEnd::Unanswered);
    assert_eq!((applied.created, applied.deleted), (2, 0));
    // The second one answered, so that it takes three more.
    assert_eq!(world.catalog.bulks(), 5);
    assert_eq!(
        unwritten(&applied).first(),
        Some(&("thing/new-0", "timed out"))
    );
}

#[tokio::test]
async fn what_failed_in_passing_is_written_at_the_end() {
    let world = ten_to_write().await;
    let plan = world.plan().await;
    world.catalog.on_bulk(|number| {
        let failed = || UpsertOutcome::Failed(EntityError::new(Some(500), "try again"));
        (number == 1).then(|| Ok(failed()))
    });
    let applied = world.apply(&plan).await;
    assert_eq!((applied.created, applied.deleted), (10, 1));
    assert_eq!(
        (applied.unwritten, applied.end),
        (vec![], ApplyEnd::Reached)
    );
}

#[tokio::test]
async fn a_stop_lets_the_bulk_under_way_end_and_begins_no_other() {
    let world = ten_to_write().await;
    let plan = world.plan().await;
    let stop = CancellationToken::new();
    world.catalog.on_bulk({
        let stop = stop.clone();
        move |_| {
            stop.cancel();
            None
        }
    });
    let applied = plan.apply(&*world.catalog, &stop).await.unwrap();
    assert_eq!(applied.end, ApplyEnd::Stopped);
    assert_eq!((applied.created, applied.deleted), (2, 0));
    assert_eq!(
        unwritten(&applied)[0],
        ("8 entities", "not tried, because it ended before")
    );
}

#[tokio::test]
async fn an_entity_is_told_as_half_written_also_when_a_stop_kept_it_so() {
    let world = World::new(json!({"createMissingRelatedEntities": false}));
    world.source(&[
        json!({"id": "a", "next": "b"}),
        json!({"id": "b", "next": "a"}),
    ]);
    let plan = world.plan().await;
    let stop = CancellationToken::new();
    world.catalog.on_bulk({
        let stop = stop.clone();
        move |number| {
            // The second bulk brings both without their relations.
            if number == 2 {
                stop.cancel();
            }
            None
        }
    });
    let applied = plan.apply(&*world.catalog, &stop).await.unwrap();
    assert_eq!(world.things(), ["a", "b"]);
    assert_eq!(applied.created, 0);
    let reason = "was created without its relations: it was stopped";
    assert_eq!(
        unwritten(&applied),
        [("thing/a", reason), ("thing/b", reason)]
    );
}
