use super::*;

fn new(name: &str, kind: &str, folder: &Path) -> Result<Written, Failure> {
    write(&NewArguments {
        name: name.to_owned(),
        kind: kind.to_owned(),
        folder: Some(folder.to_owned()),
        sdk_path: None,
    })
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn every_placeholder_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let written = new("help-desk-2", "ticket", folder.path()).unwrap();
    assert!(written.files.contains(&"src/kinds.rs"), "{written:?}");
    for file in written.files {
        let text = read(folder.path(), file);
        assert!(!text.contains("{{"), "{file}: {text}");
    }
    let spec = read(folder.path(), ".port/spec.yaml");
    assert!(spec.contains("title: Help Desk 2"), "{spec}");
    assert!(spec.contains("name: helpDesk2Token"), "{spec}");
}

#[test]
fn the_kind_of_the_author_has_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let written = new("pager", "open-incident", folder.path()).unwrap();
    for file in written.files.iter().filter(|file| **file != "Cargo.lock") {
        let text = read(folder.path(), file);
        assert!(!text.to_lowercase().contains("ticket"), "{file}: {text}");
    }
    for (file, part) in [
        (
            "src/kinds.rs",
            "/// An open incident.\n        OpenIncident = \"open-incident\",",
        ),
        ("src/kinds.rs", "struct OpenIncidentSelector"),
        ("src/client.rs", "async fn open_incident("),
        (
            "src/lib.rs",
            ".on_resync(Kinds::OpenIncident, on_resync_open_incidents)",
        ),
        (".port/spec.yaml", "- kind: open-incident"),
        (
            ".port/resources/port-app-config.yaml",
            "kind: open-incident",
        ),
        (
            ".port/resources/port-app-config.yaml",
            "'\"pagerOpenIncident\"'",
        ),
        (
            ".port/resources/blueprints.json",
            "\"title\": \"Open Incident\"",
        ),
        ("tests/against_twin.rs", "bench.ids(\"pagerOpenIncident\")"),
        ("README.md", "Reads open incidents of Pager"),
    ] {
        let text = read(folder.path(), file);
        assert!(text.contains(part), "{file} has no {part}: {text}");
    }
}

/// What the README says is to be changed stands in the file that it names.
#[test]
fn what_is_to_be_changed_first_is_where_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    new("help-desk", "ticket", folder.path()).unwrap();
    let readme = read(folder.path(), "README.md");
    let (_, table) = readme.split_once("## What to change first").unwrap();
    let rows = table.lines().filter(|line| line.contains("| `"));
    let quoted = |cell: &str| cell.split('`').nth(1).unwrap_or_default().to_owned();
    let mut known = 0;
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let text = read(folder.path(), &quoted(cells[1]));
        assert!(text.contains(&quoted(cells[2])), "{row}");
        known += 1;
    }
    assert!(known > 10, "{known}");
}

/// The Rust of the page about writing an integration, and of the README, is what is written, or
/// what the larger example has.
#[test]
fn the_book_shows_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let written = new("help-desk", "ticket", folder.path()).unwrap();
    let sources = written.files.iter().filter(|file| file.ends_with(".rs"));
    let mut sources: Vec<String> = sources.map(|file| read(folder.path(), file)).collect();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let example = workspace.join("examples/github/tests/against_twin.rs");
    sources.push(fs::read_to_string(example).unwrap());
    let mut shown = 0;
    for page in ["docs/writing-an-integration.md", "README.md"] {
        let text = fs::read_to_string(workspace.join(page)).unwrap();
        for block in text.split("```rust\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let is_there = sources.iter().any(|source| source.contains(block));
            assert!(is_there, "{page}: no file that is compiled has\n{block}");
            shown += 1;
        }
    }
    assert!(shown > 10, "{shown}");
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let failure = new("desk", "ticket", folder.path()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn a_place_that_is_no_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.txt");
    fs::write(&file, "mine").unwrap();
    for place in [file.clone(), file.join("below")] {
        let failure = new("desk", "ticket", &place).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage, "{failure:?}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}
