//! The added kind: the simulated Jira at one end, a simulated Port at the other.

use jira_integration::{SPEC, create_jira_client};
use ocean_core::Outcome;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::{Harness, HarnessError};
use serde_json::{Value, json};

use super::with_statuses;

const BLUEPRINTS: &str = r#"[
    { "identifier": "project", "schema": { "properties": {} } },
    { "identifier": "status", "schema": { "properties": {} } }
]"#;

/// Resyncs a mapping of a project and the statuses that a selector leaves; gives their names.
async fn statuses(selector: Value) -> Result<Vec<String>, HarnessError> {
    let jira = JiraTwin::builder().projects(1).issues(1).start().await?;
    let bench = Harness::new("jira", create_jira_client, with_statuses)
        .spec(SPEC)
        .default_resources("resources: []", BLUEPRINTS)
        .source(jira.url(), |url| {
            json!({
                "jira_host": url, "atlassian_user_email": "twin@example.com",
                "atlassian_user_token": "twin-token",
            })
        })
        .start()
        .await?;
    let resource = |kind: &str, selector: Value, identifier: &str| {
        let mappings = json!({"identifier": identifier, "blueprint": format!("\"{kind}\"")});
        json!({"kind": kind, "selector": selector, "port": {"entity": {"mappings": mappings}}})
    };
    bench.set_mapping(json!({"resources": [
        resource("project", json!({"query": "true"}), ".key"),
        resource("status", selector, ".id"),
    ]}));
    let report = bench.resync().await?;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    Ok(bench.ids("status"))
}

#[tokio::test]
async fn the_added_kind_is_read_beside_those_of_the_integration() -> Result<(), HarnessError> {
    let all = statuses(json!({"query": "true"})).await?;
    assert!(all.len() > 3, "{all:?}");
    Ok(())
}

#[tokio::test]
async fn its_selector_counts() -> Result<(), HarnessError> {
    let all = statuses(json!({"query": "true"})).await?;
    let done = statuses(json!({"query": "true", "category": "done"})).await?;
    assert!(
        !done.is_empty() && done.len() < all.len(),
        "{done:?} of {all:?}"
    );
    Ok(())
}
