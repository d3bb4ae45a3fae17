//! How does a person read what a new version of a mapping changes?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ocean_core::Entity;
use ocean_core::http::Masker;
use serde_json::{Map, Value};

use super::super::number::counted;
use super::super::{Paint, plain, shortened};
use super::{PreviewedItem, PreviewedResource, entity_text, verdict};

/// The items that become something else, with the fields that differ.
pub(super) fn text(
    before: &[PreviewedResource],
    after: &[PreviewedResource],
    paint: Paint,
    masker: &Masker,
) -> String {
    let mut text = String::new();
    for (place, resource) in after.iter().enumerate() {
        resource_text(&mut text, before.get(place), resource, paint, masker);
    }
    for resource in before.iter().skip(after.len()) {
        let line = format!("resources[{}] is gone", resource.index);
        let _infallible = writeln!(text, "{}", paint.notable(&line));
    }
    if text.is_empty() {
        text.push_str("saved: nothing differs\n");
    }
    text.push('\n');
    text
}

fn resource_text(
    text: &mut String,
    before: Option<&PreviewedResource>,
    after: &PreviewedResource,
    paint: Paint,
    masker: &Masker,
) {
    let mut changes = String::new();
    let mut changed = 0;
    for (place, item) in after.items.iter().enumerate() {
        // Another selector may have chosen other items.
        let earlier = before.and_then(|before| before.items.get(place));
        let earlier = earlier.filter(|earlier| earlier.raw == item.raw);
        let change = item_text(earlier, item, paint, masker);
        if !change.is_empty() {
            changed += 1;
            changes.push_str(&change);
        }
    }
    let remarks = |one: &PreviewedResource| one.problems.clone();
    let new_remarks = before.map(remarks).unwrap_or_default() != after.problems;
    if changed == 0 && !new_remarks {
        return;
    }
    let items = counted(after.items.len(), "item", "items");
    let blueprint = after.blueprint.as_deref().unwrap_or("any blueprint");
    let kind = &after.kind;
    let told = format!("{kind} -> {blueprint}");
    let _infallible = writeln!(
        text,
        "{}  {changed} of {items} changed",
        paint.bold(&plain(&told))
    );
    text.push_str(&changes);
    for problem in &after.problems {
        let _infallible = writeln!(text, "  {}", paint.notable(&plain(problem)));
    }
}

fn item_text(
    before: Option<&PreviewedItem>,
    after: &PreviewedItem,
    paint: Paint,
    masker: &Masker,
) -> String {
    let mut text = String::new();
    let no_entities = Vec::new();
    let earlier = before.map_or(&no_entities, |before| &before.entities);
    for (place, entity) in after.entities.iter().enumerate() {
        match earlier.get(place) {
            Some(earlier) => entity_change(&mut text, earlier, entity, paint, masker),
            None => entity_text(&mut text, entity, paint, masker),
        }
    }
    for entity in earlier.iter().skip(after.entities.len()) {
        let line = format!("- {} is no entity any more", name(entity));
        let _infallible = writeln!(text, "  {}", paint.bad(&line));
    }
    let said = before.and_then(|before| verdict(before, paint));
    let says = verdict(after, paint);
    if let Some(says) = says.filter(|says| said.as_ref() != Some(says)) {
        let _infallible = writeln!(
            text,
            "  {} {says}",
            paint.dim(&shortened(&after.raw, masker))
        );
    }
    text
}

fn entity_change(
    text: &mut String,
    before: &Entity,
    after: &Entity,
    paint: Paint,
    masker: &Masker,
) {
    let (old, new) = (fields(before), fields(after));
    let names = old
        .keys()
        .chain(new.keys().filter(|name| !old.contains_key(*name)));
    let differs = |name: &&String| old.get(*name) != new.get(*name);
    let changed: Vec<&String> = names.filter(differs).collect();
    let Some(width) = changed.iter().map(|name| name.chars().count()).max() else {
        return;
    };
    let _infallible = writeln!(text, "  {}", paint.notable(&format!("~ {}", name(after))));
    for name in changed {
        let from = paint.bad(&shown(old.get(name), masker));
        let to = paint.good(&shown(new.get(name), masker));
        let _infallible = writeln!(text, "      {:width$}  {from} -> {to}", plain(name));
    }
}

fn shown(value: Option<&Value>, masker: &Masker) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| shortened(value, masker))
}

fn name(entity: &Entity) -> String {
    let identifier = entity.identifier.as_str();
    let identifier = identifier.map_or_else(|| entity.identifier.to_string(), str::to_owned);
    plain(&identifier).into_owned()
}

/// Every field by the name that plans give it.
fn fields(entity: &Entity) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::from([
        ("blueprint".to_owned(), entity.blueprint.clone()),
        ("identifier".to_owned(), entity.identifier.clone()),
    ]);
    let single = [
        ("title", &entity.title),
        ("icon", &entity.icon),
        ("team", &entity.team),
    ];
    for (name, value) in single {
        fields.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    fields.extend(nested("properties", entity.properties.as_ref()));
    fields.extend(nested("relations", entity.relations.as_ref()));
    fields
}

fn nested<'e>(
    group: &'static str,
    fields: Option<&'e Map<String, Value>>,
) -> impl Iterator<Item = (String, Value)> + 'e {
    let fields = fields.into_iter().flatten();
    fields.map(move |(name, value)| (format!("{group}.{name}"), value.clone()))
}
