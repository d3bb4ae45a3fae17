//! What would a resync write, and how is exactly that written later?
//!
//! Start with [`Rehearsal`], which runs a whole resync against a catalog that records instead of
//! writing, and gives a [`ResyncPlan`]; [`ResyncPlan::apply`] performs it. [`Shadow`] plans again and
//! again beside another writer.
//!
//! # Guarantees
//!
//! - A rehearsal reads, searches and lists; it writes nothing and runs no hooks.
//! - The same engine decides as in a resync: what is planned is what a resync would have written
//!   at that moment, deletions and the rules that forbid them included.
//! - A plan is applied as a whole to the catalog it was made for, or not at all when that moved.
//!
//! # Caveats
//!
//! - What Port refuses is only known when it is asked: a plan takes every entity for accepted
//!   whose blueprint exists.
//! - An identifier that is a query is resolved by Port. Such an entity is written as planned, but
//!   as it could be any, nothing is deleted.

mod apply;
mod recorder;
mod shadow;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::apply::{Applied, ApplyEnd, ApplyError, Unwritten};
use self::recorder::Recorder;
pub use self::shadow::{Comparison, Divergence, Nature, Shadow};
use self::state::{CatalogState, Owned};
use crate::catalog::{Catalog, Entity, EntityRef, IntegrationStore, WriteContext};
use crate::mapping::MapperPool;
use crate::resync::Registry;
use crate::sync::{Progress, ResyncError, ResyncReport, SyncEngine, SyncOptions};

/// Everything that one resync would write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResyncPlan {
    /// How the entities are written.
    context: PlannedContext,
    /// What the catalog held when the plan was made.
    catalog: CatalogState,
    /// What was updated at or after that moment is not deleted. `None` when the run came to no
    /// deletions.
    stale_before: Option<SystemTime>,
    /// What is created or changed: blueprints in the order of the mapping, and within each by
    /// identifier, so that two plans of the same data are the same.
    pub writes: Vec<PlannedWrite>,
    /// What Port creates by itself, unless somebody else has it there, because a planned entity
    /// relates to it (`createMissingRelatedEntities`).
    pub related: Vec<EntityRef>,
    /// What is deleted, in order.
    pub deletions: Vec<EntityRef>,
}

/// One entity that is created or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedWrite {
    /// What is written.
    pub entity: Entity,
    /// Whether the integration has it in the catalog already.
    pub exists: bool,
    /// The fields that change; empty for an entity that is created, and for one of which only Port
    /// can tell, because it holds a query.
    pub changes: Vec<FieldChange>,
}

/// One field of an entity that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// The field: `title`, `team`, `properties.x` or `relations.x`.
    pub field: String,
    /// What the catalog holds.
    pub from: Value,
    /// What is written.
    pub to: Value,
}

/// The flags of the mapping that go with every write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlannedContext {
    merge: bool,
    create_missing_related: bool,
    delete_dependents: bool,
}

impl From<&WriteContext> for PlannedContext {
    fn from(cx: &WriteContext) -> Self {
        Self {
            merge: cx.merge,
            create_missing_related: cx.create_missing_related,
            delete_dependents: cx.delete_dependents,
        }
    }
}

impl ResyncPlan {
    /// Whether the catalog is as the source would have it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.deletions.is_empty()
    }

    /// What is created, changed and deleted, by blueprint.
    #[must_use]
    pub fn by_blueprint(&self) -> BTreeMap<String, PlannedForBlueprint<'_>> {
        let mut all: BTreeMap<String, PlannedForBlueprint<'_>> = BTreeMap::new();
        for write in &self.writes {
            let name = write.entity.blueprint_name().unwrap_or_default();
            let planned = all.entry(name).or_default();
            if write.exists {
                planned.changed.push(write);
            } else {
                planned.created.push(write);
            }
        }
        for key in &self.related {
            let planned = all.entry(key.blueprint.clone()).or_default();
            planned.related.push(key);
        }
        for key in &self.deletions {
            let planned = all.entry(key.blueprint.clone()).or_default();
            planned.deleted.push(key);
        }
        all
    }
}

/// The part of a plan that is about one blueprint.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PlannedForBlueprint<'p> {
    /// New entities.
    pub created: Vec<&'p PlannedWrite>,
    /// Entities that change.
    pub changed: Vec<&'p PlannedWrite>,
    /// Entities that Port creates because something relates to them.
    pub related: Vec<&'p EntityRef>,
    /// Entities that are deleted.
    pub deleted: Vec<&'p EntityRef>,
}

/// A resync that writes nothing.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    registry: Registry,
    catalog: Arc<dyn Catalog>,
    store: Arc<dyn IntegrationStore>,
    pool: Arc<MapperPool>,
    options: SyncOptions,
    mapping: Option<Value>,
}

impl Rehearsal {
    /// A rehearsal of reading these kinds into this catalog.
    pub fn new<C>(registry: &Registry, catalog: Arc<C>, pool: Arc<MapperPool>) -> Self
    where
        C: Catalog + IntegrationStore,
    {
        Self::of(registry, Arc::clone(&catalog) as _, catalog, pool)
    }

    /// The same when it is only known at run time what the catalog is.
    #[must_use]
    pub fn of(
        registry: &Registry,
        catalog: Arc<dyn Catalog>,
        store: Arc<dyn IntegrationStore>,
        pool: Arc<MapperPool>,
    ) -> Self {
        Self {
            registry: registry.clone(),
            catalog,
            store,
            pool,
            options: SyncOptions::default(),
            mapping: None,
        }
    }

    /// The same with the options of the resync.
    #[must_use]
    pub fn options(mut self, options: SyncOptions) -> Self {
        self.options = options;
        // Examples are sent to Port.
        self.options.send_examples = false;
        self
    }

    /// The same with this mapping instead of the stored one.
    #[must_use]
    pub fn mapping(mut self, mapping: Value) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// Runs the resync; the report tells what could not be read or mapped, and what forbids
    /// deletions.
    ///
    /// # Errors
    ///
    /// As [`SyncEngine::resync`].
    pub async fn run(
        &self,
        progress: &Progress,
        cancellation: &CancellationToken,
    ) -> Result<(ResyncPlan, ResyncReport), ResyncError> {
        let catalog = &*self.catalog;
        let (state, owned) = CatalogState::read(catalog)
            .await
            .map_err(ResyncError::Catalog)?;
        let recorder = Arc::new(Recorder::new(
            Arc::clone(&self.catalog),
            Arc::clone(&self.store),
            self.mapping.clone(),
        ));
        let engine = SyncEngine::of_kinds(
            &self.registry,
            Arc::clone(&recorder),
            Arc::clone(&self.pool),
        );
        let engine = engine.options(self.options.clone());
        let report = engine.resync(progress, cancellation).await?;
        let recorded = recorder.take();
        let mut writes = recorded.writes;
        in_order(&mut writes, &report);
        let mut plan = ResyncPlan {
            context: recorded.context,
            catalog: state,
            stale_before: recorded.stale_before,
            writes,
            related: Vec::new(),
            deletions: recorded.deletions,
        };
        if plan.context.create_missing_related {
            plan.related = missing_targets(catalog, &plan, &owned)
                .await
                .map_err(ResyncError::Catalog)?;
        }
        Ok((plan, report))
    }
}

/// Sorts by the place of the blueprint in the mapping, and by identifier.
fn in_order(writes: &mut [PlannedWrite], report: &ResyncReport) {
    writes.sort_by_cached_key(|write| {
        let blueprint = write.entity.blueprint_name();
        let mut resources = report.resources.iter();
        let place = resources.position(|resource| resource.blueprint == blueprint);
        let identifier = match write.entity.key() {
            Some(key) => key.identifier,
            None => write.entity.identifier.to_string(),
        };
        (place.unwrap_or(usize::MAX), blueprint, identifier)
    });
}

/// The targets of relations that neither the catalog nor the plan has.
async fn missing_targets(
    catalog: &dyn Catalog,
    plan: &ResyncPlan,
    owned: &Owned,
) -> Result<Vec<EntityRef>, crate::catalog::CatalogError> {
    let mut known: BTreeSet<EntityRef> = plan
        .writes
        .iter()
        .filter_map(|write| write.entity.key())
        .collect();
    let mut missing = Vec::new();
    for write in &plan.writes {
        let Some(name) = write.entity.blueprint_name() else {
            continue;
        };
        let Some(blueprint) = catalog.blueprint(&name).await? else {
            continue;
        };
        for (relation, identifier) in write.entity.relation_targets() {
            let Some(target) = blueprint.target_of(relation) else {
                continue;
            };
            let key = EntityRef::new(target, identifier);
            if !owned.has(&key) && known.insert(key.clone()) {
                missing.push(key);
            }
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests;
