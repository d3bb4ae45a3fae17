//! What every field of every selector asks Jira for and which items it keeps, and which values
//! are refused before anything is asked.

use std::collections::BTreeSet;

use ocean_core::RawItem;
use ocean_testkit::jira::Belonging;
use serde_json::Value;

use crate::site::Site;

mod agile;
mod platform;
mod refused;
mod worklogs;

const ALL: &str = "created >= -520w";

/// A selector, and what reading its kind with it comes to.
struct Row {
    kind: &'static str,
    selector: Value,
    /// All forms of request, as [`form`] gives them.
    asked: BTreeSet<String>,
    /// What identifies the items, or what Jira has against the request.
    kept: Result<Vec<String>, &'static str>,
}

fn row<const N: usize>(
    kind: &'static str,
    selector: Value,
    asked: [&str; N],
    kept: impl IntoIterator<Item: ToString>,
) -> Row {
    Row {
        kind,
        selector,
        asked: asked.map(str::to_owned).into(),
        kept: Ok(kept.into_iter().map(|item| item.to_string()).collect()),
    }
}

/// A row of a value that only Jira can refuse.
fn refused_by_jira(kind: &'static str, selector: Value, asked: &str, why: &'static str) -> Row {
    Row {
        kind,
        selector,
        asked: [asked.to_owned()].into(),
        kept: Err(why),
    }
}

/// Reads the kind of each row, and expects exactly its requests and exactly its items.
async fn check(site: &Site, rows: Vec<Row>) {
    for row in rows {
        let said = format!("{} {}", row.kind, row.selector);
        let read = site.read(row.kind, row.selector).await;
        let asked: BTreeSet<_> = site.asked().iter().filter_map(|ask| form(ask)).collect();
        assert_eq!(asked, row.asked, "{said}");
        match row.kept {
            Ok(kept) => {
                let items = read.complete();
                let names = items.iter().map(|item| name(row.kind, item)).collect();
                assert_eq!(sorted(names), sorted(kept), "{said}");
            }
            Err(why) => {
                let error = read.error.unwrap();
                assert!(error.contains(why), "{said}: {error}");
            }
        }
    }
}

/// A first page's request with `*` for the name of its parent; nothing for a later page's.
fn form(ask: &str) -> Option<String> {
    let later = ["nextPageToken", "cursor=", "after=", "\"after\""];
    let later = later.iter().any(|token| ask.contains(token));
    let offset = ask.split_once("startAt=").map(|(_, offset)| offset);
    if later || offset.is_some_and(|offset| !offset.starts_with('0')) {
        return None;
    }
    let end = ask.find(['?', '{']).unwrap_or(ask.len());
    let (path, rest) = ask.split_at(end);
    let mut of_parent = false;
    let segment = |segment| {
        let is_name = std::mem::replace(
            &mut of_parent,
            ["board", "issue", "project", "teams"].contains(&segment),
        );
        let is_fixed = ["search", "v1"].contains(&segment);
        if is_name && !is_fixed { "*" } else { segment }
    };
    let path: Vec<_> = path.split('/').map(segment).collect();
    Some(path.join("/") + rest)
}

/// What tells an item from others of its kind: for those of a parent, with the parent's name.
fn name(kind: &str, item: &RawItem) -> String {
    let text = |field: &str| match item.get(field).unwrap() {
        Value::String(text) => text,
        Value::Array(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| key.as_str().unwrap()).collect();
            keys.join(",")
        }
        Value::Object(project) => project["key"].as_str().unwrap().to_owned(),
        number => number.to_string(),
    };
    let parent = match kind {
        "project" => return text("key"),
        // Without `fields`, Jira shows nothing else of an issue.
        "issue" => return text("id"),
        "user" => return text("accountId"),
        "team" => return text("teamId"),
        "release" => "__projectKey",
        "component" => "__project",
        "board" => "__projectKeys",
        "sprint" => "originBoardId",
        "worklog" => "__issueKey",
        _ => "__boardId",
    };
    format!("{}/{}", text(parent), text("id"))
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}

/// The names of what belongs to parents.
fn named(all: Vec<Belonging>) -> Vec<String> {
    assert!(!all.is_empty(), "nothing would be proven");
    let name = |(parent, id)| format!("{parent}/{id}");
    all.into_iter().map(name).collect()
}

/// A site whose seventh board shows two projects.
async fn site() -> Site {
    Site::start(|twin| twin.projects(8).issues(240)).await
}
