//! The added kind over the simulated Jira, into a catalog in memory.

use std::sync::Arc;

use jira_integration::{JiraClient, JiraConfig};
use ocean_core::http::HttpClient;
use ocean_core::{
    Blueprint, InMemoryCatalog, Integration, MapperPool, Outcome, Progress, SyncEngine,
};
use ocean_testkit::jira::JiraTwin;
use serde_json::{Value, json};

use super::with_statuses;

/// Resyncs a mapping of a project and the statuses that a selector leaves; gives their names.
async fn statuses(selector: Value) -> Vec<String> {
    let twin = JiraTwin::builder()
        .projects(1)
        .issues(1)
        .start()
        .await
        .unwrap();
    let config = JiraConfig::new(&twin.url(), "twin@example.com", "twin-token").unwrap();
    let jira = JiraClient::new(config, HttpClient::builder("jira")).unwrap();
    let resource = |kind: &str, selector: Value, identifier: &str| {
        let mappings = json!({"identifier": identifier, "blueprint": format!("\"{kind}\"")});
        json!({"kind": kind, "selector": selector, "port": {"entity": {"mappings": mappings}}})
    };
    let blueprints = ["project", "status"].map(Blueprint::new);
    let catalog = InMemoryCatalog::new(blueprints).with_mapping(json!({"resources": [
        resource("project", json!({"query": "true"}), ".key"),
        resource("status", selector, ".name"),
    ]}));
    let catalog = Arc::new(catalog);
    let pool = Arc::new(MapperPool::new().unwrap());
    let integration = with_statuses(Integration::new(jira));
    let engine = SyncEngine::new(&integration, Arc::clone(&catalog), pool);
    let report = engine
        .resync(&Progress::default(), &Default::default())
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let entities = catalog.entities().into_iter();
    let mut names: Vec<String> = entities
        .filter(|entity| entity.blueprint == "status")
        .map(|entity| entity.identifier.as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_added_kind_is_read_beside_those_of_the_integration() {
    let all = statuses(json!({"query": "true"})).await;
    assert!(all.contains(&"Done".to_owned()) && all.len() > 3, "{all:?}");
}

#[tokio::test]
async fn its_selector_counts() {
    let done = statuses(json!({"query": "true", "category": "done"})).await;
    assert!(done.contains(&"Done".to_owned()), "{done:?}");
    assert!(!done.contains(&"To Do".to_owned()), "{done:?}");
}
