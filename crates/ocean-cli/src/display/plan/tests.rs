use std::sync::Arc;

use ocean_core::prelude::*;
use ocean_core::{Blueprint, InMemoryCatalog, MapperPool, Progress, Rehearsal};
use tokio_util::sync::CancellationToken;

use super::*;

kinds! {
    enum Kinds { Issue = "issue" }
}

fn issues(
    items: Arc<[Value]>,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        yield Batch::from(items.to_vec());
    }
}

/// What is shown of a plan for a catalog that holds the issue `known`.
async fn shown(items: &[Value], paint: Paint, masker: &Masker) -> String {
    let mapping = json!({"resources": [{
        "kind": "issue",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": {
            "identifier": ".id", "blueprint": "\"issue\"", "title": ".title",
            "properties": {"text": ".text"},
        }}},
    }]});
    let catalog = InMemoryCatalog::new([Blueprint::new("issue")]).with_mapping(mapping);
    let cx = ocean_core::WriteContext::new(
        &ocean_core::AppConfig::default(),
        ocean_core::WriteEvent::LiveEvent,
    );
    let known = json!({"identifier": "known", "blueprint": "issue"});
    let known = serde_json::from_value(known).unwrap();
    ocean_core::Catalog::upsert(&catalog, &cx, "issue", &[known])
        .await
        .unwrap();
    let integration = Integration::new(items.into()).on_resync(Kinds::Issue, issues);
    let pool = Arc::new(MapperPool::inline());
    let rehearsal = Rehearsal::new(integration.registry(), Arc::new(catalog), pool);
    let stop = CancellationToken::new();
    let (plan, report) = rehearsal.run(&Progress::default(), &stop).await.unwrap();
    text(&plan, &report, true, paint, masker)
}

#[tokio::test]
async fn a_source_cannot_add_hide_or_colour_lines_of_a_plan() {
    let forged = "fine\n  - other\r\u{1b}[8m\u{202e}\u{9b}2K";
    let items = [
        json!({"id": "known", "title": forged, "text": forged}),
        json!({"id": forged, "title": forged}),
    ];
    let text = shown(&items, Paint::none(), &Masker::default()).await;
    let harmless = |character: char| character == '\n' || !character.is_control();
    assert!(text.chars().all(harmless), "{text:?}");
    assert!(!text.contains('\u{202e}'), "{text:?}");
    assert!(
        !text
            .lines()
            .any(|line| line.trim_start().starts_with("- other")),
        "{text}"
    );
    assert!(text.contains("+ fine\\n  - other\\r\\u{1b}[8m"), "{text}");
}

#[tokio::test]
async fn a_secret_is_masked_before_a_value_is_cut() {
    let secret = "hunter2hunter2hunter2";
    for before in [70, 80, 85, 90, 95, 98] {
        let text = format!("{}{secret}", "x".repeat(before));
        let items = [json!({"id": "known", "text": text})];
        let text = shown(&items, Paint::none(), &Masker::new([secret])).await;
        assert!(text.contains("properties.text"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}
