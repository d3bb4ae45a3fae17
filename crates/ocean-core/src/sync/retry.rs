//! The second chance at the end of a run: what was not stored is written again, whole.
//!
//! Start with [`retry_failed`]. Relation targets go first, in bulks per level. Only entities in a
//! cycle are first sent without the relations that point into it, and then whole.

use super::failed::FailedEntity;
use super::fenced::{forget_deleted_targets, hold_to_write};
use super::order::{dependency_levels, without_relations_into};
use super::run::Run;
use crate::catalog::{CatalogError, Entity, UpsertOutcome, bulks};

/// What became of an entity after its last try.
pub(super) struct Retried {
    pub(super) failed: FailedEntity,
    /// `None` when the run stopped before it was tried.
    pub(super) outcome: Option<UpsertOutcome>,
}

/// Writes failed entities again, each at most twice, and says what became of every one.
pub(super) async fn retry_failed(run: &Run) -> Vec<Retried> {
    let failed = run.failed().take();
    if failed.is_empty() {
        return Vec::new();
    }
    tracing::info!(entities = failed.len(), "writing failed entities again");
    let entities: Vec<Entity> = failed.iter().map(|failed| failed.entity.clone()).collect();
    let order = dependency_levels(&entities);
    let mut outcomes: Vec<Option<UpsertOutcome>> = vec![None; failed.len()];
    let mut again = Again {
        run,
        entities: &entities,
        outcomes: &mut outcomes,
    };
    for level in &order.levels {
        again.send(level, |entity| entity.clone()).await;
    }
    if !order.cyclic.is_empty() {
        let cycle = order.identifiers_in_cycles(&entities);
        again
            .send(&order.cyclic, |entity| {
                without_relations_into(entity, |_, target| cycle.contains(target))
            })
            .await;
        // Stored without its relations is not stored: only the second pass counts.
        let reduced = again.forget(&order.cyclic);
        again.send(&order.cyclic, |entity| entity.clone()).await;
        again.remember_created(reduced);
    }
    failed
        .into_iter()
        .zip(outcomes)
        .map(|(failed, outcome)| Retried { failed, outcome })
        .collect()
}

struct Again<'a> {
    run: &'a Run,
    entities: &'a [Entity],
    outcomes: &'a mut Vec<Option<UpsertOutcome>>,
}

impl Again<'_> {
    /// Writes the entities at these positions, grouped by blueprint, in bulks.
    async fn send(&mut self, positions: &[usize], shape: impl Fn(&Entity) -> Entity + Send + Sync) {
        let positions = positions.iter().copied();
        for (blueprint, bulk) in bulks(&*self.run.catalog, self.entities, positions) {
            if self.run.stop.is_cancelled() {
                return;
            }
            if let Err(error) = self.send_bulk(&blueprint, &bulk, &shape).await {
                return self.run.give_up(&error);
            }
        }
    }

    /// Writes one bulk, without what a live event touched since the run began: Port holds
    /// something newer of that.
    async fn send_bulk(
        &mut self,
        blueprint: &str,
        bulk: &[usize],
        shape: &(impl Fn(&Entity) -> Entity + Send + Sync),
    ) -> Result<(), CatalogError> {
        let entities = bulk
            .iter()
            .filter_map(|position| Some((*position, self.entities.get(*position).map(shape)?)));
        let keyed: Vec<_> = entities
            .map(|(position, entity)| {
                let key = entity.key();
                let print = key.map(|key| self.run.prints.of(&key.blueprint, &key.identifier));
                (position, print, entity)
            })
            .collect();
        let known = self.run.blueprint(blueprint).await;
        let _held = hold_to_write(self.run, keyed.iter().map(|(_, _, entity)| entity)).await;
        let (outdated, current): (Vec<_>, Vec<_>) = keyed
            .into_iter()
            .partition(|(_, print, _)| self.run.is_outdated(*print));
        for (position, _, entity) in outdated {
            let identifier = entity.key().map_or_else(String::new, |key| key.identifier);
            let newer = UpsertOutcome::Stored {
                identifier,
                created: false,
            };
            self.note(&[position], vec![newer]);
        }
        let (positions, entities): (Vec<_>, Vec<_>) = current
            .into_iter()
            .map(|(position, _, mut entity)| {
                forget_deleted_targets(self.run, known.as_deref(), &mut entity);
                (position, entity)
            })
            .unzip();
        if entities.is_empty() {
            return Ok(());
        }
        let write = &self.run.write;
        let answers = self.run.catalog.upsert(write, blueprint, &entities).await?;
        self.note(&positions, answers);
        Ok(())
    }

    /// Takes the outcomes at these positions back.
    fn forget(&mut self, positions: &[usize]) -> Vec<(usize, Option<UpsertOutcome>)> {
        let outcomes = &mut *self.outcomes;
        let taken = |position: &usize| Some((*position, outcomes.get_mut(*position)?.take()));
        positions.iter().filter_map(taken).collect()
    }

    /// An entity that the first pass created and the second one stored was created.
    fn remember_created(&mut self, earlier: Vec<(usize, Option<UpsertOutcome>)>) {
        for (position, outcome) in earlier {
            let was_created = matches!(outcome, Some(UpsertOutcome::Stored { created: true, .. }));
            let now = self.outcomes.get_mut(position);
            if let (true, Some(Some(UpsertOutcome::Stored { created, .. }))) = (was_created, now) {
                *created = true;
            }
        }
    }

    fn note(&mut self, bulk: &[usize], answers: Vec<UpsertOutcome>) {
        for (position, answer) in bulk.iter().zip(answers) {
            if let Some(outcome) = self.outcomes.get_mut(*position) {
                *outcome = Some(answer);
            }
        }
    }
}
