//! What may stand in a mapping document, as a JSON Schema for editors and validators?

use serde_json::{Map, Value, json};

use super::AppConfig;
use crate::resync::Registry;

impl AppConfig {
    /// The JSON Schema of a mapping for these kinds, each with its own selector.
    ///
    /// It refuses unknown keys, of which a run only warns: in an editor a mistyped key should be
    /// underlined.
    #[must_use]
    pub fn json_schema(registry: &Registry) -> Value {
        let defaults = Self::default();
        let mut definitions = shared_definitions();
        let kinds: Vec<&str> = registry.kinds().collect();
        let selectors: Vec<Value> = kinds
            .iter()
            .map(|kind| {
                let name = format!("selector-{kind}");
                let rule = json!({
                    "if": {"properties": {"kind": {"const": kind}}},
                    "then": {"properties": {"selector": {"$ref": format!("#/$defs/{name}")}}},
                });
                definitions.insert(name, selector(registry, kind));
                rule
            })
            .collect();
        definitions.insert("resource".to_owned(), resource(&kinds, &selectors));
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Mapping",
            "description": "Which kinds are read, and how their items become entities.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "enableMergeEntity": flag(
                    "Whether what the mapping does not mention is kept when an entity is written.",
                    defaults.enable_merge_entity,
                ),
                "deleteDependentEntities": flag(
                    "Whether deleting an entity deletes what depends on it.",
                    defaults.delete_dependent_entities,
                ),
                "createMissingRelatedEntities": flag(
                    "Whether a relation to an entity that does not exist creates it.",
                    defaults.create_missing_related_entities,
                ),
                "entityDeletionThreshold": {
                    "description": "The largest share of the entities that one resync may delete.",
                    "type": "number", "minimum": 0, "maximum": 1,
                    "default": defaults.entity_deletion_threshold,
                },
                "resources": {
                    "description": "What is read, in the order in which it is loaded.",
                    "type": "array", "items": {"$ref": "#/$defs/resource"},
                },
            },
            "$defs": definitions,
        })
    }
}

fn flag(description: &str, default: bool) -> Value {
    json!({"description": description, "type": "boolean", "default": default})
}

fn resource(kinds: &[&str], selectors: &[Value]) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["kind", "selector", "port"],
        "properties": {
            "kind": {"description": "What is read.", "enum": kinds},
            "enableDelete": flag(
                "Whether entities that are gone from the source are deleted.", true,
            ),
            "selector": {"type": "object"},
            "port": {"$ref": "#/$defs/port"},
        },
        "allOf": selectors,
    })
}

/// What every selector has, and what the kind's own type adds.
fn selector(registry: &Registry, kind: &str) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "query".to_owned(),
        json!({
            "description": "Gives true for the items that become entities.",
            "$ref": "#/$defs/expression",
        }),
    );
    properties.insert(
        "exportEnvVariables".to_owned(),
        json!({
            "description": "Names of environment variables that are sent along with raw data.",
            "type": "array", "items": {"type": "string"},
        }),
    );
    let mut required = vec![json!("query")];
    let mut description = None;
    for resync in registry.resyncs(kind) {
        let mut own = resync.schema().to_value();
        if let Some(Value::Object(own)) = own.get_mut("properties") {
            properties.append(own);
        }
        if let Some(Value::Array(own)) = own.get_mut("required") {
            required.append(own);
        }
        description = description.or_else(|| own.get("description").cloned());
    }
    json!({
        "description": description.unwrap_or_else(|| json!("Which items are read.")),
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn shared_definitions() -> Map<String, Value> {
    let definitions = [
        ("expression", expression()),
        ("search", search()),
        ("rule", rule()),
        ("port", port()),
        ("mappings", mappings()),
    ];
    let named = definitions.map(|(name, definition)| (name.to_owned(), definition));
    named.into_iter().collect()
}

fn expression() -> Value {
    json!({
        "description": "A jq expression; a fixed text needs quotes of its own: '\"text\"'.",
        "type": ["string", "number", "boolean"],
    })
}

fn a(definition: &str) -> Value {
    json!({"$ref": format!("#/$defs/{definition}")})
}

fn search() -> Value {
    json!({
        "description": "A query that Port resolves to entities.",
        "type": "object",
        "required": ["combinator", "rules"],
        "properties": {
            "combinator": a("expression"),
            "rules": {"type": "array", "items": {"anyOf": [a("rule"), a("search")]}},
        },
    })
}

fn rule() -> Value {
    json!({
        "type": "object",
        "required": ["property", "operator", "value"],
        "properties": {
            "property": a("expression"), "operator": a("expression"), "value": a("expression"),
        },
    })
}

fn port() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["entity"],
        "properties": {
            "entity": {
                "type": "object",
                "additionalProperties": false,
                "required": ["mappings"],
                "properties": {"mappings": a("mappings")},
            },
            "itemsToParse": {
                "description": "Gives the list whose elements become entities of their own.",
                "$ref": "#/$defs/expression",
            },
            "itemsToParseName": {
                "description": "The name of such an element in its copy of the item.",
                "type": "string", "default": "item",
            },
            "itemsToParseTopLevelTransform": flag(
                "Whether the list is removed from the copies.", true,
            ),
        },
    })
}

fn mappings() -> Value {
    let nothing = json!({"type": "null"});
    let or_search = json!({"anyOf": [a("expression"), a("search")]});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["identifier", "blueprint"],
        "properties": {
            "identifier": or_search,
            "title": {"anyOf": [a("expression"), nothing]},
            "icon": {"anyOf": [a("expression"), nothing]},
            "blueprint": a("expression"),
            "team": {"anyOf": [a("expression"), a("search"), nothing]},
            "properties": {"type": "object", "additionalProperties": a("expression")},
            "relations": {"type": "object", "additionalProperties": or_search},
        },
    })
}
