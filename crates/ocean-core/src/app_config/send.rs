//! How is a mapping written for Port?
//!
//! Only what the author wrote, in the order of the model, with the values as they were understood.

use serde_json::{Map, Value};

use super::{AppConfig, EntityMapping, Expression, ResourceMapping, SearchExpression, SearchRule};

impl AppConfig {
    /// The document as it is sent to Port.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let resources = self.resources.iter().map(resource).collect();
        object([
            (
                "deleteDependentEntities",
                Some(self.delete_dependent_entities.into()),
            ),
            (
                "createMissingRelatedEntities",
                Some(self.create_missing_related_entities.into()),
            ),
            ("enableMergeEntity", Some(self.enable_merge_entity.into())),
            (
                "entityDeletionThreshold",
                Some(self.entity_deletion_threshold.into()),
            ),
            ("resources", Some(Value::Array(resources))),
        ])
    }
}

fn resource(resource: &ResourceMapping) -> Value {
    let written = &resource.as_written;
    let enable_delete = written.enable_delete.then(|| resource.enable_delete.into());
    object([
        ("kind", Some(text(&resource.kind))),
        ("enableDelete", enable_delete),
        ("selector", Some(selector(resource))),
        ("port", Some(port(resource))),
    ])
}

fn selector(resource: &ResourceMapping) -> Value {
    let variables = resource.export_env_variables.as_slice();
    let variables = resource
        .as_written
        .export_env_variables
        .then(|| variables.into());
    let mut selector = fields([
        ("query", Some(text(&resource.query))),
        ("exportEnvVariables", variables),
    ]);
    let own = resource
        .selector
        .0
        .iter()
        .filter(|(_, value)| !value.is_null());
    selector.extend(own.map(|(key, value)| (key.clone(), without_nulls(value))));
    Value::Object(selector)
}

fn port(resource: &ResourceMapping) -> Value {
    let written = &resource.as_written;
    let expression = resource
        .items_to_parse
        .as_ref()
        .map(|split| text(&split.expression));
    let transform = written.items_to_parse_top_level_transform;
    object([
        (
            "entity",
            Some(object([("mappings", Some(mappings(&resource.mapping)))])),
        ),
        ("itemsToParse", expression),
        (
            "itemsToParseName",
            written.items_to_parse_name.as_deref().map(text),
        ),
        ("itemsToParseTopLevelTransform", transform.map(Value::Bool)),
    ])
}

fn mappings(mapping: &EntityMapping) -> Value {
    let properties = mapping.properties.as_ref().map(|properties| {
        properties
            .iter()
            .map(|(name, property)| (name.clone(), text(property)))
            .collect()
    });
    let relations = mapping.relations.as_ref().map(|relations| {
        relations
            .iter()
            .map(|(name, relation)| (name.clone(), expression(relation)))
            .collect()
    });
    object([
        ("identifier", Some(expression(&mapping.identifier))),
        (
            "title",
            mapping
                .title
                .iter()
                .flatten()
                .map(|title| text(title))
                .next(),
        ),
        (
            "icon",
            mapping.icon.iter().flatten().map(|icon| text(icon)).next(),
        ),
        ("blueprint", Some(text(&mapping.blueprint))),
        ("team", mapping.team.iter().flatten().map(expression).next()),
        ("properties", properties),
        ("relations", relations),
    ])
}

fn expression(expression: &Expression) -> Value {
    match expression {
        Expression::Jq(program) => text(program),
        Expression::Search(query) => search(query),
    }
}

fn search(search: &SearchExpression) -> Value {
    let rules = search.rules.iter().map(rule).collect();
    object([
        ("combinator", Some(text(&search.combinator))),
        ("rules", Some(Value::Array(rules))),
    ])
}

fn rule(rule: &SearchRule) -> Value {
    match rule {
        SearchRule::Nested(query) => search(query),
        SearchRule::Compare {
            property,
            operator,
            value,
        } => object([
            ("property", Some(text(property))),
            ("operator", Some(text(operator))),
            ("value", Some(text(value))),
        ]),
    }
}

/// Drops null fields at every depth; nulls in lists stay.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn object<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields(entries))
}

fn fields<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}
