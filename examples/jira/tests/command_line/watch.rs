//! Editing a mapping while a preview watches it.

use std::fs;

use crate::desk::{installed, writes};
use crate::running::Running;

#[tokio::test]
async fn each_saved_version_shows_what_it_changes_without_reading_the_source_again() {
    let (program, jira, port) = installed().await;
    let draft = program.folder.path().join("draft.yaml");
    fs::write(&draft, jira_integration::MAPPING).unwrap();
    let arguments = ["preview", "issue", "-n", "2", "-m", "draft.yaml", "--watch"];
    let running = Running::start(&program, &arguments);
    running.says("Watching draft.yaml; 2 items").await;
    jira.journal().clear();

    let other = jira_integration::MAPPING
        .replace("status: .fields.status.name", "status: .fields.status.id");
    assert_ne!(other, jira_integration::MAPPING);
    fs::write(&draft, &other).unwrap();
    running.says("2 of 2 items changed").await;
    running.says("properties.status  \"").await;

    // What cannot be used is told, and the last version that could be is what counts.
    fs::write(
        &draft,
        other.replace(".fields.status.id", ".fields.status.id |"),
    )
    .unwrap();
    running.says("the mapping is not valid").await;
    fs::write(&draft, format!("{other}\n")).unwrap();
    running.says("saved: nothing differs").await;

    assert_eq!(jira.journal().len(), 0, "{}", running.output());
    assert_eq!(writes(&port), Vec::<String>::new());
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
}

#[tokio::test]
async fn a_watch_needs_a_file_to_watch() {
    let program = crate::process::Program::new();
    for arguments in [
        &["preview", "issue", "--watch"][..],
        &["preview", "issue", "-m", "draft.yaml", "--watch", "--json"],
    ] {
        let ended = program.run(arguments).await;
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    }
}
