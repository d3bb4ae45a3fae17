//! What of a run is measured.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::faulty::rejected;
use super::world::{Kinds, World};
use crate::sync::Progress;
use crate::{Metrics, ResyncStatus};

async fn page(world: &World) -> String {
    let metrics = Metrics::default();
    let engine = world.engine().metered(metrics.clone());
    let (progress, cancellation) = (Progress::default(), CancellationToken::new());
    engine.resync(&progress, &cancellation).await.unwrap();
    metrics.end(ResyncStatus::Completed);
    metrics.text()
}

#[track_caller]
fn assert_lines(page: &str, lines: &[&str]) {
    for line in lines {
        assert!(page.lines().any(|found| found == *line), "{line} in {page}");
    }
}

#[tokio::test]
async fn what_became_of_the_items_of_a_kind_is_on_the_page() {
    let world = World::new();
    world.source.items(Kinds::A, &["a1", "a2", "a3"]);
    world.catalog.spoil("a3", 1, rejected(422));
    let first = page(&world).await;
    assert_lines(
        &first,
        &[
            r#"object_count{kind="a-0",phase="extract",object_count_type="raw_extracted"} 3.0"#,
            r#"object_count{kind="a-0",phase="transform",object_count_type="transformed"} 3.0"#,
            r#"object_count{kind="a-0",phase="load",object_count_type="loaded"} 2.0"#,
            r#"object_count{kind="a-0",phase="load",object_count_type="failed"} 1.0"#,
            r#"object_count{kind="b-1",phase="extract",object_count_type="raw_extracted"} 0.0"#,
            r#"success{kind="a-0",phase="resync"} 1.0"#,
        ],
    );
    let second = page(&world).await;
    assert_lines(
        &second,
        &[r#"object_count{kind="a-0",phase="load",object_count_type="skipped"} 2.0"#],
    );
}

#[tokio::test]
async fn a_function_that_fails_is_counted_and_its_kind_is_no_success() {
    let world = World::new();
    world.source.set(Kinds::A, vec![Err("broken".to_owned())]);
    let page = page(&world).await;
    assert_lines(
        &page,
        &[
            r#"object_count{kind="a-0",phase="extract",object_count_type="failed"} 1.0"#,
            r#"success{kind="a-0",phase="resync"} 0.0"#,
            r#"success{kind="b-1",phase="resync"} 1.0"#,
        ],
    );
}

#[tokio::test]
async fn what_was_deleted_is_counted_by_port() {
    let world = World::new();
    world.source.items(Kinds::A, &["a1", "a2"]);
    page(&world).await;
    world.source.items(Kinds::A, &["a1"]);
    let page = page(&world).await;
    let deleted =
        r#"object_count{kind="__reconciliation__",phase="delete",object_count_type="deleted"} "#;
    let line = page.lines().find(|line| line.starts_with(deleted)).unwrap();
    assert_eq!(line, format!("{deleted}{}.0", 2 - world.ids("a").len()));
    let deletion = r#"duration_seconds{kind="__reconciliation__",phase="delete"}"#;
    assert!(page.contains(deletion), "{page}");
}

/// The page of a process after incremental syncs of each world, stopped ones if wanted.
async fn page_of_syncs(metrics: &Metrics, world: &World, stopped: bool) -> String {
    let engine = world.engine().metered(metrics.clone());
    let (progress, cancellation) = (Progress::default(), CancellationToken::new());
    if stopped {
        cancellation.cancel();
    }
    let interval = Duration::from_secs(900);
    let synced = engine.sync_incrementally(interval, &progress, &cancellation);
    drop(synced.await);
    metrics.text()
}

/// The age of the cursor of a kind, in minutes.
fn age(page: &str, kind: &str) -> f64 {
    let name =
        format!(r#"incremental_sync_cursor_age_seconds{{integration_type="desk",kind="{kind}"}} "#);
    let found = page.lines().find_map(|line| line.strip_prefix(&*name));
    found.expect(page).parse::<f64>().unwrap() / 60.0
}

#[tokio::test]
async fn incremental_syncs_have_the_series_of_the_newer_original() {
    let world = World::new();
    let metrics = Metrics::default();
    metrics.set_integration_type("desk");
    assert!(!metrics.text().contains("incremental_sync"));
    world.source.items(Kinds::A, &["a1"]);
    world.source.set(Kinds::B, vec![Err("broken".to_owned())]);
    let page = page_of_syncs(&metrics, &world, false).await;
    // What was read is read from a minute before the sync on; the other from where it was.
    assert!((1.0..1.5).contains(&age(&page, "a-0")), "{page}");
    assert!((16.0..16.5).contains(&age(&page, "b-1")), "{page}");
    let took = r#"incremental_sync_kind_duration_seconds{integration_type="desk",kind="a-0"} "#;
    assert!(page.contains(took), "{page}");
    let count = |name: &str, reason: &str, count: u32| {
        format!(
            r#"incremental_sync_run_{name}_total{{integration_type="desk",reason="{reason}"}} {count}.0"#
        )
    };
    assert_lines(
        &page,
        &[
            &count("errors", "incomplete", 1),
            &count("errors", "port", 0),
            &count("interrupted", "stopped", 0),
        ],
    );
    let page = page_of_syncs(&metrics, &world, true).await;
    assert_lines(
        &page,
        &[
            &count("interrupted", "stopped", 1),
            &count("errors", "incomplete", 1),
        ],
    );
    let mut invalid = World::new();
    invalid.root = json!({"resources": 7});
    invalid.resources = vec![json!({"kind": 7})];
    let page = page_of_syncs(&metrics, &invalid, false).await;
    assert_lines(&page, &[&count("errors", "mapping", 1)]);
    // A sync that could not begin leaves the cursors where they are.
    assert!((16.0..16.5).contains(&age(&page, "b-1")), "{page}");
}
