use std::sync::Arc;
use std::time::Duration;

use ocean_core::prelude::*;
use ocean_core::{Blueprint, InMemoryCatalog, MapperPool, Progress, SyncEngine};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;

kinds! {
    enum Kinds { Service = "service", Team = "team" }
}

fn services(
    items: Arc<[Value]>,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        yield Batch::from(items.to_vec());
    }
}

fn teams(
    _: Arc<[Value]>,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        yield Batch::from(vec![json!({"id": "blue"})]);
        Err(SourceError::retryable("desk: GET /teams?page=2 (5 sent, 8.1 s): status 503"))?;
    }
}

fn resource(kind: &str, title: &str) -> Value {
    json!({
        "kind": kind,
        "selector": { "query": "true" },
        "port": { "entity": { "mappings": {
            "identifier": ".id", "title": title, "blueprint": format!("\"{kind}\"")
        } } }
    })
}

/// What the report of a resync looks like, but for its times.
async fn shown(services_found: Vec<Value>, mapping: Vec<Value>, stop: bool) -> String {
    let catalog = InMemoryCatalog::new([Blueprint::new("service"), Blueprint::new("team")])
        .with_mapping(json!({ "resources": mapping }));
    let integration = Integration::new(Arc::from(services_found))
        .on_resync(Kinds::Service, services)
        .on_resync(Kinds::Team, teams);
    let pool = Arc::new(MapperPool::inline());
    let engine = SyncEngine::new(&integration, Arc::new(catalog), pool);
    let token = CancellationToken::new();
    if stop {
        token.cancel();
    }
    let mut report = engine.resync(&Progress::default(), &token).await.unwrap();
    report.duration = Duration::from_millis(72_400);
    for resource in &mut report.resources {
        resource.duration = Duration::from_millis(1_250);
    }
    text(&report)
}

#[tokio::test]
async fn a_complete_resync_is_told_in_one_line_per_resource() {
    let items = (0..1_200).map(|id| json!({"id": id, "name": "x"}));
    let shown = shown(items.collect(), vec![resource("service", ".name")], false).await;
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn every_problem_is_told_once_with_what_was_kept_because_of_it() {
    let items = vec![
        json!({"id": "api", "name": "Api"}),
        json!({"id": null, "name": "nameless"}),
        json!({"id": "web", "name": 7}),
    ];
    let mapping = vec![
        resource("service", ".name | ascii_downcase"),
        resource("team", ".id"),
    ];
    insta::assert_snapshot!(shown(items, mapping, false).await);
}

#[tokio::test]
async fn a_stopped_resync_says_that_nothing_was_deleted() {
    let mapping = vec![resource("service", ".name")];
    insta::assert_snapshot!(shown(Vec::new(), mapping, true).await);
}
