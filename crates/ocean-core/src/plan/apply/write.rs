//! In which order, and in which shape, is what is planned written?
//!
//! Start with [`Writing`], which does as a resync does: everything in order, then what was not
//! stored once more, relation targets first. Only around a cycle are entities written without
//! relations, and only such as are new: one that is there can be related to as it is.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::{Applied, ApplyEnd, NOT_TRIED, name};
use crate::catalog::{
    Blueprint, Catalog, CatalogError, Entity, EntityError, EntityRef, UpsertOutcome, WriteContext,
};
use crate::plan::PlannedWrite;
use crate::sync::{dependency_levels, is_answer, without_relations_into};

/// After so many bulks in a row without an answer nothing else is tried; the client tried each of
/// them for minutes.
pub(super) const MAX_UNANSWERED: usize = 3;

/// Performs the writes of a plan.
pub(super) struct Writing<'a> {
    catalog: &'a dyn Catalog,
    cx: &'a WriteContext,
    stop: &'a CancellationToken,
    writes: &'a [PlannedWrite],
    fates: Vec<Fate>,
    /// What was created without some of its relations, and is not whole yet.
    bare: BTreeSet<usize>,
    unanswered: usize,
    end: ApplyEnd,
}

/// What became of an entity so far.
#[derive(Debug, Clone)]
enum Fate {
    Untried,
    Stored,
    /// It may be stored when it is tried again.
    Failed(EntityError),
    Refused(EntityError),
}

impl Fate {
    fn of(outcome: UpsertOutcome) -> Self {
        match outcome {
            UpsertOutcome::Stored { .. } => Self::Stored,
            UpsertOutcome::MissingRelated(error) | UpsertOutcome::Failed(error) => {
                Self::Failed(error)
            }
            UpsertOutcome::Rejected(error) => Self::Refused(error),
            UpsertOutcome::Unresolved => Self::Refused(EntityError::new(
                None,
                "its identifier is a query that found nothing",
            )),
        }
    }
}

impl<'a> Writing<'a> {
    pub(super) fn new(
        catalog: &'a dyn Catalog,
        cx: &'a WriteContext,
        stop: &'a CancellationToken,
        writes: &'a [PlannedWrite],
    ) -> Self {
        Self {
            catalog,
            cx,
            stop,
            writes,
            fates: vec![Fate::Untried; writes.len()],
            bare: BTreeSet::new(),
            unanswered: 0,
            end: ApplyEnd::Reached,
        }
    }

    /// Writes everything, as far as it comes, and tells what was written.
    pub(super) async fn run(mut self) -> Applied {
        let all: Vec<usize> = (0..self.writes.len()).collect();
        self.send(&all, None).await;
        let failed = self.fates.iter().enumerate();
        let failed = failed.filter(|(_, fate)| matches!(fate, Fate::Failed(_)));
        let failed: Vec<usize> = failed.map(|(position, _)| position).collect();
        let entities = failed.iter().filter_map(|position| self.entity(*position));
        let order = dependency_levels(&entities.cloned().collect::<Vec<_>>());
        let positions = |places: &[usize]| -> Vec<usize> {
            let positions = places.iter().filter_map(|place| failed.get(*place));
            positions.copied().collect()
        };
        for level in &order.levels {
            self.send(&positions(level), None).await;
        }
        self.send_around_cycles(&positions(&order.cyclic)).await;
        self.told()
    }

    /// First what is new without the relations that point into the cycle, then all of it whole.
    async fn send_around_cycles(&mut self, cyclic: &[usize]) {
        let is_new = |position: &usize| self.writes.get(*position).is_some_and(|one| !one.exists);
        let new: Vec<usize> = cyclic.iter().copied().filter(is_new).collect();
        let keys = new
            .iter()
            .filter_map(|position| self.entity(*position)?.key());
        let cycle: BTreeSet<EntityRef> = keys.collect();
        self.send(&new, Some(&cycle)).await;
        let is_refused = |position: &usize| {
            let fate = self.fates.get(*position);
            fate.is_some_and(|fate| matches!(fate, Fate::Refused(_)))
        };
        let whole = cyclic
            .iter()
            .copied()
            .filter(|position| !is_refused(position));
        self.send(&whole.collect::<Vec<_>>(), None).await;
    }

    /// Writes the entities at these positions in order, as many at once as the catalog takes.
    async fn send(&mut self, positions: &[usize], cycle: Option<&BTreeSet<EntityRef>>) {
        let blueprint = |position: &usize| {
            let write = self.writes.get(*position);
            write.map(|write| &write.entity.blueprint)
        };
        for run in positions.chunk_by(|a, b| blueprint(a) == blueprint(b)) {
            for bulk in run.chunks(self.catalog.bulk_size().max(1)) {
                if self.end == ApplyEnd::Reached && self.stop.is_cancelled() {
                    self.end = ApplyEnd::Stopped;
                }
                if self.end != ApplyEnd::Reached {
                    return;
                }
                if let Err(error) = self.send_bulk(bulk, cycle).await {
                    self.end = ApplyEnd::refused(&error);
                }
            }
        }
    }

    async fn send_bulk(
        &mut self,
        bulk: &[usize],
        cycle: Option<&BTreeSet<EntityRef>>,
    ) -> Result<(), CatalogError> {
        let planned = bulk.iter().filter_map(|position| self.entity(*position));
        let mut entities: Vec<Entity> = planned.cloned().collect();
        let blueprint = entities.first().and_then(Entity::blueprint_name);
        let blueprint = blueprint.unwrap_or_default();
        if let Some(cycle) = cycle {
            let known = self.catalog.blueprint(&blueprint).await?;
            for entity in &mut entities {
                *entity = without_cycle(entity, known.as_ref(), cycle);
            }
        }
        let outcomes = self.catalog.upsert(self.cx, &blueprint, &entities).await?;
        self.note_answer(outcomes.iter().any(is_answer));
        // An adapter that forgets an entity must not make it look stored.
        let forgotten = || {
            let error = EntityError::new(None, "the catalog gave no answer for the entity");
            UpsertOutcome::Failed(error)
        };
        let outcomes = outcomes
            .into_iter()
            .chain(std::iter::repeat_with(forgotten));
        for ((position, sent), outcome) in bulk.iter().zip(&entities).zip(outcomes) {
            self.note(*position, sent, Fate::of(outcome));
        }
        Ok(())
    }

    fn note(&mut self, position: usize, sent: &Entity, fate: Fate) {
        if matches!(fate, Fate::Stored) {
            if self.entity(position) == Some(sent) {
                self.bare.remove(&position);
            } else {
                self.bare.insert(position);
            }
        }
        if let Some(known) = self.fates.get_mut(position) {
            *known = fate;
        }
    }

    fn note_answer(&mut self, is_answered: bool) {
        self.unanswered = if is_answered { 0 } else { self.unanswered + 1 };
        if self.unanswered == MAX_UNANSWERED {
            self.end = ApplyEnd::Unanswered;
        }
    }

    fn entity(&self, position: usize) -> Option<&'a Entity> {
        Some(&self.writes.get(position)?.entity)
    }

    fn told(self) -> Applied {
        let mut applied = Applied::default();
        let why_not = self.end.reason().unwrap_or("it could not be written whole");
        let mut untried = 0;
        for (position, (write, fate)) in self.writes.iter().zip(&self.fates).enumerate() {
            let reason = match fate {
                Fate::Failed(error) | Fate::Refused(error) => error.message.as_str(),
                Fate::Stored | Fate::Untried => why_not,
            };
            if self.bare.contains(&position) {
                let told = format!("was created without its relations: {reason}");
                applied.unwritten(name(&write.entity), told);
                continue;
            }
            match fate {
                Fate::Untried => untried += 1,
                Fate::Stored if write.exists => applied.changed += 1,
                Fate::Stored => applied.created += 1,
                Fate::Failed(_) | Fate::Refused(_) => {
                    applied.unwritten(name(&write.entity), reason);
                }
            }
        }
        if untried > 0 {
            let entities = if untried == 1 { "entity" } else { "entities" };
            applied.unwritten(format!("{untried} {entities}"), NOT_TRIED);
        }
        applied.end = self.end;
        applied
    }
}

/// An entity without the relations that point to one of these.
fn without_cycle(
    entity: &Entity,
    blueprint: Option<&Blueprint>,
    cycle: &BTreeSet<EntityRef>,
) -> Entity {
    without_relations_into(entity, |relation, identifier| {
        let target = blueprint.and_then(|known| known.target_of(relation));
        target.is_some_and(|target| cycle.contains(&EntityRef::new(target, identifier)))
    })
}
