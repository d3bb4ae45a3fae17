//! The smallest integration: one kind, read into a catalog in memory.
//!
//! It shows the two parts that every integration has, a function that reads a kind and a mapping
//! that makes entities of it. Run it with `cargo run -p ocean-minimal`.

use std::error::Error;
use std::sync::Arc;

use ocean_core::prelude::*;
use ocean_core::{Blueprint, InMemoryCatalog, MapperPool, Progress, SyncEngine};
use serde_json::json;
use tokio_util::sync::CancellationToken;

kinds! {
    enum Kinds { Planet = "planet" }
}

/// Reads page after page. A real integration asks a client here instead of a list.
fn on_resync_planets(
    names: &'static [&'static str],
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        for page in names.chunks(2) {
            let items = page.iter().map(|name| json!({"name": name, "letters": name.len()}));
            yield Batch::from(items.collect::<Vec<_>>());
        }
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what it did")]
async fn main() -> Result<(), Box<dyn Error>> {
    let names: &[&str] = &["Mercury", "Venus", "Earth"];
    let planets = Integration::new(names).on_resync(Kinds::Planet, on_resync_planets);
    let catalog = InMemoryCatalog::new([Blueprint::new("planet")]).with_mapping(json!({
        "resources": [{
            "kind": "planet",
            "selector": { "query": "true" },
            "port": { "entity": { "mappings": {
                "identifier": ".name | ascii_downcase",
                "title": ".name",
                "blueprint": "\"planet\"",
                "properties": { "letters": ".letters" }
            } } }
        }]
    }));
    let catalog = Arc::new(catalog);
    let pool = Arc::new(MapperPool::new()?);
    let engine = SyncEngine::new(&planets, Arc::clone(&catalog), pool);
    let report = engine
        .resync(&Progress::default(), &CancellationToken::new())
        .await?;
    println!("{:?}: {} created", report.outcome, report.totals().created);
    for entity in catalog.entities() {
        let title = entity.title.unwrap_or_default();
        println!("{title}: {}", json!(entity.properties));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ocean_testkit::{Harness, HarnessError};

    use super::*;

    const MAPPING: &str = r#"
        resources:
          - kind: planet
            selector: { query: "true" }
            port:
              entity:
                mappings:
                  identifier: .name | ascii_downcase
                  blueprint: '"planet"'
                  properties: { letters: .letters }
    "#;
    const BLUEPRINTS: &str = r#"[
        { "identifier": "planet", "schema": { "properties": { "letters": { "type": "number" } } } }
    ]"#;

    #[tokio::test]
    async fn every_planet_is_in_the_catalog() -> Result<(), HarnessError> {
        let connect = |_: &serde_json::Value, _| {
            let names: &[&str] = &["Mercury", "Venus", "Earth"];
            Ok::<_, SourceError>(names)
        };
        let planets = |ocean: Integration<_>| ocean.on_resync(Kinds::Planet, on_resync_planets);
        let harness = Harness::new("planets", connect, planets);
        let bench = harness
            .default_resources(MAPPING, BLUEPRINTS)
            .start()
            .await?;
        let report = bench.resync().await?;
        assert_eq!(report.totals().created, 3);
        assert_eq!(bench.ids("planet"), ["earth", "mercury", "venus"]);
        Ok(())
    }
}
