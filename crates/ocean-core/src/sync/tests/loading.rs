//! What is written, how often, and in which order.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::faulty::failed;
use super::world::{Kinds, World, resource};
use crate::sync::{Outcome, ResyncError};
use crate::{Blueprint, EntityRef, InMemoryCatalog};

fn pages(pages: usize, size: usize) -> Vec<Result<Vec<Value>, String>> {
    (0..pages)
        .map(|page| {
            Ok((0..size)
                .map(|n| json!({"id": format!("a{page}-{n}")}))
                .collect())
        })
        .collect()
}

#[tokio::test]
async fn bulks_are_filled_across_pages_and_an_empty_catalog_is_not_searched() {
    let world = World::new();
    world.source.set(Kinds::A, pages(10, 7));
    let report = world.resync().await;
    assert_eq!(world.catalog.bulk_sizes(), [20, 20, 20, 10]);
    assert_eq!(world.catalog.searches.load(Ordering::SeqCst), 0);
    assert_eq!(report.totals().created, 70);
}

#[tokio::test]
async fn i3_a_second_resync_writes_nothing_and_searches_once_per_blueprint() {
    let world = World::new();
    world.source.set(Kinds::A, pages(10, 50));
    world.source.items(Kinds::B, &["b1"]);
    world.resync().await;
    let before = world.catalog.inner.entities();
    world.catalog.forget();
    let report = world.resync().await;
    assert_eq!(world.catalog.bulk_sizes(), [0_usize; 0]);
    assert_eq!(world.catalog.searches.load(Ordering::SeqCst), 2);
    assert_eq!(report.totals().unchanged, 501);
    assert_eq!(world.catalog.inner.entities(), before);
}

#[tokio::test]
async fn only_the_difference_is_written() {
    let world = World::new();
    world.source.set(Kinds::A, pages(2, 50));
    world.resync().await;
    world.catalog.forget();
    let mut changed = pages(2, 50);
    changed[1].as_mut().unwrap()[3]["title"] = json!("new");
    changed.push(Ok(vec![json!({"id": "a-new"})]));
    world.source.set(Kinds::A, changed);
    let totals = world.resync().await.totals();
    assert_eq!(
        (totals.updated, totals.created, totals.unchanged),
        (1, 1, 99)
    );
}

#[tokio::test]
async fn f37_a_search_that_fails_writes_everything_and_deletes_by_the_same_rules() {
    let world = World::new();
    world.source.set(Kinds::A, pages(2, 50));
    world.resync().await;
    world.catalog.forget();
    *world.catalog.search_fails.lock().unwrap() = true;
    world.source.set(Kinds::A, pages(1, 50));
    let report = world.resync().await;
    assert_eq!(report.totals().updated, 50);
    assert_eq!(
        world.catalog.searches.load(Ordering::SeqCst),
        2,
        "one search, one lookup, no more"
    );
    assert_eq!(
        world.ids("a").len(),
        100,
        "only stale ones are left to list: above the limit"
    );

    *world.catalog.search_fails.lock().unwrap() = false;
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    assert_eq!(world.ids("a").len(), 50);
}

#[tokio::test]
async fn f16_a_duplicate_is_written_once_per_bulk_and_the_last_content_wins() {
    let world = World::new();
    world.source.set(
        Kinds::A,
        vec![Ok(vec![
            json!({"id": "a1", "title": "old"}),
            json!({"id": "a2"}),
            json!({"id": "a1", "title": "new"}),
        ])],
    );
    world.resync().await;
    assert_eq!(world.catalog.bulk_sizes(), [2]);
    let entity = world
        .catalog
        .inner
        .entity(&EntityRef::new("a", "a1"))
        .unwrap();
    assert_eq!(entity.title, Some(json!("new")));
}

#[tokio::test]
async fn f29_an_entity_that_failed_once_is_written_whole_at_the_end() {
    let world = World::new();
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1", "title": "t", "p": 7})])],
    );
    world.catalog.spoil("a1", 1, failed(503));
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let bulks = world.catalog.upserted.lock().unwrap().clone();
    assert_eq!(bulks[0], bulks[1], "the retry is not reduced");
    assert_eq!((report.totals().created, report.totals().failed), (1, 0));
}

#[tokio::test]
async fn f40_a_port_that_never_answers_ends_the_run_after_a_few_bulks() {
    let world = World::new();
    world.source.set(Kinds::A, pages(20, 20));
    for page in 0..20 {
        for n in 0..20 {
            world
                .catalog
                .spoil(&format!("a{page}-{n}"), 99, failed(503));
        }
    }
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    let bulks = world.catalog.bulk_sizes().len();
    assert!(bulks < 16, "{bulks} of 20 bulks were sent");
    assert!(
        report.reconciliation.skipped[0].contains("did not answer"),
        "{report:#?}"
    );
}

#[tokio::test]
async fn f35_a_blueprint_that_port_refuses_does_not_stop_other_kinds() {
    let world = World::new();
    world.source.set(Kinds::A, pages(20, 20));
    for page in 0..20 {
        for n in 0..20 {
            world
                .catalog
                .spoil(&format!("a{page}-{n}"), 99, failed(403));
        }
    }
    world.source.items(Kinds::B, &["b1"]);
    let report = world.resync().await;
    assert_eq!(world.ids("b"), ["b1"]);
    assert_eq!(report.resources[0].counts.failed, 400);
    assert!(report.resources[1].incomplete.is_empty());
}

#[tokio::test]
async fn i4_the_retry_at_the_end_never_brings_older_content_back() {
    let mut world = World::new();
    world
        .resources
        .push(resource(Kinds::C, "\"a\"", &json!({})));
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1", "title": "old", "p": 1})])],
    );
    world.source.set(
        Kinds::C,
        vec![Ok(vec![json!({"id": "a1", "title": "new"})])],
    );
    world.catalog.spoil("a1", 1, failed(503));
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    let entity = world
        .catalog
        .inner
        .entity(&EntityRef::new("a", "a1"))
        .unwrap();
    assert_eq!(entity.title, Some(json!("new")));
}

#[tokio::test]
async fn one_mapper_thread_is_enough_for_kinds_that_wait_for_each_other() {
    let mut world = World::new();
    world.root = json!({"createMissingRelatedEntities": false});
    world.resources = vec![
        resource(Kinds::A, "\"a\"", &json!({})),
        resource(Kinds::B, "\"b\"", &json!({})),
        resource(Kinds::C, "\"c\"", &json!({})),
        resource(Kinds::A, "\"b\"", &json!({})),
    ];
    for kind in [Kinds::A, Kinds::B, Kinds::C] {
        world.source.set(kind, pages(12, 5));
    }
    let one = std::num::NonZeroUsize::MIN;
    let pool = crate::MapperPool::with_threads(one).unwrap();
    let engine = world.engine_with(pool);
    let (progress, cancel) = (crate::Progress::default(), Default::default());
    let run = engine.resync(&progress, &cancel);
    let report = tokio::time::timeout(std::time::Duration::from_secs(30), run).await;
    assert_eq!(
        report.expect("it hangs").unwrap().outcome,
        Outcome::Completed
    );
}

#[tokio::test]
async fn f36_missing_targets_and_cycles_end_whole_without_creating_stubs() {
    let mut world = World::new();
    world.root = json!({"createMissingRelatedEntities": false});
    let b = |id: &str, target: &str| json!({"id": id, "title": id, "b": target});
    world.source.set(
        Kinds::B,
        vec![Ok(vec![
            b("chain1", "chain2"),
            b("chain2", "chain3"),
            b("chain3", "ring1"),
        ])],
    );
    world
        .resources
        .push(resource(Kinds::C, "\"b\"", &json!({"b": ".b"})));
    world.source.set(
        Kinds::C,
        vec![Ok(vec![
            b("ring1", "ring2"),
            b("ring2", "ring1"),
            b("self", "self"),
        ])],
    );
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    for (id, target) in [
        ("chain1", "chain2"),
        ("chain3", "ring1"),
        ("ring1", "ring2"),
        ("ring2", "ring1"),
        ("self", "self"),
    ] {
        let entity = world
            .catalog
            .inner
            .entity(&EntityRef::new("b", id))
            .unwrap();
        assert_eq!(entity.relations.unwrap()["b"], json!(target), "{id}");
        assert_eq!(entity.title, Some(json!(id)));
    }
}

#[tokio::test]
async fn f36_a_target_that_never_comes_is_reported_by_identifier() {
    let mut world = World::new();
    world.root = json!({"createMissingRelatedEntities": false});
    world
        .source
        .set(Kinds::B, vec![Ok(vec![json!({"id": "b1", "a": "gone"})])]);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(report.resources[1].counts.rejected, 1);
    assert_eq!(report.resources[1].errors[0].examples, ["b1"]);
    assert!(report.resources[1].errors[0].message.contains("a/gone"));
}

#[tokio::test]
async fn without_missing_related_entities_resources_load_in_mapping_order() {
    let mut world = World::new();
    world.root = json!({"createMissingRelatedEntities": false});
    world.source.set(Kinds::A, pages(10, 50));
    world
        .source
        .set(Kinds::B, vec![Ok(vec![json!({"id": "b1", "a": "a9-49"})])]);
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    let last = world
        .catalog
        .upserted
        .lock()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last[0].identifier, json!("b1"));
}

#[tokio::test]
async fn i6_a_failing_kind_never_stops_another_and_every_error_is_reported() {
    let world = World::new();
    world.source.set(Kinds::A, vec![Err("a is down".into())]);
    world.source.items(Kinds::B, &["b1"]);
    let report = world.resync().await;
    assert_eq!(world.ids("b"), ["b1"]);
    assert_eq!(report.resources[0].incomplete, ["a is down"]);
    assert!(report.resources[1].incomplete.is_empty());
}

#[tokio::test]
async fn f46_a_mapping_that_does_not_compile_is_refused_before_anything_is_read() {
    let mut world = World::new();
    world.resources[1]["port"]["entity"]["mappings"]["properties"]["p"] = json!(".a |");
    world.source.items(Kinds::A, &["a1"]);
    let ResyncError::Mapping(faults) = world.try_resync().await.unwrap_err() else {
        panic!("expected faults of the mapping");
    };
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].contains("resources[1].port.entity.mappings.properties.p"),
        "{faults:?}"
    );
    assert!(world.catalog.inner.entities().is_empty());
}

#[tokio::test]
async fn f82_a_panic_in_a_resync_function_is_an_error_of_its_kind() {
    let integration = crate::Integration::new(()).on_resync(Kinds::A, panicking);
    let catalog = std::sync::Arc::new(InMemoryCatalog::new([Blueprint::new("a")]));
    catalog.set_mapping(json!({"resources": [resource(Kinds::A, "\"a\"", &json!({}))]}));
    let pool = std::sync::Arc::new(crate::MapperPool::inline());
    let engine = crate::SyncEngine::new(&integration, catalog, pool);
    let report = engine
        .resync(
            &crate::Progress::default(),
            &tokio_util::sync::CancellationToken::new(),
        )
        .await
        .unwrap();
    assert!(
        report.resources[0].incomplete[0].contains("panicked"),
        "{report:#?}"
    );
}

fn panicking(
    (): (),
    _: crate::ResyncContext<crate::NoSelector>,
) -> impl futures::Stream<Item = Result<crate::Batch, crate::SourceError>> {
    crate::try_stream! {
        yield crate::Batch::default();
        panic!("a bug of the author");
    }
}
