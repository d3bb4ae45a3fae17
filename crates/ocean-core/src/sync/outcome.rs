//! What the answer to a bulk means for counts, retries and the proof of completeness.
//!
//! Start with [`absorb`].

use super::failed::FailedEntity;
use super::progress::ResourceProgress;
use super::run::{Run, Tally};
use super::seen::Fingerprint;
use crate::catalog::{CatalogError, Entity, EntityError, UpsertOutcome};

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
            let answered = |outcome: &UpsertOutcome| !matches!(outcome, UpsertOutcome::Failed(_));
            run.note_bulk(outcomes.iter().any(answered));
            let outcomes = outcomes
                .into_iter()
                .chain(std::iter::repeat_with(forgotten));
            for (entity, outcome) in written.entities.into_iter().zip(outcomes) {
                let mut account = Account {
                    run,
                    resource,
                    blueprint: &blueprint,
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
            tally.incomplete.push("Port refused to go on".to_owned());
            run.give_up(&error);
        }
    }
}

struct Account<'a> {
    run: &'a Run,
    resource: usize,
    blueprint: &'a str,
    tally: &'a mut Tally,
    progress: &'a ResourceProgress,
}

impl Account<'_> {
    fn take(&mut self, entity: Entity, outcome: UpsertOutcome) {
        match outcome {
            UpsertOutcome::Stored {
                identifier,
                created,
            } => self.stored(&identifier, created),
            UpsertOutcome::Unresolved => {
                self.run.bars().all(format!(
                    "a search identifier of {} found no entity in {}",
                    self.resource_name(),
                    self.blueprint
                ));
                let error = EntityError::new(None, "the search identifier found no entity");
                self.rejected(&entity, &error);
            }
            UpsertOutcome::Rejected(error) => {
                if error.status == Some(404) {
                    let reason = format!("Port answered 404 for it: {}", error.message);
                    self.run.bars().blueprint(self.blueprint, reason);
                }
                self.rejected(&entity, &error);
            }
            UpsertOutcome::MissingRelated(error) | UpsertOutcome::Failed(error) => {
                self.retry_later(entity, error);
            }
        }
    }

    fn stored(&mut self, identifier: &str, created: bool) {
        let print = self.run.prints.of(self.blueprint, identifier);
        self.run.seen().entity(self.blueprint, print);
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
        if entity.key().is_none() {
            let reason = "an entity without a known identifier was rejected".to_owned();
            self.run.bars().blueprint(self.blueprint, reason);
        }
        self.tally.counts.rejected += 1;
        self.progress.add_failed(1);
        self.tally.errors.add(&describe(error), &name(entity));
    }

    fn retry_later(&mut self, entity: Entity, error: EntityError) {
        let failed = FailedEntity {
            resource: self.resource,
            entity,
            error,
        };
        let kept = self.run.failed().keep(failed);
        if let Err(refused) = kept {
            self.tally.counts.failed += 1;
            self.progress.add_failed(1);
            self.tally
                .errors
                .add(&describe(&refused.error), &name(&refused.entity));
            let reason = "more entities failed than can be kept for another try".to_owned();
            if !self.tally.incomplete.contains(&reason) {
                self.tally.incomplete.push(reason);
            }
        }
    }

    fn resource_name(&self) -> String {
        let kind = self
            .run
            .config
            .resources
            .get(self.resource)
            .map_or("?", |r| &r.kind);
        format!("{kind}-{}", self.resource)
    }
}

/// The error as a line of the report.
pub(super) fn describe(error: &EntityError) -> String {
    match error.status {
        Some(status) => format!("{} (status {status})", error.message),
        None => error.message.clone(),
    }
}

/// The entity in messages: its identifier, or that it has none.
pub(super) fn name(entity: &Entity) -> String {
    entity.key().map_or_else(
        || "an entity with a search identifier".to_owned(),
        |key| key.identifier,
    )
}
