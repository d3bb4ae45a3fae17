//! The invariants of `docs/architecture.md` that are about what knows what.

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names under `[dependencies]` of a crate, without optional ones and those for its tests.
fn dependencies(of: &str) -> Vec<String> {
    let manifest = fs::read_to_string(workspace().join(of).join("Cargo.toml")).unwrap();
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("optional = true"))
        .filter_map(|line| line.split(['.', ' ']).next())
        .map(str::to_owned)
        .collect()
}

/// Every file of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn the_middle_knows_nobody_and_the_edges_know_the_middle() {
    let ours = [
        "ocean-core",
        "ocean-port",
        "jira-integration",
        "ocean-testkit",
        "ocean-cli",
    ];
    for (of, known) in [
        ("crates/ocean-core", &[][..]),
        ("crates/ocean-port", &["ocean-core"]),
        ("crates/jira-integration", &["ocean-core"]),
        ("crates/ocean-testkit", &[]),
        ("crates/ocean-cli", &["ocean-core", "ocean-port"]),
    ] {
        let found = dependencies(of);
        assert!(!found.is_empty(), "{of} was not read");
        let found: Vec<_> = ours
            .iter()
            .filter(|our| found.iter().any(|dep| dep == *our))
            .collect();
        assert_eq!(found, known.iter().collect::<Vec<_>>(), "{of}");
    }
}

#[test]
fn of_the_testkit_only_the_harness_knows_the_engine() {
    let testkit = workspace().join("crates/ocean-testkit/src");
    let knowing = ["harness", "conformance"].map(|module| testkit.join(module));
    for file in sources(&testkit) {
        let inside = knowing.iter().any(|module| file.starts_with(module));
        let text = fs::read_to_string(&file).unwrap();
        let names = ["ocean_core::", "ocean_port::"].map(|name| text.contains(name));
        assert!(inside || names == [false; 2], "{}", file.display());
    }
}

#[test]
fn one_module_knows_the_http_library() {
    for of in [
        "ocean-port",
        "jira-integration",
        "ocean-cli",
        "ocean-testkit",
    ] {
        let found = dependencies(&format!("crates/{of}"));
        assert!(!found.contains(&"reqwest".to_owned()), "{of}");
    }
    let core = workspace().join("crates/ocean-core/src");
    for file in sources(&core) {
        let inside = file.starts_with(core.join("http"));
        let names = fs::read_to_string(&file).unwrap().contains("reqwest::");
        assert!(inside || !names, "{} names reqwest", file.display());
    }
}

#[test]
fn one_module_knows_the_jq_library() {
    let core = workspace().join("crates/ocean-core/src");
    for file in sources(&core) {
        let inside = file.starts_with(core.join("mapping/jq"));
        let names = fs::read_to_string(&file).unwrap().contains("jaq_core");
        assert!(inside || !names, "{} names the jq library", file.display());
    }
}

#[test]
fn core_names_neither_jira_nor_ports_addresses() {
    for file in sources(&workspace().join("crates/ocean-core/src")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in [
            "jira_integration",
            "getport.io/v1",
            "/entities/bulk",
            "rest/api/3",
        ] {
            let shown = code
                .lines()
                .any(|line| line.contains(name) && !line.trim_start().starts_with("//"));
            assert!(!shown || is_test(&file), "{} names {name}", file.display());
        }
    }
}

fn is_test(file: &Path) -> bool {
    file.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}
