//! What have bodies in common? Their [`Shape`]: keys and types, and the values of those members
//! that say what a request is about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Members whose values both engines have to agree on.
const MEANINGFUL: [&str; 35] = [
    "actionsProcessingEnabled",
    "arePortResourcesInitialized",
    "blueprint",
    "combinator",
    "createMissingRelatedEntities",
    "createPortResourcesOrigin",
    "datasource_prefix",
    "datasource_suffix",
    "deleteDependentEntities",
    "enableMergeEntity",
    "entityDeletionThreshold",
    "executionMode",
    "format",
    "identifier",
    "incrementalSyncEnabled",
    "installationAppType",
    "installationId",
    "installationType",
    "integrationIdentifier",
    "integrationType",
    "kind",
    "kindIdentifier",
    "kindIndex",
    "limit",
    "many",
    "operator",
    "processingMode",
    "property",
    "required",
    "status",
    "syncState",
    "target",
    "type",
    "url",
    "oceanVersion",
];

/// Members that hold what Jira says, or what only people read: nothing in them is compared.
const OPAQUE: [&str; 2] = ["examples", "extra"];

/// Members whose own members have names that somebody chose, and so no meaning.
const CHOSEN: [&str; 2] = ["entities", "mappings"];

/// What values at one place have in common.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    scalars: BTreeSet<String>,
    object: Option<Members>,
    array: Option<Box<Self>>,
}

/// The members of objects, and how many objects there were.
#[derive(Debug, Default)]
struct Members {
    objects: usize,
    shapes: BTreeMap<String, (usize, Shape)>,
}

impl Shape {
    /// One more value.
    pub(crate) fn add(&mut self, value: &Value) {
        self.add_member("", true, value);
    }

    /// One more value of the member of this name, which may have a meaning or not.
    fn add_member(&mut self, name: &str, means: bool, value: &Value) {
        let means = means && !CHOSEN.contains(&name);
        match value {
            _ if OPAQUE.contains(&name) => drop(self.scalars.insert("opaque".to_owned())),
            Value::Object(members) => {
                let known = self.object.get_or_insert_default();
                known.objects += 1;
                for (name, value) in members {
                    let (count, shape) = known.shapes.entry(name.clone()).or_default();
                    *count += 1;
                    shape.add_member(name, means, value);
                }
            }
            Value::Array(elements) => {
                let known = self.array.get_or_insert_default();
                for element in elements {
                    known.add_member(name, means, element);
                }
            }
            scalar => drop(self.scalars.insert(told(means.then_some(name), scalar))),
        }
    }

    /// As it is kept: types as texts, a list with the shape of its elements, members that not all
    /// objects have with a question mark.
    pub(crate) fn to_value(&self) -> Value {
        let mut kinds: Vec<Value> = self.scalars.iter().map(|kind| json!(kind)).collect();
        if let Some(array) = &self.array {
            kinds.push(json!([array.to_value()]));
        }
        if let Some(object) = &self.object {
            kinds.push(object.to_value());
        }
        match kinds.len() {
            0 => Value::Null,
            1 => kinds.swap_remove(0),
            _ => json!({ "any of": kinds }),
        }
    }
}

impl Members {
    fn to_value(&self) -> Value {
        let members = self.shapes.iter().map(|(name, (count, shape))| {
            let always = *count == self.objects;
            let name = if always {
                name.clone()
            } else {
                format!("{name}?")
            };
            (name, shape.to_value())
        });
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// A value as it is kept, or its type.
fn told(name: Option<&str>, value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        value if name.is_some_and(|name| MEANINGFUL.contains(&name)) => value.to_string(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        _ => "text".to_owned(),
    }
}
