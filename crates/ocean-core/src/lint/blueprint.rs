//! Does a mapping fit its blueprint?

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Subject;
use crate::app_config::{EntityMapping, Finding, did_you_mean};

/// What a blueprint accepts.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    identifier: String,
    /// Property to its type; `None` when the blueprint does not say.
    properties: BTreeMap<String, Option<String>>,
    relations: BTreeMap<String, Relation>,
}

/// What a relation accepts.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    target: String,
    pub(super) many: bool,
}

impl Shape {
    /// Reads a blueprint as Port documents it.
    pub(super) fn of(document: &Value) -> Self {
        let fields = |at: &str| {
            let found = document.pointer(at).and_then(Value::as_object);
            found.into_iter().flat_map(Map::iter)
        };
        let text = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        Self {
            identifier: text(document, "identifier").unwrap_or_default(),
            properties: fields("/schema/properties")
                .map(|(name, property)| (name.clone(), text(property, "type")))
                .collect(),
            relations: fields("/relations")
                .map(|(name, relation)| {
                    let many = relation.get("many").and_then(Value::as_bool);
                    let relation = Relation {
                        target: text(relation, "target").unwrap_or_default(),
                        many: many.unwrap_or_default(),
                    };
                    (name.clone(), relation)
                })
                .collect(),
        }
    }

    /// The type of a property.
    pub(super) fn type_of(&self, property: &str) -> Option<&str> {
        self.properties.get(property)?.as_deref()
    }

    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.get(name)
    }
}

/// Finds fields that the blueprint does not have, and relations to blueprints that are missing.
pub(super) fn check(
    subject: &Subject<'_>,
    shape: &Shape,
    mapping: &EntityMapping,
    is_missing: impl Fn(&str) -> bool,
    findings: &mut Vec<Finding>,
) {
    let properties: Vec<&str> = shape.properties.keys().map(String::as_str).collect();
    for name in mapping.properties.iter().flatten().map(|(name, _)| name) {
        if !shape.properties.contains_key(name) {
            let other = shape.relations.contains_key(name).then_some("relation");
            let unknown = Unknown {
                what: "property",
                map: "properties",
                name,
                other,
            };
            findings.push(unknown.finding(subject, shape, &properties));
        }
    }
    let relations: Vec<&str> = shape.relations.keys().map(String::as_str).collect();
    for name in mapping.relations.iter().flatten().map(|(name, _)| name) {
        match shape.relations.get(name) {
            None => {
                let other = shape.properties.contains_key(name).then_some("property");
                let unknown = Unknown {
                    what: "relation",
                    map: "relations",
                    name,
                    other,
                };
                findings.push(unknown.finding(subject, shape, &relations));
            }
            Some(relation) if is_missing(&relation.target) => {
                let target = &relation.target;
                let message = format!("relates to blueprint `{target}`, which does not exist");
                let path = subject.path(&format!("relations.{name}"));
                let finding = subject.source.finding_at_key(path, message);
                findings.push(finding.help("create it in Port first"));
            }
            Some(_) => {}
        }
    }
}

/// A field that the blueprint does not have.
struct Unknown<'a> {
    what: &'static str,
    map: &'static str,
    name: &'a str,
    /// What the blueprint has by this name instead.
    other: Option<&'static str>,
}

impl Unknown<'_> {
    fn finding(&self, subject: &Subject<'_>, shape: &Shape, known: &[&str]) -> Finding {
        let Self {
            what, map, name, ..
        } = self;
        let path = subject.path(&format!("{map}.{name}"));
        let message = format!("blueprint `{}` has no {what} `{name}`", shape.identifier);
        let finding = subject.source.finding_at_key(path, message);
        match (self.other, did_you_mean(name, known)) {
            (Some(other), _) => finding.help(format!("it has a {other} of that name")),
            (None, Some(meant)) => finding.help(format!("did you mean `{meant}`?")),
            (None, None) => finding.help(format!("Port drops it; add the {what} to the blueprint")),
        }
    }
}
