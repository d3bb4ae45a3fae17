//! What is deleted, and everything that forbids it.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::faulty::{failed, rejected};
use super::world::{Kinds, World, resource};
use crate::UpsertOutcome;
use crate::sync::{AllowEmpty, Outcome, Progress, ResyncReport};

/// A world whose catalog holds a1, a2, a3 and b1, b2, b3, all from the source.
async fn settled() -> World {
    let world = World::new();
    world.source.items(Kinds::A, &["a1", "a2", "a3"]);
    world.source.items(Kinds::B, &["b1", "b2", "b3"]);
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    world
}

#[track_caller]
fn assert_kept(world: &World, report: &ResyncReport, reason: &str) {
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"], "{report:#?}");
    let kept = report
        .reconciliation
        .blueprints
        .iter()
        .flat_map(|found| &found.kept_because);
    let reasons: Vec<_> = report.reconciliation.skipped.iter().chain(kept).collect();
    assert!(
        reasons.iter().any(|found| found.contains(reason)),
        "{reason}: {reasons:#?}"
    );
    assert_ne!(report.outcome, Outcome::Completed);
}

#[tokio::test]
async fn what_the_source_no_longer_has_is_deleted() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1", "a3"]);
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a3"]);
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(report.reconciliation.deleted(), 1);
}

#[tokio::test]
async fn i1_a_kind_that_failed_keeps_its_entities_and_others_are_cleaned() {
    let world = settled().await;
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1"})]), Err("page 2 is cut".into())],
    );
    world.source.items(Kinds::B, &["b1", "b3"]);
    let report = world.resync().await;
    assert_kept(&world, &report, "page 2 is cut");
    assert_eq!(world.ids("b"), ["b1", "b3"], "b is complete");
    assert_eq!(report.outcome, Outcome::Incomplete);
}

#[tokio::test]
async fn i1_a_cascade_never_reaches_an_incomplete_blueprint() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1", "a2"]);
    world.source.set(Kinds::B, vec![Err("b is down".into())]);
    let report = world.resync().await;
    assert_kept(&world, &report, "cascade to b");
}

#[tokio::test]
async fn i1_a_cancelled_run_deletes_nothing() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1"]);
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let report = world
        .engine()
        .resync(&Progress::default(), &cancelled)
        .await
        .unwrap();
    assert_kept(&world, &report, "stopped");
    assert_eq!(report.outcome, Outcome::Aborted);
}

#[tokio::test]
async fn f46_f52_a_mapping_that_changed_meanwhile_deletes_nothing() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1", "a2", "a4"]);
    let mut changed = world.mapping();
    changed["entityDeletionThreshold"] = json!(0.8);
    let engine = world.engine();
    *world.catalog.new_mapping.lock().unwrap() = Some(changed);
    let report = engine
        .resync(&Progress::default(), &CancellationToken::new())
        .await
        .unwrap();
    assert!(world.ids("a").contains(&"a3".to_owned()), "{report:#?}");
    assert!(report.reconciliation.skipped[0].contains("mapping changed"));
}

#[tokio::test]
async fn f30_an_upsert_without_an_answer_bars_its_blueprint() {
    let world = settled().await;
    world.source.set(
        Kinds::A,
        vec![Ok(vec![
            json!({"id": "a1", "title": "new"}),
            json!({"id": "a2"}),
        ])],
    );
    world.catalog.spoil("a1", 9, failed(503));
    let report = world.resync().await;
    assert_kept(&world, &report, "did not acknowledge");
    assert_eq!(report.totals().failed, 1);
}

#[tokio::test]
async fn f31_a_rejected_entity_counts_as_seen_and_does_not_bar_others() {
    let world = settled().await;
    world.source.set(
        Kinds::A,
        vec![Ok(vec![
            json!({"id": "a1", "title": "new"}),
            json!({"id": "a2"}),
        ])],
    );
    world.catalog.spoil("a1", 9, rejected(422));
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a2"], "a1 is seen, a3 is gone");
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(report.resources[0].errors[0].examples, ["a1"]);
}

#[tokio::test]
async fn f35_a_missing_blueprint_bars_itself() {
    let mut world = settled().await;
    world
        .resources
        .push(resource(Kinds::C, "\"nowhere\"", &json!({})));
    world.source.items(Kinds::C, &["c1"]);
    world.source.items(Kinds::A, &["a1", "a2"]);
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a2"], "others are cleaned");
    assert_eq!(report.resources[2].counts.rejected, 1);
    assert_eq!(report.outcome, Outcome::Incomplete);
}

#[tokio::test]
async fn f38_a_listing_that_was_cut_deletes_nothing() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1"]);
    *world.catalog.owned_fails.lock().unwrap() = true;
    let report = world.resync().await;
    assert_kept(&world, &report, "could not list");
}

#[tokio::test]
async fn f49_a_selector_error_bars() {
    let mut world = settled().await;
    world.resources[0]["selector"]["query"] = json!(".id == \"a1\" or (.bad | error)");
    world.source.set(
        Kinds::A,
        vec![Ok(vec![
            json!({"id": "a1"}),
            json!({"id": "a2", "bad": "x"}),
        ])],
    );
    let report = world.resync().await;
    assert_kept(&world, &report, "could not be mapped");
}

#[tokio::test]
async fn f47_an_identifier_that_fails_bars_and_one_that_is_null_does_not() {
    let mut world = settled().await;
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1"}), json!({"id": null})])],
    );
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), ["a1"]);

    let other = settled().await;
    world = other;
    world.resources[0]["port"]["entity"]["mappings"]["identifier"] = json!(".id | ascii_downcase");
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"id": "a1"}), json!({"id": 7})])],
    );
    let report = world.resync().await;
    assert_kept(&world, &report, "expression failed");
}

#[tokio::test]
async fn identifiers_that_are_all_null_bar() {
    let world = settled().await;
    world.source.set(
        Kinds::A,
        vec![Ok(vec![json!({"name": "a1"}), json!({"name": "a2"})])],
    );
    let report = world.resync().await;
    assert_kept(&world, &report, "null for all 2 items");
}

#[tokio::test]
async fn f51_an_unknown_kind_bars_its_blueprint_and_others_go_on() {
    let mut world = settled().await;
    world.resources[0]["kind"] = json!("aa");
    world.source.items(Kinds::B, &["b1", "b2"]);
    let report = world.resync().await;
    assert_kept(&world, &report, "kind `aa` is not known");
    assert_eq!(world.ids("b"), ["b1", "b2"]);
}

#[tokio::test]
async fn f51_an_empty_mapping_deletes_nothing() {
    let mut world = settled().await;
    world.resources.clear();
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn f20_a_blueprint_never_goes_to_zero_unasked() {
    let mut world = settled().await;
    world.source.items(Kinds::A, &[]);
    let report = world.resync().await;
    assert_kept(&world, &report, "OCEAN__DELETION__ALLOW_EMPTY");
    world.allow_empty = AllowEmpty::Blueprints(["a".to_owned()].into());
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), [""; 0]);
}

#[tokio::test]
async fn f20_a_kind_that_shrinks_too_much_is_kept() {
    let world = World::new();
    let all: Vec<String> = (0..40).map(|n| format!("a{n}")).collect();
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    let others: Vec<String> = (0..400).map(|n| format!("b{n}")).collect();
    world.source.items(Kinds::A, &ids);
    world.source.items(
        Kinds::B,
        &others.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    world.resync().await;
    world.source.items(Kinds::A, &ids[..2]);
    let report = world.resync().await;
    assert_eq!(world.ids("a").len(), 40, "38 of 40 is above the threshold");
    assert_eq!(report.outcome, Outcome::Incomplete);
    world.source.items(Kinds::A, &ids[..10]);
    world.resync().await;
    assert_eq!(world.ids("a").len(), 10, "30 of 40 is not");
}

#[tokio::test]
async fn the_overall_threshold_is_the_originals() {
    let mut world = settled().await;
    world.root = json!({"entityDeletionThreshold": 0.3});
    world.source.items(Kinds::A, &["a1"]);
    let report = world.resync().await;
    assert_kept(&world, &report, "2 of the 6 entities");
    world.root = json!({"entityDeletionThreshold": 0.5});
    world.resync().await;
    assert_eq!(world.ids("a"), ["a1"]);
}

#[tokio::test]
async fn a_kind_taken_out_of_the_mapping_is_cleaned() {
    let mut world = settled().await;
    world.resources.remove(0);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), [""; 0]);
    assert_eq!(world.ids("b").len(), 3);
}

#[tokio::test]
async fn a_kind_taken_out_is_kept_while_another_is_incomplete() {
    let mut world = settled().await;
    world.resources.remove(0);
    world.source.set(Kinds::B, vec![Err("b is down".into())]);
    let report = world.resync().await;
    assert_kept(&world, &report, "another resource is not complete");
}

#[tokio::test]
async fn an_incomplete_dynamic_blueprint_bars_everything() {
    let mut world = settled().await;
    world
        .resources
        .push(resource(Kinds::C, ".blueprint", &json!({})));
    world.source.items(Kinds::A, &["a1"]);
    world.source.set(Kinds::C, vec![Err("c is down".into())]);
    let report = world.resync().await;
    assert_kept(&world, &report, "its blueprint depends on the item");
}

#[tokio::test]
async fn enable_delete_false_protects_its_blueprint() {
    let mut world = settled().await;
    world.resources[0]["enableDelete"] = json!(false);
    world.source.items(Kinds::A, &["a1"]);
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a2", "a3"], "{report:#?}");
    assert_eq!(
        report.outcome,
        Outcome::Completed,
        "it is what the mapping asks for"
    );
}

#[tokio::test]
async fn f20_rejected_entities_do_not_lift_the_guard_of_an_empty_blueprint() {
    let mut world = settled().await;
    world.resources[0]["port"]["entity"]["mappings"]["identifier"] = json!("\"x\" + .id");
    for id in ["xa1", "xa2", "xa3"] {
        world.catalog.spoil(id, 9, rejected(422));
    }
    let report = world.resync().await;
    assert_kept(&world, &report, "OCEAN__DELETION__ALLOW_EMPTY");
}

#[tokio::test]
async fn items_to_parse_that_gives_no_list_bars_and_null_for_some_does_not() {
    let mut world = settled().await;
    world.resources[0]["port"]["itemsToParse"] = json!(".list");
    world.resources[0]["port"]["entity"]["mappings"]["identifier"] = json!(".item");
    let list = json!({"list": ["a1", "a2"]});
    world.source.set(
        Kinds::A,
        vec![Ok(vec![list.clone(), json!({"list": "timeout"})])],
    );
    let report = world.resync().await;
    assert_kept(&world, &report, "could not be mapped");

    world
        .source
        .set(Kinds::A, vec![Ok(vec![json!({"error": "timeout"})])]);
    let report = world.resync().await;
    assert_kept(&world, &report, "null for all 1 items");

    world.source.set(Kinds::A, vec![Ok(vec![list, json!({})])]);
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), ["a1", "a2"]);
}

#[tokio::test]
async fn a_dynamic_blueprint_that_lost_its_last_entity_is_cleaned_when_allowed() {
    let mut world = World::new();
    world.resources = vec![resource(Kinds::C, ".blueprint", &json!({}))];
    let item = |id: &str, blueprint: &str| json!({"id": id, "blueprint": blueprint});
    world.source.set(
        Kinds::C,
        vec![Ok(vec![item("a1", "a"), item("c1", "c"), item("c2", "c")])],
    );
    world.resync().await;
    world
        .source
        .set(Kinds::C, vec![Ok(vec![item("c1", "c"), item("c2", "c")])]);
    assert_eq!(world.resync().await.outcome, Outcome::Incomplete);
    assert_eq!(world.ids("a"), ["a1"]);
    world.allow_empty = AllowEmpty::All;
    assert_eq!(world.resync().await.outcome, Outcome::Completed);
    assert_eq!(world.ids("a"), [""; 0]);
}

#[tokio::test]
async fn a_stale_entity_that_a_seen_one_relates_to_is_kept() {
    let world = settled().await;
    world.source.items(Kinds::A, &["a1"]);
    world.source.set(
        Kinds::B,
        vec![Ok(vec![
            json!({"id": "b1", "a": "a2"}),
            json!({"id": "b2"}),
            json!({"id": "b3"}),
        ])],
    );
    let report = world.resync().await;
    assert_eq!(world.ids("a"), ["a1", "a2"], "{report:#?}");
    assert_eq!(report.reconciliation.blueprints[0].protected, 1);
}

#[tokio::test]
async fn an_unresolved_search_identifier_bars_everything() {
    let world = settled().await;
    world
        .source
        .set(Kinds::A, vec![Ok(vec![json!({"id": "a1", "title": "x"})])]);
    world.catalog.spoil("a1", 9, UpsertOutcome::Unresolved);
    let report = world.resync().await;
    assert_kept(&world, &report, "search identifier");
}
