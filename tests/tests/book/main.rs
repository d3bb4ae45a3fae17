//! The book tells the truth: links lead somewhere, mappings compile, recipes give what they say.
//!
//! Its Rust is held to the files it is taken from by `ocean-cli`, which writes them, and its
//! commands by `examples/jira`, whose program has them.

mod blocks;
mod cookbook;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ocean_core::{AppConfig, CompiledMapping, Environment};

use crate::blocks::blocks;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page of the book, and the README.
fn pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("docs")).unwrap();
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.push(workspace().join("README.md"));
    pages.sort();
    pages
}

/// The targets of the links of a text, without those in code.
fn links(text: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Between backquotes is code too.
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    let targets = prose.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.map(str::to_owned).collect()
}

/// The names by which a page's headings are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let name = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            let leaves = file.starts_with("..") && page.parent() == Some(&workspace().join("docs"));
            assert!(!leaves, "{}: {link} is not in the book", page.display());
            let is_page = target
                .extension()
                .is_some_and(|extension| extension == "md");
            if !anchor.is_empty() && is_page {
                let known = anchors(&fs::read_to_string(&target).unwrap());
                assert!(known.contains(anchor), "{}: {link}", page.display());
            }
            found += 1;
        }
    }
    assert!(found > 50, "{found}");
}

/// Pages name files instead of linking to them, since only pages are in the book.
#[test]
fn every_file_that_is_named_exists() {
    let folders = [
        "crates/",
        "examples/",
        "tests/",
        "docs/",
        "benches/",
        "deploy/",
    ];
    let mut known = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let spans = text
            .lines()
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        for span in spans.filter(|span| folders.iter().any(|folder| span.starts_with(folder))) {
            let is_path = !span.contains([' ', '*', '<']);
            // A tape of the reader's own package is named after its place there.
            let is_ours = !span.starts_with("tests/tapes") && span != "tests/against_twin.rs";
            if is_path && is_ours {
                assert!(
                    workspace().join(span).exists(),
                    "{}: {span}",
                    page.display()
                );
                known += 1;
            }
        }
    }
    assert!(known > 40, "{known}");
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let summary = fs::read_to_string(workspace().join("docs/SUMMARY.md")).unwrap();
    let listed = links(&summary);
    let different: BTreeSet<_> = listed.iter().collect();
    assert_eq!(different.len(), listed.len(), "{listed:?}");
    for page in pages() {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let is_page = name != "SUMMARY.md" && name != "README.md";
        assert!(!is_page || listed.contains(&name), "{name}");
    }
}

/// What makes a table or a block of code of these pages look broken once it is a book.
#[test]
fn every_page_can_be_set() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let at = |number: usize| format!("{}:{}", page.display(), number + 1);
        let (mut fence, mut columns): (Option<usize>, Option<usize>) = (None, None);
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fence = fence.is_none().then_some(number);
                columns = None;
            } else if fence.is_some() {
                // A reader would not see such a line: rustdoc and the book leave it out.
                let is_hidden = line.trim_start().starts_with("# ") && is_rust(&text, fence);
                assert!(!is_hidden, "{}: `{line}` would be hidden", at(number));
            } else if line.starts_with('|') {
                // A bar in code ends a cell, too, unless it is escaped.
                let cells = line.replace("\\|", "").matches('|').count();
                let expected = *columns.get_or_insert(cells);
                assert_eq!(cells, expected, "{}: {line}", at(number));
            } else {
                columns = None;
            }
        }
        assert!(fence.is_none(), "{}: a block is not closed", page.display());
    }
}

fn is_rust(text: &str, fence: Option<usize>) -> bool {
    let opening = fence.and_then(|number| text.lines().nth(number));
    opening.is_some_and(|line| line.trim_start().starts_with("```rust"))
}

#[test]
fn every_mapping_compiles() {
    let mut found = 0;
    for page in pages() {
        let name = page.display().to_string();
        for block in blocks(&fs::read_to_string(&page).unwrap()) {
            if block.language != "yaml" || !block.text.contains("resources:") {
                continue;
            }
            let parsed = AppConfig::from_yaml(&name, &block.text);
            let config = parsed
                .unwrap_or_else(|faults| panic!("{name}: {faults}"))
                .config;
            let (_, faults) = CompiledMapping::compile(&config, &Environment::default());
            assert!(faults.is_empty(), "{name}: {faults:?}\n{}", block.text);
            found += 1;
        }
    }
    assert!(found >= 12, "{found}");
}

#[test]
fn every_json_is_json() {
    for page in pages() {
        for block in blocks(&fs::read_to_string(&page).unwrap()) {
            if block.language.starts_with("json") {
                let read = serde_json::from_str::<serde_json::Value>(&block.text);
                assert!(read.is_ok(), "{}: {read:?}\n{}", page.display(), block.text);
            }
        }
    }
}
