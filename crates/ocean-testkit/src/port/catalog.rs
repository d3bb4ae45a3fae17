//! Where are blueprints and entities kept? [`Catalog`].

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::entity::{self, Content, Entity};
use super::error::ApiError;
use super::schema::Schema;

/// All blueprints with their entities, both in the order of their identifiers.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) blueprints: BTreeMap<String, Blueprint>,
    pub(crate) semantics: Semantics,
    pub(crate) writes: Writes,
}

/// A blueprint and the entities made after it.
#[derive(Debug)]
pub(crate) struct Blueprint {
    pub(crate) document: Value,
    pub(crate) schema: Arc<Schema>,
    pub(crate) entities: BTreeMap<String, Entity>,
}

/// What of the real Port is assumed only, and can therefore be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Semantics {
    /// An upsert that changes nothing still moves `updatedAt`.
    pub(crate) unchanged_moves_updated_at: bool,
    /// A property that the blueprint does not have is refused.
    pub(crate) strict_properties: bool,
}

impl Default for Semantics {
    fn default() -> Self {
        Self {
            unchanged_moves_updated_at: true,
            strict_properties: true,
        }
    }
}

/// What writers did to the catalog over HTTP since the server started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Writes {
    /// Entities that were not there before, stubs not counted.
    pub created: u64,
    /// Entities made because another one relates to them.
    pub stubs: u64,
    /// Upserts that changed an entity.
    pub updated: u64,
    /// Upserts that changed nothing.
    pub unchanged: u64,
    /// Entities refused.
    pub rejected: u64,
    /// Entities deleted, dependents included.
    pub deleted: u64,
}

/// Who writes, and when.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) datasource: Arc<str>,
    pub(crate) now: Timestamp,
}

impl Catalog {
    pub(crate) fn blueprint(&self, identifier: &str) -> Result<&Blueprint, ApiError> {
        self.blueprints
            .get(identifier)
            .ok_or_else(|| no_blueprint(identifier))
    }

    pub(crate) fn blueprint_mut(&mut self, identifier: &str) -> Result<&mut Blueprint, ApiError> {
        self.blueprints
            .get_mut(identifier)
            .ok_or_else(|| no_blueprint(identifier))
    }

    pub(crate) fn entity(&self, blueprint: &str, identifier: &str) -> Option<&Entity> {
        self.blueprints.get(blueprint)?.entities.get(identifier)
    }

    /// Sets or replaces a blueprint; its entities stay.
    pub(crate) fn put_blueprint(&mut self, identifier: &str, document: Value) {
        let schema = Arc::new(Schema::of(&document));
        let entities = self.blueprints.remove(identifier).map(|old| old.entities);
        let blueprint = Blueprint {
            document,
            schema,
            entities: entities.unwrap_or_default(),
        };
        self.blueprints.insert(identifier.to_owned(), blueprint);
    }

    /// Keeps `content` under this identifier and says whether it is new.
    pub(crate) fn store(
        &mut self,
        blueprint: &str,
        identifier: &str,
        content: Content,
        writer: &Writer,
    ) -> Result<bool, ApiError> {
        let unchanged_moves = self.semantics.unchanged_moves_updated_at;
        let entities = &mut self.blueprint_mut(blueprint)?.entities;
        let Some(old) = entities.get_mut(identifier) else {
            entities.insert(identifier.to_owned(), fresh(content, writer));
            self.writes.created += 1;
            return Ok(true);
        };
        let changed = old.content != content;
        if changed || unchanged_moves {
            old.updated_at = writer.now;
        }
        old.datasource = Arc::clone(&writer.datasource);
        old.content = content;
        *(if changed {
            &mut self.writes.updated
        } else {
            &mut self.writes.unchanged
        }) += 1;
        Ok(false)
    }

    /// Puts an entity in its place, unchecked and uncounted.
    pub(crate) fn place(&mut self, blueprint: &str, id: &str, content: Content, writer: &Writer) {
        if let Some(kept) = self.blueprints.get_mut(blueprint) {
            kept.entities.insert(id.to_owned(), fresh(content, writer));
        }
    }

    /// All entities in order, as values.
    pub(crate) fn snapshot(&self) -> Vec<Value> {
        let all = self.blueprints.iter().flat_map(|(blueprint, kept)| {
            let entities = kept.entities.iter();
            entities.map(|(identifier, one)| entity::value(blueprint, identifier, &one.content))
        });
        all.collect()
    }

    /// Makes an empty entity for others to relate to, owned by the writer of those.
    pub(crate) fn store_stub(&mut self, blueprint: &str, identifier: &str, writer: &Writer) {
        if let Some(target) = self.blueprints.get_mut(blueprint)
            && !target.entities.contains_key(identifier)
        {
            target
                .entities
                .insert(identifier.to_owned(), fresh(Content::default(), writer));
            self.writes.stubs += 1;
        }
    }
}

fn fresh(content: Content, writer: &Writer) -> Entity {
    Entity {
        content,
        datasource: Arc::clone(&writer.datasource),
        created_at: writer.now,
        updated_at: writer.now,
    }
}

fn no_blueprint(identifier: &str) -> ApiError {
    ApiError::not_found(format!(
        "blueprint with identifier \"{identifier}\" was not found"
    ))
}
