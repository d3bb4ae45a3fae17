//! What the answer to a bulk means for counts, retries and the proof of completeness.
//!
//! Start with [`absorb`].

use super::failed::FailedEntity;
use super::progress::ResourceProgress;
use super::run::{Run, Tally};
use crate::catalog::{CatalogError, Entity, EntityError, UpsertOutcome};
use crate::fingerprint::Fingerprint;

/// A bulk and its answer.
pub(super) struct Written {
    pub(super) blueprint: String,
    pub(super) prints: Vec<Option<Fingerprint>>,
    pub(super) entities: Vec<Entity>,
    pub(super) answer: Result<Vec<UpsertOutcome>, CatalogError>,
}

/// Accounts for every entity of a bulk.
pub(super) fn absorb(
    run: &Run,
    resource: usize,
    written: Written,
    tally: &mut Tally,
    progress: &ResourceProgress,
) {
    let blueprint = written.blueprint;
    match written.answer {
        Ok(outcomes) => {
            // An adapter that forgets an entity must not make it look stored.
            let forgotten = || {
                let error = EntityError::new(None, "the catalog gave no answer for the entity");
                UpsertOutcome::Failed(error)
            };
            run.note_bulk(outcomes.iter().any(is_answer));
            let outcomes = outcomes
                .into_iter()
                .chain(std::iter::repeat_with(forgotten));
            let entities = written.entities.into_iter().zip(written.prints);
            for ((entity, print), outcome) in entities.zip(outcomes) {
                let mut account = Account {
                    run,
                    resource,
                    blueprint: &blueprint,
                    print,
                    tally,
                    progress,
                };
                account.take(entity, outcome);
            }
        }
        Err(error) => {
            tally.counts.failed += written.entities.len();
            progress.add_failed(written.entities.len());
            tally.errors.add(&crate::error_chain(&error), &blueprint);
            tally.incomplete("Port refused to go on");
            run.give_up(&error);
        }
    }
}

/// Whether Port said something of the entity. A gateway that cannot reach Port did not.
pub(crate) const fn is_answer(outcome: &UpsertOutcome) -> bool {
    !matches!(
        outcome,
        UpsertOutcome::Failed(EntityError {
            status: None | Some(502..=504),
            ..
        })
    )
}

struct Account<'a> {
    run: &'a Run,
    resource: usize,
    blueprint: &'a str,
    print: Option<Fingerprint>,
    tally: &'a mut Tally,
    progress: &'a ResourceProgress,
}

impl Account<'_> {
    fn take(&mut self, entity: Entity, outcome: UpsertOutcome) {
        match outcome {
            UpsertOutcome::Stored {
                identifier,
                created,
            } => self.stored(&entity, &identifier, created),
            UpsertOutcome::Unresolved => {
                self.run.bars().all(UNRESOLVED);
                self.rejected(&entity, &EntityError::new(None, UNRESOLVED));
            }
            UpsertOutcome::Rejected(error) => {
                if error.status == Some(404) {
                    self.run.bars().blueprint(self.blueprint, NOT_FOUND);
                }
                self.rejected(&entity, &error);
            }
            UpsertOutcome::MissingRelated(error) | UpsertOutcome::Failed(error) => {
                self.retry_later(entity, error);
            }
        }
    }

    fn stored(&mut self, entity: &Entity, identifier: &str, created: bool) {
        note_stored(self.run, self.blueprint, identifier);
        if let Some(print) = self.print {
            let merge = self.run.write.merge;
            self.run.failed().was_stored(print, entity, merge);
        }
        let counts = &mut self.tally.counts;
        *(if created {
            &mut counts.created
        } else {
            &mut counts.updated
        }) += 1;
        self.progress.add_written(1);
    }

    /// Port refused it for good. When its identifier is known it counts as seen, so that others
    /// may still be deleted; when it is not, it could be any entity of its blueprint.
    fn rejected(&mut self, entity: &Entity, error: &EntityError) {
        if self.print.is_none() {
            self.run.bars().blueprint(self.blueprint, UNKNOWN_REJECTED);
        }
        self.tally.counts.rejected += 1;
        self.progress.add_failed(1);
        self.tally.errors.add(&error.to_string(), &name(entity));
    }

    fn retry_later(&mut self, entity: Entity, error: EntityError) {
        let failed = FailedEntity {
            resources: vec![self.resource],
            entity,
            error,
        };
        let merge = self.run.write.merge;
        let kept = self.run.failed().keep(self.print, failed, merge);
        if let Err(refused) = kept {
            self.tally.counts.failed += 1;
            self.progress.add_failed(1);
            self.tally
                .errors
                .add(&refused.error.to_string(), &name(&refused.entity));
            self.tally
                .incomplete("more entities failed than can be kept for another try");
        }
    }
}

/// Why everything is kept after a query that found nothing: it could stand for any entity.
pub(super) const UNRESOLVED: &str = "a search identifier found no entity";
/// Why a blueprint is kept after an entity without a key was refused.
pub(super) const UNKNOWN_REJECTED: &str = "an entity without a known identifier was rejected";
const NOT_FOUND: &str = "Port answered 404 to some of its entities";

/// Port holds this entity now, under the identifier that it returned.
pub(super) fn note_stored(run: &Run, blueprint: &str, identifier: &str) {
    let print = run.prints.of(blueprint, identifier);
    let mut seen = run.seen();
    seen.entity(blueprint, print);
    seen.acknowledge(blueprint);
}

/// The entity in messages: its identifier, or that it has none.
pub(super) fn name(entity: &Entity) -> String {
    entity.key().map_or_else(
        || "an entity with a search identifier".to_owned(),
        |key| key.identifier,
    )
}
