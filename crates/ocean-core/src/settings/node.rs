//! What did one source say, as a tree of snake_case keys?
//!
//! A [`Node`] may carry a value and children at the same time: `OCEAN__EVENT_LISTENER={...}` gives
//! the value and `OCEAN__EVENT_LISTENER__TYPE` a child. Whether such a value is text or JSON is
//! only known to the reader of the setting, so nothing is converted here.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::names::snake_case;
use super::origin::Origin;

/// One place of the tree.
#[derive(Clone, Default)]
pub(super) struct Node {
    /// The value given at exactly this path.
    pub(super) given: Option<Given>,
    /// What was given below it.
    pub(super) children: IndexMap<String, Self>,
}

/// A value and where it was given.
#[derive(Clone)]
pub(super) struct Given {
    /// The value; of an object, its keys are as written.
    pub(super) value: Value,
    /// A YAML scalar as written, where that says more than the value: `1.10`.
    pub(super) written: Option<String>,
    /// Where it was given.
    pub(super) origin: Origin,
}

impl Node {
    /// A node for a value of which every part has the same origin.
    pub(super) fn from_json(value: Value, origin: &Origin) -> Self {
        let children = match &value {
            Value::Object(object) => children(object.iter().map(|(key, value)| {
                let child = Self::from_json(value.clone(), origin);
                (key.as_str(), child)
            })),
            _ => IndexMap::new(),
        };
        Self {
            given: Some(Given {
                value,
                written: None,
                origin: origin.clone(),
            }),
            children,
        }
    }

    /// Puts a value at a path, unless there is one already; returns whether it did.
    pub(super) fn insert<'a>(
        &mut self,
        path: impl IntoIterator<Item = &'a str>,
        given: Given,
    ) -> bool {
        let mut node = self;
        for key in path {
            node = node.children.entry(key.to_owned()).or_default();
        }
        let free = node.given.is_none();
        if free {
            node.given = Some(given);
        }
        free
    }

    /// Takes over whatever this tree lacks.
    pub(super) fn fill_from(&mut self, lower: Self) {
        if self.given.is_none() {
            self.given = lower.given;
        }
        for (key, child) in lower.children {
            self.children.entry(key).or_default().fill_from(child);
        }
    }

    /// This node as one JSON value with its keys as written; for settings whose inside belongs to
    /// the integration. `object` is the parsed text when the value was given as JSON text.
    pub(super) fn to_object(&self, object: Map<String, Value>) -> Map<String, Value> {
        let mut object = object;
        let own = self.given.as_ref().map(|given| &given.origin);
        for (key, child) in &self.children {
            child.overlay(own, key, &mut object);
        }
        object
    }

    /// The first origin at or below this node.
    pub(super) fn origin(&self) -> Option<&Origin> {
        let own = self.given.as_ref().map(|given| &given.origin);
        own.or_else(|| self.children.values().find_map(Self::origin))
    }

    /// Only a deeper variable adds to what the object itself said; the children that were made of
    /// the object are in it already, with their keys as written.
    fn overlay(&self, own: Option<&Origin>, key: &str, into: &mut Map<String, Value>) {
        if let Some(given) = &self.given
            && given.origin.variable().is_some()
            && Some(&given.origin) != own
        {
            into.insert(key.to_owned(), given.value.clone());
        }
        if self.children.is_empty() {
            return;
        }
        let mut inner = match into.get(key) {
            Some(Value::Object(inner)) => inner.clone(),
            _ => Map::new(),
        };
        for (key, child) in &self.children {
            child.overlay(own, key, &mut inner);
        }
        if !inner.is_empty() {
            into.insert(key.to_owned(), Value::Object(inner));
        }
    }
}

/// Children under their snake_case names; a key that is snake_case already wins over a camelCase
/// one of the same meaning.
pub(super) fn children<'a>(
    entries: impl Iterator<Item = (&'a str, Node)>,
) -> IndexMap<String, Node> {
    let mut children = IndexMap::new();
    for (key, node) in entries {
        let name = snake_case(key);
        if name == key {
            children.insert(name, node);
        } else {
            children.entry(name).or_insert(node);
        }
    }
    children
}

/// Puts `higher` over `lower`, key by key.
pub(super) fn merge(lower: &mut Map<String, Value>, higher: Map<String, Value>) {
    for (key, value) in higher {
        match (lower.get_mut(&key), value) {
            (Some(Value::Object(lower)), Value::Object(higher)) => merge(lower, higher),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

/// The path of a key below a path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// An unknown object counts once; variables of which only the start is the same count each.
pub(super) fn note_unknown(node: &Node, path: &str, unknown: &mut Vec<(String, Origin)>) {
    match &node.given {
        Some(given) => unknown.push((path.to_owned(), given.origin.clone())),
        None => note_leaves(node, path, unknown),
    }
}

/// Everything that was given below a node.
pub(super) fn note_leaves(node: &Node, path: &str, unknown: &mut Vec<(String, Origin)>) {
    for (key, child) in &node.children {
        note_unknown(child, &join(path, key), unknown);
    }
}
