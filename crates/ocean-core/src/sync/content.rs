//! Whether an entity at Port already is what the mapping gives.
//!
//! Start with [`ContentHash`]. Equal means (contract `resync.md` section 4 with its IMPROVE
//! lines): null is the same as absent, numbers compare by value, relation lists are sets, one
//! team is the same as a list of it, and only the fields that the mapping writes count. The icon
//! never counts.

use std::hash::{Hash as _, Hasher};

use serde_json::{Map, Value};

use crate::app_config::EntityMapping;
use crate::catalog::Entity;
use crate::fingerprint::Fingerprints;

/// The hash of everything of an entity that a mapping writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentHash(u64);

/// The fields that a mapping writes, in the order in which they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MappedFields {
    title: bool,
    team: bool,
    properties: Vec<String>,
    relations: Vec<String>,
}

impl MappedFields {
    pub(super) fn of(mapping: &EntityMapping) -> Self {
        Self {
            title: mapping.title.as_ref().is_some_and(Option::is_some),
            team: mapping.team.as_ref().is_some_and(Option::is_some),
            properties: mapping
                .properties
                .iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
            relations: mapping
                .relations
                .iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    /// The fields that an entity writes.
    fn written(entity: &Entity) -> Self {
        let names = |map: Option<&Map<String, Value>>| {
            map.into_iter().flat_map(Map::keys).cloned().collect()
        };
        Self {
            title: entity.title.is_some(),
            team: entity.team.is_some(),
            properties: names(entity.properties.as_ref()),
            relations: names(entity.relations.as_ref()),
        }
    }

    /// Each field on its own.
    fn singles(self) -> Vec<Self> {
        let mut singles = Vec::new();
        singles.extend(self.title.then(|| Self {
            title: true,
            ..Self::default()
        }));
        singles.extend(self.team.then(|| Self {
            team: true,
            ..Self::default()
        }));
        singles.extend(self.properties.into_iter().map(|name| Self {
            properties: vec![name],
            ..Self::default()
        }));
        singles.extend(self.relations.into_iter().map(|name| Self {
            relations: vec![name],
            ..Self::default()
        }));
        singles
    }

    /// The fields to ask Port for, beside identifier and blueprint.
    pub(super) fn include(&self) -> Vec<String> {
        let mut include = Vec::new();
        include.extend(self.title.then(|| "title".to_owned()));
        include.extend(self.team.then(|| "team".to_owned()));
        include.extend(
            self.properties
                .iter()
                .map(|name| format!("properties.{name}")),
        );
        include.extend(
            self.relations
                .iter()
                .map(|name| format!("relations.{name}")),
        );
        include
    }

    /// The content of an entity, be it mapped or returned by Port.
    pub(super) fn hash(&self, entity: &Entity, prints: &Fingerprints) -> ContentHash {
        let mut hasher = prints.hasher();
        if self.title {
            hash_value(entity.title.as_ref().unwrap_or(&Value::Null), &mut hasher);
        }
        if self.team {
            hash_set(entity.team.as_ref(), prints, &mut hasher);
        }
        for name in &self.properties {
            hash_value(field(entity.properties.as_ref(), name), &mut hasher);
        }
        for name in &self.relations {
            match field(entity.relations.as_ref(), name) {
                Value::Array(targets) if targets.iter().all(Value::is_null) => {
                    0_u8.hash(&mut hasher);
                }
                list @ Value::Array(_) => hash_set(Some(list), prints, &mut hasher),
                single => hash_value(single, &mut hasher),
            }
        }
        ContentHash(hasher.finish())
    }
}

/// The fields that an entity writes and that count, by the names that a search asks for.
pub(crate) fn fields_of(entity: &Entity) -> Vec<String> {
    MappedFields::written(entity).include()
}

/// The value of a field, by the name that a search asks for; null when it is missing.
pub(crate) fn field_of(entity: &Entity, name: &str) -> Value {
    let value = match name.split_once('.') {
        Some(("properties", name)) => Some(field(entity.properties.as_ref(), name)),
        Some(("relations", name)) => Some(field(entity.relations.as_ref(), name)),
        _ if name == "title" => entity.title.as_ref(),
        _ => entity.team.as_ref(),
    };
    value.cloned().unwrap_or_default()
}

/// The fields that `after` writes and whose content differs from that of `before`.
pub(crate) fn differing_fields(before: &Entity, after: &Entity) -> Vec<String> {
    let prints = Fingerprints::default();
    let differs =
        |single: &MappedFields| single.hash(before, &prints) != single.hash(after, &prints);
    let singles = MappedFields::written(after).singles();
    let different = singles.into_iter().filter(differs);
    different.flat_map(|single| single.include()).collect()
}

fn field<'a>(map: Option<&'a Map<String, Value>>, name: &str) -> &'a Value {
    map.and_then(|map| map.get(name)).unwrap_or(&Value::Null)
}

/// A list whose order and repetitions mean nothing; a single value is a list of one, and null a
/// list of none.
fn hash_set(value: Option<&Value>, prints: &Fingerprints, hasher: &mut impl Hasher) {
    let elements = match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let mut hashes: Vec<u64> = elements
        .iter()
        .filter(|element| !element.is_null())
        .map(|element| {
            let mut hasher = prints.hasher();
            hash_value(element, &mut hasher);
            hasher.finish()
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.hash(hasher);
}

fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(value) => (1_u8, value).hash(hasher),
        Value::Number(number) => hash_number(number, hasher),
        Value::String(text) => (3_u8, text).hash(hasher),
        Value::Array(elements) => {
            (4_u8, elements.len()).hash(hasher);
            for element in elements {
                hash_value(element, hasher);
            }
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            (5_u8, fields.len()).hash(hasher);
            for (name, value) in fields {
                name.hash(hasher);
                hash_value(value, hasher);
            }
        }
    }
}

/// `1`, `1.0` and `1e0` are one number.
fn hash_number(number: &serde_json::Number, hasher: &mut impl Hasher) {
    let integer = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    let float = number.as_f64().unwrap_or(f64::NAN);
    // Below 2^63 an integral double is an integer exactly; above it stays a double.
    let integral = float.fract() == 0.0 && float.abs() < 9.0e18;
    match integer {
        Some(integer) => (2_u8, integer).hash(hasher),
        #[expect(clippy::cast_possible_truncation, reason = "integral and within i128")]
        None if integral => (2_u8, float as i128).hash(hasher),
        None => (6_u8, float.to_bits()).hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> MappedFields {
        MappedFields {
            title: true,
            team: true,
            properties: vec!["p".to_owned(), "q".to_owned()],
            relations: vec!["one".to_owned(), "many".to_owned()],
        }
    }

    #[test]
    fn a_number_of_seventeen_digits_is_the_same_when_it_is_read_again() {
        let mapped = json!({"properties": {"p": 31.245_270_191_439_438_f64}});
        let read = serde_json::from_str(&mapped.to_string()).unwrap();
        check(mapped, read, true);
    }

    #[track_caller]
    fn check(left: Value, right: Value, equal: bool) {
        let prints = Fingerprints::default();
        let hash = |mut value: Value| {
            value["identifier"] = json!("A");
            value["blueprint"] = json!("b");
            fields().hash(&serde_json::from_value(value).unwrap(), &prints)
        };
        assert_eq!(
            hash(left.clone()) == hash(right.clone()),
            equal,
            "{left} and {right}"
        );
    }

    #[test]
    fn a_search_asks_for_what_the_mapping_writes_in_its_order() {
        let resource = serde_json::json!({"resources": [{
            "kind": "k", "selector": {"query": "true"},
            "port": {"entity": {"mappings": {
                "identifier": ".id", "blueprint": "'b'", "title": ".t", "team": null, "icon": "'I'",
                "properties": {"b": ".b", "a": ".a"}, "relations": {"r": ".r"},
            }}},
        }]});
        let config = crate::AppConfig::from_value(&resource).unwrap().config;
        let fields = MappedFields::of(&config.resources[0].mapping);
        assert_eq!(
            fields.include(),
            ["title", "properties.b", "properties.a", "relations.r"]
        );
    }

    #[test]
    fn null_is_the_same_as_absent() {
        check(
            json!({"title": null, "properties": {"p": null}, "relations": {"one": null}}),
            json!({}),
            true,
        );
        check(json!({"properties": {"p": ""}}), json!({}), false);
        check(
            json!({"properties": {"p": false}}),
            json!({"properties": {"p": 0}}),
            false,
        );
    }

    #[test]
    fn numbers_compare_by_value() {
        check(
            json!({"properties": {"p": 1}}),
            json!({"properties": {"p": 1.0}}),
            true,
        );
        check(
            json!({"properties": {"p": 1}}),
            json!({"properties": {"p": "1"}}),
            false,
        );
        check(
            json!({"properties": {"p": 0.1}}),
            json!({"properties": {"p": 0.2}}),
            false,
        );
        let big = json!({"properties": {"p": 9_007_199_254_740_993_i64}});
        check(
            big,
            json!({"properties": {"p": 9_007_199_254_740_992_i64}}),
            false,
        );
    }

    #[test]
    fn relation_lists_are_sets_and_property_lists_are_not() {
        check(
            json!({"relations": {"many": ["a", "b"]}}),
            json!({"relations": {"many": ["b", "a"]}}),
            true,
        );
        check(json!({"relations": {"many": []}}), json!({}), true);
        check(json!({"relations": {"many": [null]}}), json!({}), true);
        check(
            json!({"relations": {"many": ["a", null]}}),
            json!({"relations": {"many": ["a"]}}),
            true,
        );
        check(
            json!({"relations": {"many": ["a"]}}),
            json!({"relations": {"many": ["b"]}}),
            false,
        );
        check(
            json!({"properties": {"p": [1, 2]}}),
            json!({"properties": {"p": [2, 1]}}),
            false,
        );
        check(json!({"properties": {"p": []}}), json!({}), false);
    }

    #[test]
    fn one_team_is_the_same_as_a_list_of_it() {
        check(json!({"team": "core"}), json!({"team": ["core"]}), true);
        check(json!({"team": []}), json!({}), true);
        check(json!({"team": "core"}), json!({"team": "edge"}), false);
    }

    #[test]
    fn only_mapped_fields_count_and_never_the_icon() {
        check(
            json!({"icon": "Jira", "properties": {"other": 1}}),
            json!({}),
            true,
        );
    }

    #[test]
    fn a_value_does_not_slip_into_the_next_field() {
        check(
            json!({"properties": {"p": "x"}}),
            json!({"properties": {"q": "x"}}),
            false,
        );
        check(
            json!({"relations": {"one": "x"}}),
            json!({"relations": {"many": ["x"]}}),
            false,
        );
    }

    #[test]
    fn nested_objects_compare_without_the_order_of_their_keys() {
        check(
            json!({"properties": {"p": {"a": 1, "b": 2}}}),
            json!({"properties": {"p": {"b": 2, "a": 1}}}),
            true,
        );
    }
}
