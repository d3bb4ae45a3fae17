//! `docs/settings.md` lists every setting, because it is written from the schema of the settings.
//!
//! After a setting changed: `OCEAN_RENEW=1 cargo test -p ocean-jira --test settings_page`.

#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

const HEAD: &str = "# Settings

Every setting of the Jira integration, as environment variable; in `config.yaml` it has the same path in camelCase
(`OCEAN__EVENT_LISTENER__TYPE` is `eventListener.type`).
This page is written from the types, and a test keeps it so; your own integration prints its schema with `schema settings`.

Ranks, from the strongest: the command line, the environment, `.env`, `config.yaml`, the default.
Only `APPLICATION__*` beats the command line, as in the original.
Objects are merged key by key, and one variable may hold a whole object as JSON.
`config show` tells what is in effect and where each value came from.

";

#[test]
fn the_page_of_settings_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("schemas/settings.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let page = format!("{HEAD}{}", page_of(&schema));
    let file = root.join("../../docs/settings.md");
    if std::env::var_os("OCEAN_RENEW").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == page,
        "docs/settings.md is old; renew it with \
         `OCEAN_RENEW=1 cargo test -p ocean-jira --test settings_page`"
    );
}

/// A section per group, the settings of no group first.
fn page_of(schema: &Value) -> String {
    let mut sections = vec![("General".to_owned(), String::new(), Vec::new())];
    for (name, property) in properties(schema) {
        let path = [name.as_str()];
        if is_group(property) {
            let mut rows = Vec::new();
            rows_of(&path, property, &mut rows);
            let about = text(property, "description").to_owned();
            sections.push((format!("`{}`", snake(name)), about, rows));
        } else {
            sections[0].2.push(row(&path, property));
        }
    }
    let mut page = String::new();
    for (title, about, rows) in sections {
        let heading = format!("## {title}\n\n{about}");
        write!(page, "{}\n\n", heading.trim_end()).unwrap();
        page.push_str("| variable | type | default | meaning |\n|---|---|---|---|\n");
        for row in rows {
            page.push_str(&row);
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn rows_of(path: &[&str], group: &Value, rows: &mut Vec<String>) {
    for variant in array(group, "oneOf") {
        for (name, property) in properties(variant) {
            let path = [path, &[name.as_str()]].concat();
            match property.get("const") {
                Some(value) => {
                    let about = text(variant, "description");
                    rows.push(line(&path, &format!("`{}`", plain(value)), "", about));
                }
                None => rows.push(row(&path, property)),
            }
        }
    }
    for (name, property) in properties(group) {
        let path = [path, &[name.as_str()]].concat();
        if is_group(property) {
            rows_of(&path, property, rows);
        } else {
            rows.push(row(&path, property));
        }
    }
}

fn row(path: &[&str], property: &Value) -> String {
    let default = match property.get("default") {
        None => String::new(),
        Some(Value::Null) => "unset".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "empty".to_owned(),
        Some(value) => format!("`{}`", plain(value)),
    };
    line(
        path,
        &kind(property),
        &default,
        text(property, "description"),
    )
}

fn line(path: &[&str], kind: &str, default: &str, about: &str) -> String {
    let names: Vec<String> = path.iter().map(|name| snake(name).to_uppercase()).collect();
    let prefix = match names.first().map(String::as_str) {
        Some("APPLICATION") => "",
        _ => "OCEAN__",
    };
    let about = about.replace('\n', " ").replace('|', "\\|");
    format!(
        "| `{prefix}{}` | {kind} | {default} | {about} |\n",
        names.join("__")
    )
}

/// What may stand there, in words.
fn kind(property: &Value) -> String {
    let choices: Vec<String> = [property, &property["anyOf"][0]]
        .iter()
        .flat_map(|of| array(of, "oneOf"))
        .filter_map(|choice| choice.get("const"))
        .map(|value| format!("`{}`", plain(value)))
        .collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    let of = match &property["type"] {
        Value::Array(of) => of.first().and_then(Value::as_str).unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match (of, text(property, "format")) {
        ("string", "uri") => "URL".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("array", _) => "list".to_owned(),
        (other, _) => other.to_owned(),
    }
}

fn is_group(property: &Value) -> bool {
    property.get("properties").is_some()
}

fn properties(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

fn array<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `jiraHost` as `jira_host`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
