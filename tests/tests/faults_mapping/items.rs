//! Mappings that run and are wrong for some items, or for all.

use ocean_core::Outcome;
use ocean_tests::Drift;
use serde_json::{Value, json};

use crate::{ISSUES, assert_only_issues_are_incomplete, for_one, map_issues};

#[tokio::test]
async fn f46_a_typo_in_the_identifier_keeps_everything_of_the_kind() {
    let mut drift = Drift::new().await;
    map_issues(&mut drift, "identifier", ".kye");
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let issues = &report.resources[ISSUES];
    assert_eq!(issues.counts.unmapped, issues.counts.fetched, "{issues:#?}");
    assert!(issues.incomplete[0].contains("null for all"), "{issues:#?}");
    let typo = issues
        .misconfigured
        .iter()
        .find(|field| field.field == "identifier");
    assert_eq!(typo.map(|field| &*field.expression), Some(".kye"));
    assert_only_issues_are_incomplete(&drift, &report, &found);
}

#[tokio::test]
async fn f47_an_identifier_that_fails_for_one_item_keeps_everything_of_the_kind() {
    let mut drift = Drift::new().await;
    let id = drift.world.expected()["jiraIssue"][0].clone();
    map_issues(
        &mut drift,
        "identifier",
        for_one(&id, "error(\"no key\")", ".key"),
    );
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let counts = report.resources[ISSUES].counts;
    assert_eq!(
        (counts.unmapped, counts.failed_to_map),
        (1, 0),
        "{counts:?}"
    );
    assert_only_issues_are_incomplete(&drift, &report, &found);
}

#[tokio::test]
async fn f47_a_property_that_fails_for_one_item_is_reported_and_costs_nothing_else() {
    let mut drift = Drift::new().await;
    let id = drift.to_write("jiraIssue").remove(0);
    // Null for all issues in the model, too: what is missing is not a difference.
    map_issues(
        &mut drift,
        "icon",
        for_one(&id, "error(\"broken\")", "null"),
    );
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let fields = &report.resources[ISSUES].misconfigured;
    let icon = fields.iter().find(|field| field.field == "icon");
    assert_eq!(icon.map(|icon| icon.failed), Some(1), "{fields:#?}");
    drift.assert_deleted_except(&found, &[]);
}

/// A selector that gives no boolean for one issue: that issue is an error, its kind is kept.
async fn f49(expression: &str) {
    let mut drift = Drift::new().await;
    let id = drift.world.expected()["jiraIssue"][0].clone();
    drift.world.mapping["resources"][ISSUES]["selector"]["query"] =
        for_one(&id, expression, "true");
    let (report, found) = drift.resync().await;
    assert_eq!(
        report.outcome,
        Outcome::Incomplete,
        "{expression}: {report:#?}"
    );
    let issues = &report.resources[ISSUES];
    assert_eq!(issues.counts.failed_to_map, 1, "{expression}: {issues:#?}");
    let error = &issues.errors[0];
    assert!(
        error.message.contains("selector.query"),
        "{expression}: {error:?}"
    );
    assert_eq!(error.count, 1, "{error:?}");
    assert_only_issues_are_incomplete(&drift, &report, &found);
}

#[tokio::test]
async fn f49_a_selector_that_gives_a_text_keeps_its_kind() {
    f49("\"yes\"").await;
}

#[tokio::test]
async fn f49_a_selector_that_gives_null_keeps_its_kind() {
    f49("null").await;
}

#[tokio::test]
async fn f49_a_selector_that_gives_a_list_keeps_its_kind() {
    f49("[true]").await;
}

#[tokio::test]
async fn f49_a_selector_that_fails_keeps_its_kind() {
    f49("error(\"broken\")").await;
}

#[tokio::test]
async fn f51_an_unknown_kind_is_named_and_the_others_go_on() {
    let mut drift = Drift::new().await;
    drift.world.mapping["resources"][ISSUES]["kind"] = json!("isue");
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    let reason = &report.resources[ISSUES].incomplete[0];
    assert!(
        reason.contains("`isue`") && reason.contains("issue"),
        "{reason}"
    );
    assert_only_issues_are_incomplete(&drift, &report, &found);
}

#[tokio::test]
async fn f51_a_blueprint_that_is_null_for_all_deletes_nothing_at_all() {
    for expression in [json!("null"), json!(".blueprnt")] {
        let mut drift = Drift::new().await;
        map_issues(&mut drift, "blueprint", expression);
        let (report, found) = drift.resync().await;
        assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
        assert!(found.deleted.is_empty(), "{found:?}");
        assert_eq!(drift.world.deletions(), 0);
        let issues = &report.resources[ISSUES];
        assert_eq!(issues.counts.unmapped, issues.counts.fetched);
    }
}

#[tokio::test]
async fn f51_a_kind_twice_of_which_one_is_unknown_keeps_what_both_may_write() {
    let mut drift = Drift::new().await;
    let mut copy = drift.world.mapping["resources"][ISSUES].clone();
    copy["kind"] = json!("isue");
    let resources: &mut Vec<Value> = drift.world.mapping["resources"].as_array_mut().unwrap();
    resources.push(copy);
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert!(report.resources[ISSUES].incomplete.is_empty());
    drift.assert_deleted_except(&found, &["jiraIssue", "jiraProject", "jiraUser"]);
}
