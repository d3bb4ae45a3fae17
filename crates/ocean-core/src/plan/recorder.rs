//! A catalog that notes what is written to it and writes nothing.
//!
//! Start with [`Recorder`]. The engine must not notice the difference: what was noted is found by
//! later searches, as if it had been written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::{FieldChange, PlannedContext, PlannedWrite};
use crate::catalog::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityError, EntityQuery, EntityRef,
    IntegrationStore, ResyncState, UpsertOutcome, WriteContext,
};
use crate::error::error_chain;
use crate::sync::{differing_fields, field_of, fields_of};

/// Reads from a catalog, and notes what should be written to it.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) catalog: Arc<dyn Catalog>,
    store: Arc<dyn IntegrationStore>,
    mapping: Option<Value>,
    recorded: Mutex<Recorded>,
}

/// What was noted.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) context: PlannedContext,
    pub(super) writes: Vec<PlannedWrite>,
    pub(super) deletions: Vec<EntityRef>,
    /// The moment before which an entity has to be as it is to be deleted.
    pub(super) stale_before: Option<SystemTime>,
    /// Where the write of a key stands, and what the catalog held before it.
    places: BTreeMap<EntityRef, (usize, Option<Entity>)>,
}

impl Recorder {
    pub(super) fn new(
        catalog: Arc<dyn Catalog>,
        store: Arc<dyn IntegrationStore>,
        mapping: Option<Value>,
    ) -> Self {
        Self {
            catalog,
            store,
            mapping,
            recorded: Mutex::default(),
        }
    }

    /// What was noted so far.
    pub(super) fn take(&self) -> Recorded {
        std::mem::take(&mut *self.recorded())
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the catalog holds of these entities, as far as they have a say in it and it was not
    /// read before.
    async fn held(
        &self,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<BTreeMap<EntityRef, Entity>, CatalogError> {
        let fields: BTreeSet<String> = entities.iter().flat_map(fields_of).collect();
        let identifiers: Vec<String> = {
            let recorded = self.recorded();
            let unread = entities.iter().filter(|entity| !recorded.has_read(entity));
            unread
                .filter_map(|entity| Some(entity.key()?.identifier))
                .collect()
        };
        let mut held = BTreeMap::new();
        if identifiers.is_empty() {
            return Ok(held);
        }
        let query = EntityQuery::new(blueprint)
            .identifiers(identifiers)
            .include(fields.into_iter().collect());
        let mut found = self.catalog.search(query);
        while let Some(entity) = found.try_next().await? {
            if let Some(key) = entity.key() {
                held.insert(key, entity);
            }
        }
        Ok(held)
    }
}

impl Recorded {
    /// Whether all is known of what the catalog holds in the fields of an entity. Another resource
    /// may have written other fields of it.
    fn has_read(&self, entity: &Entity) -> bool {
        let place = entity.key().and_then(|key| self.places.get(&key));
        let Some((place, before)) = place else {
            return false;
        };
        let read = self
            .writes
            .get(*place)
            .map(|write| fields_of(&write.entity));
        let is_read = |field: &String| read.iter().flatten().any(|read| read == field);
        before.is_none() || fields_of(entity).iter().all(is_read)
    }

    fn note(&mut self, merge: bool, entity: &Entity, held: Option<Entity>) -> UpsertOutcome {
        let Some(key) = entity.key() else {
            self.writes.push(PlannedWrite {
                entity: entity.clone(),
                exists: false,
                changes: Vec::new(),
            });
            return UpsertOutcome::Unresolved;
        };
        let (place, before) = match self.places.get(&key).cloned() {
            // What was not there at first was created by us.
            Some((place, before)) => (place, before.map(|before| with(before, held))),
            None => (self.writes.len(), held),
        };
        let entity = match self.writes.get(place) {
            Some(earlier) if merge => earlier.entity.clone().overlaid(entity),
            _ => entity.clone(),
        };
        let write = PlannedWrite {
            changes: before
                .as_ref()
                .map(|before| changes(before, &entity))
                .unwrap_or_default(),
            exists: before.is_some(),
            entity,
        };
        let outcome = UpsertOutcome::Stored {
            identifier: key.identifier.clone(),
            created: !write.exists,
        };
        match self.writes.get_mut(place) {
            Some(earlier) => *earlier = write,
            None => self.writes.push(write),
        }
        self.places.insert(key, (place, before));
        outcome
    }

    /// An entity that the catalog found, as it would be after what was noted.
    fn overlaid(&self, found: Entity) -> Entity {
        let write = found
            .key()
            .and_then(|key| self.places.get(&key))
            .and_then(|(place, _)| self.writes.get(*place));
        match write {
            Some(write) => found.overlaid(&write.entity),
            None => found,
        }
    }

    /// The noted entities that a search would find and the catalog does not have.
    fn created(&self, query: &EntityQuery) -> Vec<Entity> {
        let writes = self.writes.iter().filter(|write| !write.exists);
        let entities = writes.map(|write| &write.entity);
        entities
            .filter(|entity| {
                entity.key().is_some_and(|key| {
                    let wanted = query.identifiers.as_ref();
                    key.blueprint == query.blueprint
                        && wanted.is_none_or(|wanted| wanted.contains(&key.identifier))
                })
            })
            .cloned()
            .collect()
    }
}

/// What was read of an entity, with what was read of it later.
fn with(before: Entity, later: Option<Entity>) -> Entity {
    match later {
        Some(later) => before.overlaid(&later),
        None => before,
    }
}

/// The fields that differ, with what is in them.
pub(super) fn changes(before: &Entity, after: &Entity) -> Vec<FieldChange> {
    let fields = differing_fields(before, after).into_iter();
    fields
        .map(|field| FieldChange {
            from: field_of(before, &field),
            to: field_of(after, &field),
            field,
        })
        .collect()
}

#[async_trait]
impl Catalog for Recorder {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        if self.catalog.blueprint(blueprint).await?.is_none() {
            let error = EntityError::new(Some(404), format!("blueprint {blueprint} not found"));
            return Ok(vec![UpsertOutcome::Rejected(error); entities.len()]);
        }
        let mut held = match self.held(blueprint, entities).await {
            Ok(held) => held,
            Err(error) => {
                let error = EntityError::new(None, error_chain(&error));
                return Ok(vec![UpsertOutcome::Failed(error); entities.len()]);
            }
        };
        let mut recorded = self.recorded();
        recorded.context = cx.into();
        let outcomes = entities.iter().map(|entity| {
            let held = entity.key().and_then(|key| held.remove(&key));
            recorded.note(cx.merge, entity, held)
        });
        Ok(outcomes.collect())
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        let mut recorded = self.recorded();
        recorded.context = cx.into();
        recorded.deletions.extend(entities.iter().cloned());
        Ok(DeleteReport {
            deleted: entities,
            failed: Vec::new(),
        })
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        let created = self.recorded().created(&query);
        let found = self.catalog.search(query);
        found
            .map_ok(|entity| self.recorded().overlaid(entity))
            .chain(futures::stream::iter(created.into_iter().map(Ok)))
            .boxed()
    }

    /// What would have been written is not listed as untouched.
    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        let listed = self.catalog.owned(before);
        if before.is_none() {
            return listed;
        }
        self.recorded().stale_before = before;
        listed
            .try_filter(|key| {
                let is_written = self.recorded().places.contains_key(key);
                std::future::ready(!is_written)
            })
            .boxed()
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        self.catalog.blueprint(identifier).await
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        self.catalog.now().await
    }

    fn clear_cache(&self) {
        self.catalog.clear_cache();
    }

    fn bulk_size(&self) -> usize {
        self.catalog.bulk_size()
    }
}

#[async_trait]
impl IntegrationStore for Recorder {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        match &self.mapping {
            Some(mapping) => Ok(Some(mapping.clone())),
            None => self.store.mapping().await,
        }
    }

    async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
        self.store.resync_requested_at().await
    }

    async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
        self.store.last_resync_start().await
    }

    async fn set_resync_state(&self, _: &ResyncState) -> Result<(), CatalogError> {
        Ok(())
    }

    async fn send_kind_examples(&self, _: &str, _: Vec<Value>) -> Result<(), CatalogError> {
        Ok(())
    }
}
