//! Which deletions would take entities along that must stay.
//!
//! Start with [`spare`]. With `deleteDependentEntities` Port deletes what relates to a deleted
//! entity, over any number of steps and by the relations that it *stores*: those may be older than
//! the mapping, resolved from a query, or belong to an entity whose update was refused. So they
//! are read before anything is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::TryStreamExt as _;

use super::reconcile::StaleByBlueprint;
use super::run::Run;
use crate::catalog::{Blueprint, CatalogError, EntityQuery};
use crate::error::error_chain;
use crate::fingerprint::{Fingerprint, FingerprintMap, FingerprintSet};

/// Keeps every stale entity whose deletion would reach one that is not stale itself.
pub(super) async fn spare(run: &Run, stale: &mut StaleByBlueprint) {
    let targets: BTreeSet<String> = stale
        .iter()
        .filter(|(_, found)| !found.entities.is_empty())
        .map(|(blueprint, _)| blueprint.clone())
        .collect();
    if targets.is_empty() {
        return;
    }
    let mut cascade = Cascade::default();
    for found in stale.values() {
        let keys = found.entities.iter();
        cascade
            .candidates
            .extend(keys.map(|key| run.prints.of(&key.blueprint, &key.identifier)));
    }
    for blueprint in known_blueprints(run, stale.keys().cloned().collect()).await {
        let relations: BTreeMap<&str, &str> = blueprint
            .relations
            .iter()
            .filter(|relation| targets.contains(&relation.target))
            .map(|relation| (relation.name.as_str(), relation.target.as_str()))
            .collect();
        if relations.is_empty() {
            continue;
        }
        if let Err(error) = cascade.read(run, &blueprint, &relations).await {
            let reason = format!(
                "what of {} relates to it could not be read: {}",
                blueprint.identifier,
                error_chain(&error)
            );
            run.note_refusal(&error);
            for target in relations.values() {
                if let Some(found) = stale.get_mut(*target) {
                    found.keep([reason.clone()]);
                }
            }
        }
    }
    cascade.spare_what_is_needed();
    for found in stale.values_mut() {
        let before = found.entities.len();
        found.entities.retain(|key| {
            cascade
                .candidates
                .contains(&run.prints.of(&key.blueprint, &key.identifier))
        });
        found.report.protected += before - found.entities.len();
    }
}

/// Every blueprint that has something of ours or can be reached from such a one.
pub(super) async fn known_blueprints(run: &Run, more: Vec<String>) -> Vec<Arc<Blueprint>> {
    let mut open: BTreeSet<String> = more.into_iter().collect();
    open.extend(run.plan.literal_blueprints().into_iter().map(str::to_owned));
    open.extend(
        run.census
            .iter()
            .flatten()
            .map(|(blueprint, _)| blueprint.clone()),
    );
    open.extend(run.seen().blueprints());
    let mut known: BTreeMap<String, Option<Arc<Blueprint>>> = BTreeMap::new();
    while let Some(identifier) = open.pop_first() {
        let blueprint = run.blueprint(&identifier).await;
        let reached = blueprint.iter().flat_map(|found| &found.relations);
        open.extend(reached.map(|relation| relation.target.clone()));
        known.insert(identifier, blueprint);
        open.retain(|identifier| !known.contains_key(identifier));
    }
    known.into_values().flatten().collect()
}

#[derive(Default)]
struct Cascade {
    /// What is to be deleted.
    candidates: FingerprintSet,
    /// The candidates that an entity relates to.
    relates_to: FingerprintMap<Vec<Fingerprint>>,
}

impl Cascade {
    /// Reads the stored relations of one blueprint that may point to candidates.
    async fn read(
        &mut self,
        run: &Run,
        blueprint: &Blueprint,
        relations: &BTreeMap<&str, &str>,
    ) -> Result<(), CatalogError> {
        let include = relations
            .keys()
            .map(|name| format!("relations.{name}"))
            .collect();
        let query = EntityQuery::new(blueprint.identifier.clone()).include(include);
        let mut entities = run.catalog.search(query);
        while let Some(entity) = entities.try_next().await? {
            let Some(key) = entity.key() else { continue };
            let targets: Vec<Fingerprint> = entity
                .relation_targets()
                .filter_map(|(name, id)| Some(run.prints.of(relations.get(name)?, &id)))
                .filter(|target| self.candidates.contains(target))
                .collect();
            if !targets.is_empty() {
                let print = run.prints.of(&key.blueprint, &key.identifier);
                self.relates_to.entry(print).or_default().extend(targets);
            }
        }
        Ok(())
    }

    /// Takes candidates out until none is left that something else relates to.
    fn spare_what_is_needed(&mut self) {
        let mut staying: Vec<Fingerprint> = self
            .relates_to
            .keys()
            .filter(|print| !self.candidates.contains(print))
            .copied()
            .collect();
        while let Some(print) = staying.pop() {
            for target in self.relates_to.remove(&print).unwrap_or_default() {
                if self.candidates.remove(&target) {
                    staying.push(target);
                }
            }
        }
    }
}
