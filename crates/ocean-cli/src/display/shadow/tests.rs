use std::sync::Arc;

use ocean_core::prelude::*;
use ocean_core::{Blueprint, InMemoryCatalog, MapperPool, Progress, Shadow};
use tokio_util::sync::CancellationToken;

use super::*;

kinds! {
    enum Kinds { Service = "service" }
}

fn services(
    items: Arc<[Value]>,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        yield Batch::from(items.to_vec());
    }
}

/// Two comparisons, one after the other, of an empty catalog with a source that has these.
async fn compared_twice(identifiers: &[&str]) -> (Comparison, ResyncReport) {
    let items = identifiers.iter().map(|id| json!({"id": id}));
    let mapping = json!({"resources": [{
        "kind": "service",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {"identifier": ".id", "blueprint": "\"service\""}}},
    }]});
    let catalog = InMemoryCatalog::new([Blueprint::new("service")]).with_mapping(mapping);
    let integration = Integration::new(items.collect()).on_resync(Kinds::Service, services);
    let pool = Arc::new(MapperPool::inline());
    let shadow = Shadow::new(integration.registry(), Arc::new(catalog), pool);
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    let engine = shadow.engine();
    let report = engine.resync(&progress, &stop).await.unwrap();
    shadow.compare(&report).await;
    let report = engine.resync(&progress, &stop).await.unwrap();
    (shadow.compare(&report).await, report)
}

#[tokio::test]
async fn differences_are_told_by_blueprint_with_how_long_they_last() {
    let (comparison, report) = compared_twice(&["api", "web"]).await;
    let expected = "\
Comparison 2: 2 differences, 0 of them new
service
  + api (we would have created it)  in 2 comparisons
  + web (we would have created it)  in 2 comparisons
";
    assert_eq!(
        text(&comparison, &report, Paint::none(), &Masker::default()),
        expected
    );
    let told = as_json(&comparison, &report);
    assert_eq!(told["comparison"]["divergences"][1]["comparisons"], 2);
    assert_eq!(told["comparison"]["divergences"][1]["nature"], "missing");
    assert_eq!(told["report"]["routing"], "local");
}

#[tokio::test]
async fn what_was_not_confirmed_says_why() {
    let (mut comparison, report) = compared_twice(&["api"]).await;
    comparison.is_whole = false;
    comparison.unconfirmed = Some("search failed".to_owned());
    let text = text(&comparison, &report, Paint::none(), &Masker::default());
    let headline = "Comparison 2: 1 difference, 0 of them new; not everything could be compared\n";
    assert!(text.starts_with(headline), "{text}");
    let reason = "  not looked at once more: search failed\n";
    assert!(text.ends_with(reason), "{text}");
}

#[tokio::test]
async fn in_raw_data_mode_it_is_said_whose_mapping_may_differ() {
    let (comparison, mut report) = compared_twice(&["api"]).await;
    report.routing = Routing::Forwarded;
    let text = text(&comparison, &report, Paint::none(), &Masker::default());
    assert!(
        text.contains("  note: the organization is in raw-data mode"),
        "{text}"
    );
    let (comparison, mut report) = compared_twice(&[]).await;
    report.routing = Routing::Forwarded;
    let expected = "Comparison 2: the catalog is as we would have left it\n";
    assert_eq!(
        super::text(&comparison, &report, Paint::none(), &Masker::default()),
        expected
    );
}
