//! How does what an event changed get into the catalog?
//!
//! Start with [`Applier`]. Upserts come first; when one fails, nothing is removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::entities::Wanted;
use super::failure::{Failure, FailureKind};
use crate::app_config::AppConfig;
use crate::catalog::{
    Catalog, CatalogError, Entity, EntityError, EntityQuery, EntityRef, UpsertOutcome,
    WriteContext, WriteEvent, bulks,
};
use crate::error::{ErrorClass, error_chain};
use crate::fence::{Claim, Fence, Standing, Ticket};

/// Bulks of one batch that are answered at the same time.
const MAX_IN_FLIGHT: usize = 4;

/// Writes to the catalog.
#[derive(Debug, Clone)]
pub(super) struct Applier {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) fence: Arc<Fence>,
}

impl Applier {
    /// Makes the catalog so, unless it holds something newer already.
    ///
    /// Nothing is applied by halves without saying so: an error means that everything has to be
    /// applied again, which does no harm.
    pub(super) async fn apply(
        &self,
        config: &AppConfig,
        ticket: &Ticket,
        wanted: Wanted,
    ) -> Result<(), Failure> {
        let Wanted {
            mut upserts,
            removals,
            failure,
        } = wanted;
        let mut removals: Vec<EntityRef> = removals.into_iter().collect();
        let _held = self.fence.hold(self.claim(&upserts, &removals)).await;
        let mut standings = Standings::new(&self.fence, ticket);
        upserts.retain(|entity| entity.key().is_none_or(|key| standings.may_touch(&key)));
        removals.retain(|key| standings.may_touch(key));
        if standings.is_mixed {
            let reason = "another kind wrote the same entity meanwhile";
            return Err(Failure::new(FailureKind::Again, reason));
        }
        let claim = self.claim(&upserts, &removals);
        if claim
            .targets()
            .any(|name| ticket.was_name_deleted_since(name))
        {
            let reason = "what an entity relates to was deleted meanwhile";
            return Err(Failure::new(FailureKind::Again, reason));
        }
        if !ticket.touch(&claim) {
            return Err(Failure::new(FailureKind::Again, "a resync began"));
        }
        let write = WriteContext::new(config, WriteEvent::LiveEvent);
        self.upsert(&write, upserts).await?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.remove(write, removals).await
    }

    fn claim(&self, upserts: &[Entity], removals: &[EntityRef]) -> Claim {
        let mut claim = Claim::default();
        for entity in upserts {
            claim.write(self.fence.prints(), entity);
        }
        for key in removals {
            claim.delete(self.fence.prints(), key);
        }
        claim
    }

    async fn upsert(&self, write: &WriteContext, entities: Vec<Entity>) -> Result<(), Failure> {
        // What relates to something that comes later in the same batch is written twice at most.
        let missing = self.upsert_once(write, &entities).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let positions = missing.iter().map(|(position, _)| *position);
        let waiting = positions.filter_map(|position| entities.get(position).cloned());
        let waiting: Vec<Entity> = waiting.collect();
        match self.upsert_once(write, &waiting).await?.into_iter().next() {
            None => Ok(()),
            Some((_, error)) => Err(Failure::new(
                FailureKind::Attempt,
                format!("Port: a related entity is missing: {error}"),
            )),
        }
    }

    /// Writes all of them, and returns the positions of those whose relation target is missing.
    async fn upsert_once(
        &self,
        write: &WriteContext,
        entities: &[Entity],
    ) -> Result<Vec<(usize, EntityError)>, Failure> {
        let bulks = bulks(&*self.catalog, entities, 0..entities.len());
        let width = if write.create_missing_related {
            MAX_IN_FLIGHT
        } else {
            1
        };
        let mut answers = stream::iter(bulks)
            .map(|(blueprint, positions)| async move {
                let bulk: Vec<Entity> = positions
                    .iter()
                    .filter_map(|place| entities.get(*place).cloned())
                    .collect();
                (
                    positions,
                    self.catalog.upsert(write, &blueprint, &bulk).await,
                )
            })
            .buffered(width);
        let mut missing = Vec::new();
        let mut failure: Option<Failure> = None;
        while let Some((positions, answer)) = answers.next().await {
            let problem = match answer {
                Ok(outcomes) => note(&positions, outcomes, &mut missing).err(),
                Err(error) => Some(refused(&error)),
            };
            failure = Failure::either(failure, problem);
        }
        failure.map_or(Ok(missing), Err)
    }

    /// Removes what this integration owns of these entities. What relates to them stays: only a
    /// resync knows whether it is gone, too.
    async fn remove(&self, mut write: WriteContext, keys: Vec<EntityRef>) -> Result<(), Failure> {
        write.delete_dependents = false;
        let mut by_blueprint: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in keys {
            by_blueprint
                .entry(key.blueprint)
                .or_default()
                .push(key.identifier);
        }
        for (blueprint, identifiers) in by_blueprint {
            let query = EntityQuery::new(&blueprint).identifiers(identifiers);
            let found = self.catalog.search(query).try_collect::<Vec<_>>().await;
            let found = found.map_err(|error| refused(&error))?;
            let owned: Vec<EntityRef> = found.iter().filter_map(Entity::key).collect();
            self.delete(&write, owned).await?;
        }
        Ok(())
    }

    async fn delete(&self, write: &WriteContext, keys: Vec<EntityRef>) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let report = self
            .catalog
            .delete(write, keys)
            .await
            .map_err(|error| refused(&error))?;
        match report.failed.first() {
            None => Ok(()),
            Some((key, error)) => {
                let reason = format!("Port: {key} was not deleted: {error}");
                Err(Failure::new(kind_of(error), reason))
            }
        }
    }
}

/// Which keys may be touched by what was read under a ticket.
struct Standings<'a> {
    fence: &'a Fence,
    ticket: &'a Ticket,
    /// Whether some key has to be read again first.
    is_mixed: bool,
}

impl<'a> Standings<'a> {
    const fn new(fence: &'a Fence, ticket: &'a Ticket) -> Self {
        Self {
            fence,
            ticket,
            is_mixed: false,
        }
    }

    fn may_touch(&mut self, key: &EntityRef) -> bool {
        let print = self.fence.prints().of(&key.blueprint, &key.identifier);
        let standing = self.ticket.standing(print);
        self.is_mixed |= standing == Standing::Mixed;
        standing == Standing::Current
    }
}

/// Takes the answer to one bulk: what waits for its relation target, or what went wrong.
fn note(
    positions: &[usize],
    outcomes: Vec<UpsertOutcome>,
    missing: &mut Vec<(usize, EntityError)>,
) -> Result<(), Failure> {
    let mut failure: Option<Failure> = None;
    let forgotten = || {
        UpsertOutcome::Failed(EntityError::new(
            None,
            "the catalog gave no answer for an entity",
        ))
    };
    let outcomes = outcomes
        .into_iter()
        .chain(std::iter::repeat_with(forgotten));
    for (position, outcome) in positions.iter().zip(outcomes) {
        let (kind, error) = match outcome {
            UpsertOutcome::Stored { .. } => continue,
            UpsertOutcome::MissingRelated(error) => {
                missing.push((*position, error));
                continue;
            }
            // The original does nothing either; the resync tells who writes mappings about it.
            UpsertOutcome::Unresolved => continue,
            UpsertOutcome::Rejected(error) => (FailureKind::Permanent, error),
            UpsertOutcome::Failed(error) => (kind_of(&error), error),
        };
        let problem = Failure::new(kind, format!("Port: {error}"));
        failure = Some(match failure {
            // One reason of each kind says enough.
            Some(known) if known.kind >= kind => known,
            _ => problem,
        });
    }
    failure.map_or(Ok(()), Err)
}

fn refused(error: &CatalogError) -> Failure {
    let kind = match error.class() {
        ErrorClass::Retryable | ErrorClass::Unauthorized => FailureKind::Passing,
        ErrorClass::Permanent => FailureKind::Permanent,
    };
    Failure::new(kind, format!("Port: {}", error_chain(error)))
}

/// Whether an error of one entity may pass by itself.
const fn kind_of(error: &EntityError) -> FailureKind {
    match error.status {
        None | Some(401 | 408 | 429 | 500..) => FailureKind::Passing,
        Some(_) => FailureKind::Permanent,
    }
}
