//! A catalog in memory: for tests, examples and dry runs.
//!
//! Start with [`InMemoryCatalog`].

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde_json::{Map, Value};

use super::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityError, EntityQuery, EntityRef,
    IntegrationStore, ResyncState, ResyncStatus, UpsertOutcome, WriteContext,
};

/// A catalog that lives as long as the value.
///
/// It knows merging, stubs of missing related entities, missing relation targets, unknown
/// blueprints and deletion with dependents; it does not validate property types.
///
/// ```
/// use ocean_core::{Blueprint, InMemoryCatalog};
///
/// let catalog = InMemoryCatalog::new([Blueprint::new("service")]);
/// assert!(catalog.entities().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct InMemoryCatalog {
    blueprints: BTreeMap<String, Blueprint>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entities: BTreeMap<EntityRef, Stored>,
    mapping: Option<Value>,
    resync_states: Vec<ResyncState>,
    resync_requested_at: Option<SystemTime>,
    cursors: BTreeMap<(String, usize), SystemTime>,
}

#[derive(Debug)]
struct Stored {
    entity: Entity,
    updated_at: SystemTime,
}

impl InMemoryCatalog {
    /// An empty catalog that accepts entities of these blueprints.
    pub fn new(blueprints: impl IntoIterator<Item = Blueprint>) -> Self {
        let blueprints = blueprints
            .into_iter()
            .map(|found| (found.identifier.clone(), found))
            .collect();
        Self {
            blueprints,
            state: Mutex::default(),
        }
    }

    /// The same catalog with a mapping document for [`IntegrationStore::mapping`].
    #[must_use]
    pub fn with_mapping(self, mapping: Value) -> Self {
        self.set_mapping(mapping);
        self
    }

    /// Replaces the mapping document.
    pub fn set_mapping(&self, mapping: Value) {
        self.state().mapping = Some(mapping);
    }

    /// Everything it holds, in the order of keys.
    #[must_use]
    pub fn entities(&self) -> Vec<Entity> {
        self.state()
            .entities
            .values()
            .map(|stored| stored.entity.clone())
            .collect()
    }

    /// One entity.
    #[must_use]
    pub fn entity(&self, key: &EntityRef) -> Option<Entity> {
        self.state()
            .entities
            .get(key)
            .map(|stored| stored.entity.clone())
    }

    /// Asks for a resync, as a user would at Port.
    pub fn request_resync(&self, at: SystemTime) {
        self.state().resync_requested_at = Some(at);
    }

    /// The states that were told, oldest first.
    #[must_use]
    pub fn resync_states(&self) -> Vec<ResyncState> {
        self.state().resync_states.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entities that relate to one.
    fn dependents(&self, state: &State, target: &EntityRef) -> Vec<EntityRef> {
        let relates = |key: &EntityRef, stored: &Stored| {
            let blueprint = self.blueprints.get(&key.blueprint);
            stored
                .entity
                .relation_targets()
                .any(|(relation, identifier)| {
                    identifier == target.identifier
                        && blueprint.and_then(|known| known.target_of(relation))
                            == Some(target.blueprint.as_str())
                })
        };
        let all = state.entities.iter();
        all.filter(|(key, stored)| relates(key, stored))
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn upsert_one(
        &self,
        state: &mut State,
        cx: &WriteContext,
        blueprint: &Blueprint,
        entity: &Entity,
    ) -> UpsertOutcome {
        let Some(EntityRef { identifier, .. }) = entity.key() else {
            return UpsertOutcome::Unresolved;
        };
        let targets: Vec<EntityRef> = entity
            .relation_targets()
            .filter_map(|(name, id)| Some(EntityRef::new(blueprint.target_of(name)?, id)))
            .filter(|target| !state.entities.contains_key(target))
            .collect();
        if let (Some(missing), false) = (targets.first(), cx.create_missing_related) {
            let message = format!("related entity {missing} does not exist");
            return UpsertOutcome::MissingRelated(EntityError::new(Some(404), message));
        }
        let now = SystemTime::now();
        for target in targets {
            let stub = Entity {
                identifier: target.identifier.clone().into(),
                blueprint: target.blueprint.clone().into(),
                ..Entity::default()
            };
            state.entities.insert(
                target,
                Stored {
                    entity: stub,
                    updated_at: now,
                },
            );
        }
        let key = EntityRef::new(blueprint.identifier.clone(), identifier.clone());
        let previous = state.entities.remove(&key);
        let created = previous.is_none();
        let merged = match previous {
            Some(previous) if cx.merge => without_nulls(previous.entity.overlaid(entity)),
            _ => without_nulls(entity.clone()),
        };
        state.entities.insert(
            key,
            Stored {
                entity: merged,
                updated_at: now,
            },
        );
        UpsertOutcome::Stored {
            identifier,
            created,
        }
    }
}

#[async_trait]
impl Catalog for InMemoryCatalog {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        let Some(found) = self.blueprints.get(blueprint) else {
            let error = EntityError::new(Some(404), format!("blueprint {blueprint} not found"));
            return Ok(vec![UpsertOutcome::Rejected(error); entities.len()]);
        };
        let mut state = self.state();
        Ok(entities
            .iter()
            .map(|entity| self.upsert_one(&mut state, cx, found, entity))
            .collect())
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        let mut state = self.state();
        let mut open = entities.clone();
        while let Some(key) = open.pop() {
            if state.entities.remove(&key).is_some() && cx.delete_dependents {
                open.extend(self.dependents(&state, &key));
            }
        }
        Ok(DeleteReport {
            deleted: entities,
            failed: Vec::new(),
        })
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        let found: Vec<_> = self
            .state()
            .entities
            .iter()
            .filter(|(key, _)| key.blueprint == query.blueprint)
            .filter(|(key, _)| {
                query
                    .identifiers
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&key.identifier))
            })
            .map(|(_, stored)| Ok(with_fields(&stored.entity, &query.include)))
            .collect();
        stream::iter(found).boxed()
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        let owned: Vec<_> = self
            .state()
            .entities
            .iter()
            .filter(|(_, stored)| before.is_none_or(|before| stored.updated_at < before))
            .map(|(key, _)| Ok(key.clone()))
            .collect();
        stream::iter(owned).boxed()
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        Ok(self.blueprints.get(identifier).cloned())
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        Ok(SystemTime::now())
    }
}

#[async_trait]
impl IntegrationStore for InMemoryCatalog {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        Ok(self.state().mapping.clone())
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.state().resync_states.push(state.clone());
        Ok(())
    }

    async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
        Ok(self.state().resync_requested_at)
    }

    async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
        let state = self.state();
        let mut told = state.resync_states.iter().rev();
        let began = told.find(|told| told.status == ResyncStatus::Running);
        Ok(began.map(|began| began.at))
    }

    async fn cursor(&self, kind: &str, index: usize) -> Result<Option<SystemTime>, CatalogError> {
        let key = (kind.to_owned(), index);
        Ok(self.state().cursors.get(&key).copied())
    }

    async fn set_cursor(
        &self,
        kind: &str,
        index: usize,
        cursor: SystemTime,
    ) -> Result<(), CatalogError> {
        self.state()
            .cursors
            .insert((kind.to_owned(), index), cursor);
        Ok(())
    }

    async fn send_kind_examples(&self, _: &str, _: Vec<Value>) -> Result<(), CatalogError> {
        Ok(())
    }
}

/// The key of an entity and the fields that were asked for: what nobody asked for does not come
/// from Port, either.
fn with_fields(entity: &Entity, include: &[String]) -> Entity {
    let is_wanted = |field: &str| include.iter().any(|wanted| wanted == field);
    let some = |group: &str, map: Option<&Map<String, Value>>| {
        let mut map = map?.clone();
        map.retain(|name, _| is_wanted(&format!("{group}.{name}")));
        Some(map)
    };
    Entity {
        identifier: entity.identifier.clone(),
        blueprint: entity.blueprint.clone(),
        title: entity.title.clone().filter(|_| is_wanted("title")),
        team: entity.team.clone().filter(|_| is_wanted("team")),
        properties: some("properties", entity.properties.as_ref()),
        relations: some("relations", entity.relations.as_ref()),
        icon: None,
    }
}

/// A null clears: what is stored never holds one.
fn without_nulls(mut entity: Entity) -> Entity {
    for field in [&mut entity.icon, &mut entity.title, &mut entity.team] {
        if field.as_ref().is_some_and(Value::is_null) {
            *field = None;
        }
    }
    for map in [&mut entity.properties, &mut entity.relations]
        .into_iter()
        .flatten()
    {
        map.retain(|_, value| !value.is_null());
    }
    entity
}
