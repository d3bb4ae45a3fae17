//! Searches and listings that fail, are cut, or never end.

use ocean_core::Outcome;
use ocean_testkit::{Action, Rule};
use ocean_tests::Drift;
use serde_json::{Value, json};

const SEARCH: &str = "/entities/search";
const LISTING: &str = "/datasource-entities";
/// Only the listing at the end of a run says what it does not want.
const AT_THE_END: &str = "\"before\"";

/// Port cannot say what it holds: all is written, nothing is lost, the rules of deletion stay.
async fn f37(fault: Action) {
    let mut drift = Drift::new().await;
    let name = fault.name();
    drift.world.port.faults().add(Rule::new(fault).path(SEARCH));
    let (report, found) = drift.resync().await;
    assert!(drift.world.port.faults().fired() > 0);
    let totals = report.totals();
    assert_eq!(totals.unchanged, 0, "{name}: {totals:?}");
    assert_eq!(
        totals.created + totals.updated,
        totals.fetched,
        "{name}: {totals:?}"
    );
    // Everything was just written, so the listing names nothing but stale entities: above the
    // limit, which is the original's and on the safe side.
    assert_eq!(report.outcome, Outcome::Incomplete, "{name}: {report:#?}");
    assert!(found.deleted.is_empty(), "{name}");
    drift.recover();
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{name}: {report:#?}");
    drift.assert_deleted_except(&found, &[]);
    assert_eq!(report.totals().updated, 0, "{name}: all was written before");
}

#[tokio::test]
async fn f37_a_search_that_fails_with_500_writes_everything() {
    f37(Action::status(500)).await;
}

#[tokio::test]
async fn f37_a_search_that_is_refused_writes_everything() {
    f37(Action::status(400)).await;
}

#[tokio::test]
async fn f37_a_search_that_is_cut_writes_everything() {
    f37(Action::CutChunked).await;
}

#[tokio::test]
async fn f37_a_search_that_is_not_a_search_answer_writes_everything() {
    let text = r#"{"ok":true,"message":"no entities here"}"#.to_owned();
    f37(Action::Body {
        content_type: "application/json".to_owned(),
        text,
    })
    .await;
}

#[tokio::test]
async fn f37_a_search_of_one_kind_that_fails_keeps_only_what_it_may_relate_to() {
    let drift = Drift::new().await;
    let rule = Rule::new(Action::status(400)).path(SEARCH).body("jiraTeam");
    drift.world.port.faults().add(rule);
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert_eq!(report.resources[2].counts.unchanged, 0);
    // A team may still have a user as member who is gone: deleting the user would take the team.
    drift.assert_deleted_except(&found, &["jiraUser"]);
}

/// The listing at the end is what deletions rest on: without it there are none.
async fn f38_at_the_end(fault: Action) {
    let mut drift = Drift::new().await;
    let name = fault.name();
    let faults = drift.world.port.faults();
    faults.add(Rule::new(fault).path(LISTING).body(AT_THE_END));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{name}: {report:#?}");
    assert!(found.deleted.is_empty(), "{name}");
    assert_eq!(drift.world.deletions(), 0, "{name}");
    assert!(
        report.reconciliation.skipped[0].contains("could not list"),
        "{name}"
    );
    drift.recover();
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{name}: {report:#?}");
    drift.assert_deleted_except(&found, &[]);
}

#[tokio::test]
async fn f38_a_last_listing_that_fails_deletes_nothing() {
    f38_at_the_end(Action::status(500)).await;
}

#[tokio::test]
async fn f38_a_last_listing_that_is_cut_deletes_nothing() {
    f38_at_the_end(Action::CutContentLength).await;
}

#[tokio::test]
async fn f38_a_last_listing_without_entities_deletes_nothing() {
    f38_at_the_end(Action::rewrite(|_, _| json!({ "ok": true }))).await;
}

#[tokio::test]
async fn f38_a_last_listing_whose_cursor_comes_again_ends_and_deletes_nothing() {
    let page = json!({
        "ok": true, "next": "again",
        "entities": [{ "blueprint": "jiraIssue", "identifier": "gone-1" }],
    });
    let text = page.to_string();
    f38_at_the_end(Action::Body {
        content_type: "application/json".to_owned(),
        text,
    })
    .await;
}

#[tokio::test]
async fn f38_a_second_page_that_fails_deletes_nothing() {
    let drift = Drift::new().await;
    let faults = drift.world.port.faults();
    faults.add(
        Rule::new(Action::status(500))
            .path(LISTING)
            .body("\"from\""),
    );
    let with_next = |_: &_, mut answer: Value| {
        answer["next"] = json!("more");
        answer
    };
    faults.add(
        Rule::new(Action::rewrite(with_next))
            .path(LISTING)
            .body(AT_THE_END),
    );
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert!(found.deleted.is_empty());
    assert_eq!(drift.world.deletions(), 0);
}

#[tokio::test]
async fn f38_a_page_that_hides_its_next_only_keeps_more() {
    let drift = Drift::new().await;
    let half = |_: &_, mut answer: Value| {
        if let Some(entities) = answer["entities"].as_array_mut() {
            entities.truncate(entities.len() / 2);
        }
        answer
    };
    let rule = Rule::new(Action::rewrite(half))
        .path(LISTING)
        .body(AT_THE_END);
    drift.world.port.faults().add(rule);
    // Nobody can tell that the rest is missing, so the run is called complete.
    let report = drift.world.resync().await;
    let found = drift.check_catalog();
    assert_eq!(report.reconciliation.deleted(), found.deleted.len());
    assert!(found.deleted.len() < drift.gone().len(), "{report:#?}");
}

/// The listing at the start only says how much there is: without it each slice is looked up.
async fn f38_at_the_census(fault: Action) {
    let drift = Drift::new().await;
    let name = fault.name();
    let rule = Rule::new(fault)
        .path(LISTING)
        .body("{\"datasource_prefix\"");
    drift.world.port.faults().add(rule.times(4));
    let (report, found) = drift.resync().await;
    assert_eq!(drift.world.port.faults().fired(), 4, "{name}");
    assert_eq!(report.outcome, Outcome::Completed, "{name}: {report:#?}");
    drift.assert_deleted_except(&found, &[]);
    assert!(
        report.totals().unchanged > 0,
        "{name}: it is still compared"
    );
}

#[tokio::test]
async fn f38_a_first_listing_that_fails_is_replaced_by_lookups() {
    f38_at_the_census(Action::status(500)).await;
}
