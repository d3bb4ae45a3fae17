//! How is a plan performed, exactly and only to the catalog that it was made for?

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use uuid::Uuid;

use super::{PlannedWrite, ResyncPlan};
use crate::app_config::AppConfig;
use crate::catalog::{
    Catalog, CatalogError, Entity, EntityError, EntityQuery, UpsertOutcome, WriteContext,
    WriteEvent,
};
use crate::sync::{differing_fields, fields_of};

/// How many differences are named when a catalog moved.
const NAMED: usize = 5;

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Entities that were created.
    pub created: usize,
    /// Entities that were changed.
    pub changed: usize,
    /// Entities that were deleted.
    pub deleted: usize,
    /// What was not done. When an entity was not written, nothing is deleted.
    pub unwritten: Vec<Unwritten>,
}

/// A part of a plan that was not performed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwritten {
    /// The entity, as `blueprint/identifier`.
    pub entity: String,
    /// Why.
    pub reason: String,
}

/// A plan that could not be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The catalog is not what it was when the plan was made; nothing was written.
    #[error("the catalog moved since the plan was made:\n{}", .0.join("\n"))]
    Moved(Vec<String>),
    /// Port did not answer, or refused to go on.
    #[error("the plan was not applied, or not to its end")]
    Catalog(#[source] CatalogError),
}

impl From<CatalogError> for ApplyError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl ResyncPlan {
    /// Writes what is planned, in its order, and deletes what is planned once all is written.
    ///
    /// # Errors
    ///
    /// When the catalog moved since the plan was made, or cannot be used. What Port refuses of
    /// single entities is in the result.
    pub async fn apply(&self, catalog: &dyn Catalog) -> Result<Applied, ApplyError> {
        let moved = self.moved(catalog).await?;
        if !moved.is_empty() {
            return Err(ApplyError::Moved(moved));
        }
        let mut applying = Applying {
            catalog,
            cx: self.write_context(),
            applied: Applied::default(),
        };
        applying.write(&self.writes).await?;
        applying.delete(self).await?;
        Ok(applying.applied)
    }

    fn write_context(&self) -> WriteContext {
        let config = AppConfig {
            enable_merge_entity: self.context.merge,
            create_missing_related_entities: self.context.create_missing_related,
            delete_dependent_entities: self.context.delete_dependents,
            ..AppConfig::default()
        };
        WriteContext::new(&config, WriteEvent::Resync { id: Uuid::new_v4() })
    }

    /// How the catalog differs from what the plan was made for.
    async fn moved(&self, catalog: &dyn Catalog) -> Result<Vec<String>, CatalogError> {
        let mut moved = self.catalog.moved(catalog).await?;
        if !moved.is_empty() {
            return Ok(moved);
        }
        // What was updated in the very second of the plan shows only in its content.
        let mut existing: BTreeMap<String, Vec<&PlannedWrite>> = BTreeMap::new();
        for write in self.writes.iter().filter(|write| write.exists) {
            let blueprint = write.entity.blueprint_name().unwrap_or_default();
            existing.entry(blueprint).or_default().push(write);
        }
        for (blueprint, writes) in existing {
            let different = different(catalog, &blueprint, &writes).await?;
            moved.extend(
                different
                    .into_iter()
                    .take(NAMED.saturating_sub(moved.len())),
            );
        }
        Ok(moved)
    }
}

/// The entities of a blueprint whose fields are not what the plan found.
async fn different(
    catalog: &dyn Catalog,
    blueprint: &str,
    writes: &[&PlannedWrite],
) -> Result<Vec<String>, CatalogError> {
    let mut expected: BTreeMap<String, Entity> = BTreeMap::new();
    let mut fields: Vec<String> = Vec::new();
    for write in writes {
        let Some(key) = write.entity.key() else {
            continue;
        };
        fields.extend(fields_of(&write.entity));
        expected.insert(key.identifier, write.before());
    }
    fields.sort_unstable();
    fields.dedup();
    let query = EntityQuery::new(blueprint)
        .identifiers(expected.keys().cloned().collect())
        .include(fields);
    let mut found = catalog.search(query);
    let mut different = Vec::new();
    while let Some(entity) = found.try_next().await? {
        let Some(key) = entity.key() else { continue };
        let expected = expected.remove(&key.identifier);
        if expected.is_some_and(|expected| !differing_fields(&entity, &expected).is_empty()) {
            different.push(format!("{key} is different"));
        }
    }
    let gone = expected.keys();
    different.extend(gone.map(|identifier| format!("{blueprint}/{identifier} is gone")));
    Ok(different)
}

struct Applying<'a> {
    catalog: &'a dyn Catalog,
    cx: WriteContext,
    applied: Applied,
}

/// An entity that a relation keeps from being written.
struct Waiting<'p> {
    write: &'p PlannedWrite,
    error: EntityError,
}

impl<'p> Applying<'_> {
    async fn write(&mut self, writes: &'p [PlannedWrite]) -> Result<(), CatalogError> {
        let mut waiting = self
            .pass(writes.iter().collect(), Clone::clone, true)
            .await?;
        // A target may have been written after what relates to it.
        while !waiting.is_empty() {
            let before = waiting.len();
            let again = waiting.into_iter().map(|one| one.write).collect();
            waiting = self.pass(again, Clone::clone, true).await?;
            if waiting.len() == before {
                break;
            }
        }
        // What is left may relate to each other: first without relations, then whole.
        if !waiting.is_empty() {
            let bare = waiting.iter().map(|one| one.write).collect();
            self.pass(bare, without_relations, false).await?;
            let whole = waiting.into_iter().map(|one| one.write).collect();
            waiting = self.pass(whole, Clone::clone, true).await?;
        }
        for Waiting { write, error } in waiting {
            self.failed(&write.entity, &error);
        }
        Ok(())
    }

    /// Writes entities in order, as many at once as Port takes; returns those whose relations
    /// point to nothing.
    async fn pass(
        &mut self,
        writes: Vec<&'p PlannedWrite>,
        shape: impl Fn(&Entity) -> Entity + Send + Sync,
        counts: bool,
    ) -> Result<Vec<Waiting<'p>>, CatalogError> {
        let mut waiting = Vec::new();
        let same_blueprint =
            |a: &&PlannedWrite, b: &&PlannedWrite| a.entity.blueprint == b.entity.blueprint;
        for run in writes.chunk_by(same_blueprint) {
            for bulk in run.chunks(self.catalog.bulk_size().max(1)) {
                let entities: Vec<Entity> = bulk.iter().map(|one| shape(&one.entity)).collect();
                let blueprint = entities.first().and_then(Entity::blueprint_name);
                let outcomes = self
                    .catalog
                    .upsert(&self.cx, &blueprint.unwrap_or_default(), &entities)
                    .await?;
                for (write, outcome) in bulk.iter().zip(outcomes) {
                    waiting.extend(self.account(write, outcome, counts));
                }
            }
        }
        Ok(waiting)
    }

    fn account(
        &mut self,
        write: &'p PlannedWrite,
        outcome: UpsertOutcome,
        counts: bool,
    ) -> Option<Waiting<'p>> {
        match outcome {
            UpsertOutcome::MissingRelated(error) => return Some(Waiting { write, error }),
            _ if !counts => {}
            UpsertOutcome::Stored { .. } if write.exists => self.applied.changed += 1,
            UpsertOutcome::Stored { .. } => self.applied.created += 1,
            UpsertOutcome::Rejected(error) | UpsertOutcome::Failed(error) => {
                self.failed(&write.entity, &error);
            }
            UpsertOutcome::Unresolved => {
                let error = EntityError::new(None, "its identifier is a query that found nothing");
                self.failed(&write.entity, &error);
            }
        }
        None
    }

    fn failed(&mut self, entity: &Entity, error: &EntityError) {
        let key = entity.key().map(|key| key.to_string());
        self.applied.unwritten.push(Unwritten {
            entity: key.unwrap_or_else(|| "an entity with a search identifier".to_owned()),
            reason: error.message.clone(),
        });
    }

    async fn delete(&mut self, plan: &ResyncPlan) -> Result<(), CatalogError> {
        if plan.deletions.is_empty() {
            return Ok(());
        }
        if !self.applied.unwritten.is_empty() {
            self.applied.unwritten.push(Unwritten {
                entity: format!("{} deletions", plan.deletions.len()),
                reason: "nothing is deleted unless everything was written".to_owned(),
            });
            return Ok(());
        }
        let report = self
            .catalog
            .delete(&self.cx, plan.deletions.clone())
            .await?;
        self.applied.deleted = report.deleted.len();
        let failed = report.failed.into_iter();
        self.applied
            .unwritten
            .extend(failed.map(|(key, error)| Unwritten {
                entity: key.to_string(),
                reason: error.message,
            }));
        Ok(())
    }
}

impl PlannedWrite {
    /// The entity as the plan found it, as far as it is written.
    fn before(&self) -> Entity {
        let mut before = self.entity.clone();
        for change in &self.changes {
            let from = change.from.clone();
            let (map, name) = match change.field.split_once('.') {
                Some(("properties", name)) => (&mut before.properties, name),
                Some((_, name)) => (&mut before.relations, name),
                None if change.field == "title" => {
                    before.title = Some(from);
                    continue;
                }
                None => {
                    before.team = Some(from);
                    continue;
                }
            };
            map.get_or_insert_default().insert(name.to_owned(), from);
        }
        before
    }
}

fn without_relations(entity: &Entity) -> Entity {
    Entity {
        relations: None,
        ..entity.clone()
    }
}
