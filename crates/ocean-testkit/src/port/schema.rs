//! What may an entity of this blueprint look like? [`Schema`], prepared from the blueprint.

use std::collections::HashMap;

use serde_json::Value;

use super::entity::{Fields, Relations};
use super::error::ApiError;

/// A blueprint's schema and relations, ready to check entities.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    properties: HashMap<String, Property>,
    required: Vec<String>,
    pub(crate) relations: HashMap<String, Relation>,
}

#[derive(Debug)]
struct Property {
    kind: Option<String>,
    allowed: Option<Vec<Value>>,
}

/// A relation of a blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) target: String,
    pub(crate) many: bool,
    pub(crate) required: bool,
}

impl Schema {
    /// Reads a blueprint document; members of an unexpected type count as absent.
    pub(crate) fn of(blueprint: &Value) -> Self {
        let members = |pointer| blueprint.pointer(pointer).and_then(Value::as_object);
        let properties = members("/schema/properties").into_iter().flatten();
        let relations = members("/relations").into_iter().flatten();
        let required = blueprint
            .pointer("/schema/required")
            .and_then(Value::as_array);
        Self {
            properties: properties
                .map(|(name, one)| (name.clone(), Property::of(one)))
                .collect(),
            required: required
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            relations: relations
                .filter_map(|(name, one)| Some((name.clone(), Relation::of(one)?)))
                .collect(),
        }
    }

    /// Checks what a request sets. Formats and the items of arrays are not checked: the default
    /// Jira mapping itself sends objects for an array of strings.
    pub(crate) fn check(&self, sent: &Fields<'_>, strict: bool) -> Result<(), ApiError> {
        for (name, value) in sent {
            match self.properties.get(name) {
                Some(property) => property.check(name, value.get())?,
                None if strict => {
                    let message = format!("property \"{name}\" is not in the blueprint's schema");
                    return Err(ApiError::invalid(message));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Checks that an entity, as it would be kept, has all that it must have.
    pub(crate) fn check_required(&self, kept: &Fields<'_>) -> Result<(), ApiError> {
        match self.required.iter().find(|name| !kept.contains_key(*name)) {
            Some(name) => Err(ApiError::invalid(format!(
                "property \"{name}\" is required"
            ))),
            None => Ok(()),
        }
    }

    /// Like [`Schema::check_required`], for relations.
    pub(crate) fn check_required_relations(&self, kept: &Relations) -> Result<(), ApiError> {
        let absent = |(name, relation): &(&String, &Relation)| {
            relation.required && !kept.contains_key(name.as_str())
        };
        match self.relations.iter().find(absent) {
            Some((name, _)) => Err(ApiError::invalid(format!(
                "relation \"{name}\" is required"
            ))),
            None => Ok(()),
        }
    }
}

impl Property {
    fn of(document: &Value) -> Self {
        Self {
            kind: document
                .get("type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            allowed: document.get("enum").and_then(Value::as_array).cloned(),
        }
    }

    fn check(&self, name: &str, text: &str) -> Result<(), ApiError> {
        let found = kind_of(text);
        if found == "null" {
            return Ok(());
        }
        if let Some(kind) = self.kind.as_deref().filter(|kind| *kind != found) {
            let message = format!("property \"{name}\" must be of type {kind}, not {found}");
            return Err(ApiError::invalid(message));
        }
        if let Some(allowed) = &self.allowed
            && !serde_json::from_str(text).is_ok_and(|value: Value| allowed.contains(&value))
        {
            let message = format!("property \"{name}\" must be one of the values of its enum");
            return Err(ApiError::invalid(message));
        }
        Ok(())
    }
}

impl Relation {
    fn of(document: &Value) -> Option<Self> {
        let flag = |name| {
            document
                .get(name)
                .and_then(Value::as_bool)
                .unwrap_or_default()
        };
        Some(Self {
            target: document.get("target")?.as_str()?.to_owned(),
            many: flag("many"),
            required: flag("required"),
        })
    }
}

/// The JSON type of a value, told by its first character.
pub(crate) fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'[') => "array",
        Some(b'{') => "object",
        Some(b't' | b'f') => "boolean",
        Some(b'n') | None => "null",
        Some(_) => "number",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(properties: &str, strict: bool) -> Result<(), String> {
        let schema = Schema::of(&json!({ "schema": { "required": ["s"], "properties": {
            "s": { "type": "string", "format": "url" },
            "n": { "type": "number" },
            "a": { "type": "array", "items": { "type": "string" } },
            "e": { "type": "string", "enum": ["x", "y"] },
        } } }));
        let sent = super::super::entity::fields(properties);
        schema.check(&sent, strict).map_err(|error| error.message)
    }

    #[test]
    fn types_and_enums_are_checked() {
        assert_eq!(
            check(r#"{"s":"no url","n":1.5,"a":[{"id":"1"}],"e":"x"}"#, true),
            Ok(())
        );
        assert!(
            check(r#"{"n":"1"}"#, true)
                .unwrap_err()
                .contains("must be of type number")
        );
        assert!(check(r#"{"e":"z"}"#, true).unwrap_err().contains("enum"));
        assert_eq!(check(r#"{"n":null,"e":null}"#, true), Ok(()));
    }

    #[test]
    fn an_unknown_property_is_refused_only_when_strict() {
        assert!(
            check(r#"{"other":1}"#, true)
                .unwrap_err()
                .contains("\"other\"")
        );
        assert_eq!(check(r#"{"other":1}"#, false), Ok(()));
    }
}
