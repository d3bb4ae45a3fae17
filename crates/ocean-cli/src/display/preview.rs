//! How does a person read what raw items become?

mod difference;

use std::fmt::Write as _;
use std::path::Path;

use ocean_core::http::Masker;
use ocean_core::{Entity, Mapped, RawItem};
use serde::Serialize;
use serde_json::{Map, Value};

use super::number::counted;
use super::{Paint, out, plain, shortened};
use crate::failure::Failure;

/// Some items of one resource and what they become.
#[derive(Debug, Serialize)]
pub(crate) struct PreviewedResource {
    pub(crate) kind: String,
    pub(crate) index: usize,
    /// The blueprint, when it is the same for every item.
    pub(crate) blueprint: Option<String>,
    pub(crate) items: Vec<PreviewedItem>,
    /// What could not be read.
    pub(crate) problems: Vec<String>,
}

impl PreviewedResource {
    /// Whether everything was read and mapped.
    pub(crate) fn is_whole(&self) -> bool {
        let failed = self.items.iter().any(|item| item.outcome == Became::Error);
        self.problems.is_empty() && !failed
    }
}

/// One raw item.
#[derive(Debug, Serialize)]
pub(crate) struct PreviewedItem {
    outcome: Became,
    /// What is wrong, for an error.
    errors: Vec<String>,
    /// More than one only with `itemsToParse`.
    entities: Vec<Entity>,
    /// The fields that are null.
    null: Vec<String>,
    raw: Value,
}

/// What an item became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Became {
    Entity,
    /// The selector says no.
    Refused,
    /// It has no identifier or no blueprint.
    NoKey,
    Error,
}

impl PreviewedItem {
    pub(crate) fn new(raw: &RawItem, mapped: Mapped) -> Result<Self, Failure> {
        let raw = raw
            .to_value()
            .map_err(|error| Failure::bug("an item is not JSON", &error))?;
        let mut errors: Vec<String> = mapped
            .errors
            .samples
            .iter()
            .map(|error| format!("{} {}", error.path, error.message))
            .collect();
        let unsplit = mapped.unsplit;
        if unsplit.failed + unsplit.not_a_list > 0 {
            errors.push("itemsToParse gives no list".to_owned());
        }
        let outcome = if mapped.has_errors() {
            Became::Error
        } else if !mapped.passed.is_empty() {
            Became::Entity
        } else if mapped.filtered > 0 {
            Became::Refused
        } else {
            Became::NoKey
        };
        Ok(Self {
            outcome,
            errors,
            entities: mapped.passed,
            null: mapped
                .misconfigured
                .into_iter()
                .map(|field| field.path)
                .collect(),
            raw,
        })
    }
}

/// Tells that a file is watched.
pub(crate) fn watching(path: &Path, items: usize) {
    let items = counted(items, "item", "items");
    let path = path.display();
    out(&format!(
        "\nWatching {path}; {items} are mapped again when it is saved. Ctrl-C ends.\n"
    ));
}

/// Prints what a new version of the mapping changes.
pub(crate) fn difference(
    before: &[PreviewedResource],
    after: &[PreviewedResource],
    paint: Paint,
    masker: &Masker,
) {
    out(&masker.full(&difference::text(before, after, paint, masker)));
}

/// Prints items and entities.
pub(crate) fn show(resources: &[PreviewedResource], raw: bool, paint: Paint, masker: &Masker) {
    let text: String = resources
        .iter()
        .map(|resource| resource_text(resource, raw, paint, masker))
        .collect();
    out(&masker.full(&text));
}

fn resource_text(resource: &PreviewedResource, raw: bool, paint: Paint, masker: &Masker) -> String {
    let PreviewedResource {
        kind, index, items, ..
    } = resource;
    let blueprint = resource.blueprint.as_deref().unwrap_or("any blueprint");
    let mut text = format!(
        "{} {}\n",
        paint.bold(&plain(&format!("{kind} -> {blueprint}"))),
        paint.dim(&format!(
            "(resources[{index}], {})",
            counted(items.len(), "item", "items")
        )),
    );
    for item in items {
        text.push('\n');
        item_text(&mut text, item, raw, paint, masker);
    }
    for problem in &resource.problems {
        let _infallible = writeln!(text, "\n{}", paint.bad(&plain(problem)));
    }
    if items.is_empty() && resource.problems.is_empty() {
        text.push_str("\nThere are none.\n");
    }
    text
}

fn item_text(text: &mut String, item: &PreviewedItem, raw: bool, paint: Paint, masker: &Masker) {
    if raw {
        let pretty = serde_json::to_string_pretty(&item.raw).unwrap_or_default();
        for line in pretty.lines() {
            let _infallible = writeln!(text, "  {}", paint.dim(&plain(line)));
        }
    } else {
        let _infallible = writeln!(text, "  {}", paint.dim(&shortened(&item.raw, masker)));
    }
    if let Some(verdict) = verdict(item, paint) {
        let _infallible = writeln!(text, "  => {verdict}");
    }
    for entity in &item.entities {
        entity_text(text, entity, paint, masker);
    }
}

/// What became of an item that is no entity.
fn verdict(item: &PreviewedItem, paint: Paint) -> Option<String> {
    match item.outcome {
        Became::Entity => None,
        Became::Refused => Some(paint.notable("is left out: the selector gives false")),
        Became::NoKey => Some(paint.notable("is left out: it has no identifier or no blueprint")),
        Became::Error => Some(paint.bad(&plain(&format!("fails: {}", item.errors.join("; "))))),
    }
}

fn entity_text(text: &mut String, entity: &Entity, paint: Paint, masker: &Masker) {
    let identifier = entity
        .identifier
        .as_str()
        .map_or_else(|| entity.identifier.to_string(), str::to_owned);
    let _infallible = writeln!(text, "  => {}", paint.bold(&plain(&identifier)));
    let single = [
        ("title", entity.title.as_ref()),
        ("icon", entity.icon.as_ref()),
        ("team", entity.team.as_ref()),
    ];
    let single = single
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut fields: Vec<(String, &Value)> = single.collect();
    if entity.blueprint.is_string() {
        fields.insert(0, ("blueprint".to_owned(), &entity.blueprint));
    }
    fields.extend(nested("", entity.properties.as_ref()));
    fields.extend(nested("-> ", entity.relations.as_ref()));
    let width = fields
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    for (name, value) in fields {
        let value = if value.is_null() {
            paint.notable("null")
        } else {
            shortened(value, masker)
        };
        let _infallible = writeln!(text, "     {:width$}  {value}", plain(&name));
    }
}

fn nested<'e>(
    mark: &'static str,
    fields: Option<&'e Map<String, Value>>,
) -> impl Iterator<Item = (String, &'e Value)> {
    let fields = fields.into_iter().flatten();
    fields.map(move |(name, value)| (format!("{mark}{name}"), value))
}
