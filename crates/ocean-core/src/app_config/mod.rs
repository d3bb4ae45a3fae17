//! The mapping document (`port-app-config.yaml`, or `integration.config` at Port) as data.
//!
//! Start with [`AppConfig`], which [`AppConfig::from_yaml`] and [`AppConfig::from_value`] read and
//! [`AppConfig::to_value`] writes.

mod coerce;
mod entity_mapping;
mod node;
mod parse;
mod position;
mod schema;
mod section;
mod send;
mod suggest;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexMap;

use crate::reads::Reads;
use crate::resource::{RawSelector, ResourceConfig};

pub(crate) use self::coerce::number_text;
pub use self::parse::{ConfigFaults, Parsed};
pub use self::position::{Finding, MappingSource, Place, Position};
pub(crate) use self::suggest::did_you_mean;

/// A whole mapping document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AppConfig {
    /// Upserts keep what the mapping does not mention (default true).
    pub enable_merge_entity: bool,
    /// Deleting an entity deletes what depends on it (default true).
    pub delete_dependent_entities: bool,
    /// A relation to an entity that does not exist creates it (default true).
    pub create_missing_related_entities: bool,
    /// The largest share of the entities that one resync may delete, 0 to 1 (default 0.9).
    pub entity_deletion_threshold: f64,
    /// The resources, in the order in which they are loaded.
    pub resources: Vec<ResourceMapping>,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            enable_merge_entity: true,
            delete_dependent_entities: true,
            create_missing_related_entities: true,
            entity_deletion_threshold: 0.9,
            resources: Vec::new(),
        }
    }
}

/// One entry of `resources`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ResourceMapping {
    /// The kind it reads.
    pub kind: Arc<str>,
    /// False: no stale entity of this resource's blueprints is deleted (default true).
    pub enable_delete: bool,
    /// The jq expression that decides which raw items become entities.
    pub query: String,
    /// Names of environment variables sent along with raw data; see contract `port-api.md` 10.2.
    pub export_env_variables: Vec<String>,
    /// The selector fields that belong to the kind.
    pub selector: RawSelector,
    /// How a raw item becomes an entity.
    pub mapping: Arc<EntityMapping>,
    /// A jq expression that splits one raw item into several.
    pub items_to_parse: Option<ItemsToParse>,
    pub(crate) as_written: AsWritten,
}

/// Which optional keys of a resource the author wrote: only those are sent back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AsWritten {
    enable_delete: bool,
    export_env_variables: bool,
    items_to_parse_name: Option<String>,
    items_to_parse_top_level_transform: Option<bool>,
}

impl ResourceMapping {
    /// What the author's function gets to see of it.
    #[must_use]
    pub fn config(&self, index: usize) -> ResourceConfig {
        ResourceConfig {
            kind: Arc::clone(&self.kind),
            index,
            query: self.query.clone(),
            selector: self.selector.clone(),
            mapping: Arc::clone(&self.mapping),
            reads: Reads::everything(),
        }
    }
}

/// `itemsToParse` and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemsToParse {
    /// The jq expression that gives the list of elements.
    pub expression: String,
    /// The name under which an element is added to a copy of its item (default `item`).
    pub name: String,
    /// Whether the list is removed from the copies (default true).
    pub top_level_transform: bool,
}

/// `port.entity.mappings`: the jq expressions of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityMapping {
    /// Gives the identifier, or a query that finds the entity.
    pub identifier: Expression,
    /// Gives the blueprint.
    pub blueprint: String,
    /// Gives the title; `None` when not declared, `Some(None)` when declared as null.
    pub title: Option<Option<String>>,
    /// Gives the icon; declared as for `title`.
    pub icon: Option<Option<String>>,
    /// Gives the team or a query for it; declared as for `title`.
    pub team: Option<Option<Expression>>,
    /// Property name to expression; `None` when not declared.
    pub properties: Option<IndexMap<String, String>>,
    /// Relation name to expression; `None` when not declared.
    pub relations: Option<IndexMap<String, Expression>>,
}

impl EntityMapping {
    /// A mapping by these jq expressions that declares nothing else.
    pub fn new(identifier: impl Into<String>, blueprint: impl Into<String>) -> Self {
        Self {
            identifier: Expression::Jq(identifier.into()),
            blueprint: blueprint.into(),
            title: None,
            icon: None,
            team: None,
            properties: None,
            relations: None,
        }
    }
}

/// A jq expression, or a search object whose every leaf is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expression {
    /// A jq program.
    Jq(String),
    /// A query that Port resolves to an identifier.
    Search(SearchExpression),
}

/// A search object of a mapping: `{combinator, rules}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchExpression {
    /// jq for `and` or `or`.
    pub combinator: String,
    /// The rules it combines.
    pub rules: Vec<SearchRule>,
}

/// One rule of a search object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchRule {
    /// Compares one property.
    Compare {
        /// jq for the property.
        property: String,
        /// jq for the operator.
        operator: String,
        /// jq for the value.
        value: String,
    },
    /// A nested search object.
    Nested(SearchExpression),
}
