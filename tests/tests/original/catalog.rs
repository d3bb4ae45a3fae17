//! When are two catalogs the same?
//!
//! The keys, titles, icons, teams, properties and relations must be equal. Numbers are compared by
//! value, null is absent, and the targets of a relation are a set. Times and owners do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// One member of one entity that differs, or a whole entity that only one catalog has.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) blueprint: String,
    pub(crate) identifier: String,
    /// `title`, `properties.status` ...; empty for a whole entity.
    pub(crate) member: String,
    pub(crate) theirs: Value,
    pub(crate) ours: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            blueprint,
            identifier,
            member,
            theirs,
            ours,
        } = self;
        write!(
            f,
            "{blueprint} {identifier} {member}: theirs {theirs}, ours {ours}"
        )
    }
}

type Key = (String, String);
/// `title`, `properties.status` ... and its value, for what is not null.
type Members = BTreeMap<String, Value>;

/// Everything in which two catalogs differ.
pub(crate) fn differences(theirs: &[Value], ours: &[Value]) -> Vec<Difference> {
    let (theirs, ours) = (index(theirs), index(ours));
    let keys: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    keys.into_iter()
        .flat_map(|key| match (theirs.get(key), ours.get(key)) {
            (Some(theirs), Some(ours)) => compare(key, theirs, ours),
            (theirs, ours) => vec![difference(key, "", whole(theirs), whole(ours))],
        })
        .collect()
}

fn compare(key: &Key, theirs: &Members, ours: &Members) -> Vec<Difference> {
    let names: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    names
        .into_iter()
        .filter(|name| theirs.get(*name) != ours.get(*name))
        .map(|name| {
            let value = |members: &Members| members.get(name).cloned().unwrap_or_default();
            difference(key, name, value(theirs), value(ours))
        })
        .collect()
}

fn difference(key: &Key, member: &str, theirs: Value, ours: Value) -> Difference {
    let (blueprint, identifier) = key.clone();
    Difference {
        blueprint,
        identifier,
        member: member.to_owned(),
        theirs,
        ours,
    }
}

fn whole(members: Option<&Members>) -> Value {
    members.map_or(Value::Null, |members| {
        members.clone().into_iter().collect::<Value>()
    })
}

fn index(catalog: &[Value]) -> BTreeMap<Key, Members> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = catalog.iter().map(|entity| {
        let key = (text(&entity["blueprint"]), text(&entity["identifier"]));
        (key, members(entity))
    });
    let indexed: BTreeMap<_, _> = all.collect();
    assert_eq!(indexed.len(), catalog.len(), "a key is there twice");
    indexed
}

fn members(entity: &Value) -> Members {
    let mut members = Members::new();
    for (name, value) in entity.as_object().unwrap() {
        match name.as_str() {
            "blueprint" | "identifier" => {}
            "properties" | "relations" => {
                for (inner, value) in value.as_object().unwrap() {
                    let mut value = by_value(value);
                    if name == "relations" {
                        value = as_set(value);
                    }
                    members.insert(format!("{name}.{inner}"), value);
                }
            }
            _ => {
                members.insert(name.clone(), by_value(value));
            }
        }
    }
    members.retain(|_, value| !value.is_null());
    members
}

/// The value with every number as a float where that loses nothing, so that `1` equals `1.0`.
fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.abs() < 9e15 => Value::from(float),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(by_value).collect(),
        Value::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| (key.clone(), by_value(value)));
            entries.collect::<Value>()
        }
        _ => value.clone(),
    }
}

fn as_set(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut texts: Vec<_> = items.iter().map(Value::to_string).collect();
            texts.sort_unstable();
            texts.dedup();
            // No target and no relation say the same.
            if texts.is_empty() {
                Value::Null
            } else {
                texts.into()
            }
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entity(properties: Value, relations: Value) -> [Value; 1] {
        [
            json!({ "blueprint": "b", "identifier": "x", "properties": properties, "relations": relations }),
        ]
    }

    #[test]
    fn numbers_go_by_value_nulls_are_absent_and_targets_are_a_set() {
        let theirs = entity(
            json!({ "n": 1, "gone": null }),
            json!({ "many": ["a", "b"] }),
        );
        let ours = entity(json!({ "n": 1.0 }), json!({ "many": ["b", "a", "b"] }));
        assert!(differences(&theirs, &ours).is_empty());
    }

    #[test]
    fn values_order_in_a_property_and_whole_entities_count() {
        let theirs = entity(json!({ "n": 1, "list": [1, 2] }), json!({ "one": "a" }));
        let ours = entity(json!({ "n": "1", "list": [2, 1] }), json!({ "one": "b" }));
        let found = differences(&theirs, &ours);
        let members: Vec<_> = found.iter().map(|one| one.member.as_str()).collect();
        assert_eq!(
            members,
            ["properties.list", "properties.n", "relations.one"]
        );
        assert_eq!(differences(&theirs, &[])[0].member, "");
    }
}
