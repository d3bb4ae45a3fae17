//! What the catalog holds: entities, and the keys that name them.
//!
//! Start with [`Entity`], which serialises to exactly what is sent to Port.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One entity as a mapping produced it, or as the catalog returned it.
///
/// A field that is `None` was not declared and is not sent; `Some(Value::Null)` is sent as null
/// and clears the field. The order of the fields is the order on the wire.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Entity {
    /// Usually text; numbers are sent as they are, and an object is a query that Port resolves.
    pub identifier: Value,
    /// The name of an icon.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub icon: Option<Value>,
    /// The blueprint's identifier.
    pub blueprint: Value,
    /// What people read.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub title: Option<Value>,
    /// One team, several, or a query.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub team: Option<Value>,
    /// Values by property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Map<String, Value>>,
    /// Identifiers, lists of identifiers or queries, by relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relations: Option<Map<String, Value>>,
}

impl Entity {
    /// The key of the entity; `None` when the identifier is a query (or a list, which names
    /// nothing) or the blueprint is not text.
    #[must_use]
    pub fn key(&self) -> Option<EntityRef> {
        Some(EntityRef {
            blueprint: key_text(&self.blueprint)?,
            identifier: key_text(&self.identifier)?,
        })
    }

    /// The blueprint as text; `None` when an expression gave something that cannot name one.
    #[must_use]
    pub fn blueprint_name(&self) -> Option<String> {
        key_text(&self.blueprint)
    }

    /// The same entity after a later write that keeps what it does not mention.
    #[must_use]
    pub fn overlaid(self, later: &Self) -> Self {
        let overlay = |earlier: Option<Map<String, Value>>, later: Option<&Map<String, Value>>| {
            let Some(later) = later else { return earlier };
            let mut merged = earlier.unwrap_or_default();
            merged.extend(
                later
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            Some(merged)
        };
        Self {
            identifier: self.identifier,
            blueprint: self.blueprint,
            icon: later.icon.clone().or(self.icon),
            title: later.title.clone().or(self.title),
            team: later.team.clone().or(self.team),
            properties: overlay(self.properties, later.properties.as_ref()),
            relations: overlay(self.relations, later.relations.as_ref()),
        }
    }

    /// The same entity after a later write, which with `merge` keeps what it does not mention.
    pub(crate) fn written_over(self, later: &Self, merge: bool) -> Self {
        if merge {
            self.overlaid(later)
        } else {
            later.clone()
        }
    }

    /// Whether Port has to resolve the identifier by a query.
    #[must_use]
    pub fn has_search_identifier(&self) -> bool {
        self.identifier.is_object()
    }

    /// Whether Port has to resolve a relation or the team by a query, so that the entity cannot
    /// be compared with what the catalog returns.
    #[must_use]
    pub fn has_search_relation(&self) -> bool {
        let in_team = match &self.team {
            Some(Value::Array(teams)) => teams.iter().any(Value::is_object),
            Some(team) => team.is_object(),
            None => false,
        };
        in_team
            || self
                .relations
                .iter()
                .flat_map(Map::values)
                .any(Value::is_object)
    }

    /// Every (relation, target identifier) that is written out; queries are left out.
    pub fn relation_targets(&self) -> impl Iterator<Item = (&str, String)> {
        self.relations
            .iter()
            .flatten()
            .flat_map(|(relation, targets)| {
                let targets = match targets {
                    Value::Array(targets) => targets.as_slice(),
                    target => std::slice::from_ref(target),
                };
                targets
                    .iter()
                    .filter_map(|target| Some((relation.as_str(), key_text(target)?)))
            })
    }
}

/// The key of an entity: blueprint and identifier, exactly as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntityRef {
    /// The blueprint's identifier.
    pub blueprint: String,
    /// The entity's identifier.
    pub identifier: String,
}

impl EntityRef {
    /// The key of `identifier` in `blueprint`.
    pub fn new(blueprint: impl Into<String>, identifier: impl Into<String>) -> Self {
        Self {
            blueprint: blueprint.into(),
            identifier: identifier.into(),
        }
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.blueprint, self.identifier)
    }
}

/// A blueprint, as far as the engine needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Blueprint {
    /// Its identifier.
    pub identifier: String,
    /// Properties that its schema requires.
    pub required_properties: Vec<String>,
    /// Its relations.
    pub relations: Vec<BlueprintRelation>,
}

impl Blueprint {
    /// A blueprint without relations.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            ..Self::default()
        }
    }

    /// The same blueprint with one more relation.
    #[must_use]
    pub fn relation(
        mut self,
        name: impl Into<String>,
        target: impl Into<String>,
        many: bool,
    ) -> Self {
        self.relations.push(BlueprintRelation {
            name: name.into(),
            target: target.into(),
            many,
            required: false,
        });
        self
    }

    /// Whether an entity must have this field, given as `properties.x` or `relations.x`.
    #[must_use]
    pub fn requires(&self, field: &str) -> bool {
        if let Some(property) = field.strip_prefix("properties.") {
            return self
                .required_properties
                .iter()
                .any(|required| required == property);
        }
        field.strip_prefix("relations.").is_some_and(|relation| {
            self.relations
                .iter()
                .any(|found| found.name == relation && found.required)
        })
    }

    /// The blueprint that a relation points to.
    #[must_use]
    pub fn target_of(&self, relation: &str) -> Option<&str> {
        self.relations
            .iter()
            .find(|candidate| candidate.name == relation)
            .map(|found| found.target.as_str())
    }
}

/// A relation of a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BlueprintRelation {
    /// Its name.
    pub name: String,
    /// The blueprint it points to.
    pub target: String,
    /// Whether it holds a list.
    pub many: bool,
    /// Whether an entity must have it.
    pub required: bool,
}

/// The text form of a value that can be a key; contract `resync.md` section 4.
pub(crate) fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keeps the difference between a field that is null and one that is missing.
fn present<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(json).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entity(value: Value) -> Entity {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn fields_are_sent_in_ports_order_and_only_when_declared() {
        let entity = Entity {
            identifier: json!("A"),
            blueprint: json!("b"),
            title: Some(Value::Null),
            icon: Some(json!("Jira")),
            ..Entity::default()
        };
        assert_eq!(
            serde_json::to_string(&entity).unwrap(),
            r#"{"identifier":"A","icon":"Jira","blueprint":"b","title":null}"#
        );
    }

    #[test]
    fn a_null_field_is_not_a_missing_field() {
        let entity = entity(json!({"identifier": "A", "blueprint": "b", "title": null}));
        assert_eq!(entity.title, Some(Value::Null));
        assert_eq!(entity.team, None);
    }

    #[test]
    fn a_number_names_an_entity_and_a_query_does_not() {
        let number = entity(json!({"identifier": 17, "blueprint": "b"}));
        assert_eq!(number.key(), Some(EntityRef::new("b", "17")));
        let query = entity(json!({"identifier": {"combinator": "and"}, "blueprint": "b"}));
        assert_eq!(query.key(), None);
        assert!(query.has_search_identifier());
    }

    #[test]
    fn relation_targets_are_the_written_ones() {
        let entity = entity(json!({"identifier": "A", "blueprint": "b", "relations": {
            "one": "x", "many": ["y", 3, null, {"combinator": "and"}], "none": null,
            "query": {"combinator": "and", "rules": []},
        }}));
        let targets: Vec<_> = entity.relation_targets().collect();
        assert_eq!(
            targets,
            [
                ("one", "x".to_owned()),
                ("many", "y".to_owned()),
                ("many", "3".to_owned())
            ]
        );
        assert!(entity.has_search_relation());
    }
}
