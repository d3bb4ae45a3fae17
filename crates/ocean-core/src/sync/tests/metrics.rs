//! What of a run is measured.

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
