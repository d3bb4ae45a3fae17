//! Expressions that never end, or need more than there is.

use ocean_core::Outcome;
use ocean_tests::Drift;

use crate::{ISSUES, assert_only_issues_are_incomplete, for_one, map_issues};

/// The property runs away for one issue: that issue is an error, all others and all other kinds
/// arrive, and the run ends.
async fn f48(expression: &str, says: &str) {
    let mut drift = Drift::new().await;
    let id = drift.to_write("jiraIssue").remove(0);
    let status = for_one(&id, expression, ".fields.status.name");
    map_issues(&mut drift, "properties/status", status);
    let (report, found) = drift.resync().await;
    assert_eq!(
        report.outcome,
        Outcome::Incomplete,
        "{expression}: {report:#?}"
    );
    let issues = &report.resources[ISSUES];
    assert_eq!(issues.counts.failed_to_map, 1, "{expression}: {issues:#?}");
    let error = &issues.errors[0];
    assert!(error.message.contains(says), "{expression}: {error:?}");
    let written = issues.counts.created + issues.counts.updated;
    assert_eq!(
        written,
        drift.to_write("jiraIssue").len() - 1,
        "{issues:#?}"
    );
    assert_only_issues_are_incomplete(&drift, &report, &found);
}

#[tokio::test]
async fn f48_a_range_without_end_is_an_error_of_its_item() {
    f48("last(range(1e12))", "too many steps").await;
}

#[tokio::test]
async fn f48_a_loop_that_yields_nothing_is_an_error_of_its_item() {
    f48("def f: f; f", "the expression").await;
}

#[tokio::test]
async fn f48_a_recursion_without_end_is_an_error_of_its_item() {
    f48("def f: 1 + f; f", "recurses too deeply").await;
}

#[tokio::test]
async fn f48_a_loop_behind_try_is_still_an_error_of_its_item() {
    f48(
        "try (def f: 1 + f; f) catch \"hidden\"",
        "recurses too deeply",
    )
    .await;
}

#[tokio::test]
async fn f48_a_huge_text_is_an_error_of_its_item() {
    f48(
        "reduce range(40) as $n (\"xxxxxxxx\"; . + .)",
        "too much memory",
    )
    .await;
}
