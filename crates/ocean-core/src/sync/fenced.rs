//! Writing and deleting without undoing what live events did meanwhile.
//!
//! Start with [`fenced_upsert`].

use serde_json::Value;

use super::outcome::Written;
use super::run::Run;
use crate::catalog::{Blueprint, Entity, EntityRef, key_text};
use crate::fence::{Claim, Held, name};
use crate::fingerprint::Fingerprint;

/// A bulk that was sent as far as it was not outdated.
pub(super) struct Sent {
    pub(super) written: Written,
    /// Entities that were left out, because a live event touched them since the run began.
    pub(super) outdated: usize,
}

/// Writes those entities of a bulk that no live event touched, while nobody else writes them.
pub(super) async fn fenced_upsert(
    run: &Run,
    blueprint: &str,
    known: Option<&Blueprint>,
    bulk: Vec<(Option<Fingerprint>, Entity)>,
) -> Sent {
    let _held = hold_to_write(run, bulk.iter().map(|(_, entity)| entity)).await;
    let before = bulk.len();
    let current = bulk
        .into_iter()
        .filter(|(print, _)| !run.is_outdated(*print));
    let (prints, mut entities): (Vec<_>, Vec<_>) = current.unzip();
    for entity in &mut entities {
        forget_deleted_targets(run, known, entity);
    }
    let mut outdated = before - entities.len();
    if run.is_incremental() && !remember(run, &entities) {
        run.superseded();
        outdated = before;
        entities.clear();
    }
    let answer = if entities.is_empty() {
        Ok(Vec::new())
    } else {
        run.catalog.upsert(&run.write, blueprint, &entities).await
    };
    Sent {
        written: Written {
            blueprint: blueprint.to_owned(),
            prints,
            entities,
            answer,
        },
        outdated,
    }
}

/// Notes what an incremental sync is about to write, so that nobody writes what was read earlier
/// over it; `false` when a full resync began meanwhile. A full resync need not do so: whoever read
/// before it reads again.
fn remember(run: &Run, entities: &[Entity]) -> bool {
    let mut claim = Claim::default();
    for entity in entities {
        claim.write(&run.prints, entity);
    }
    run.ticket.touch(&claim)
}

/// Holds entities that are about to be written.
pub(super) async fn hold_to_write(run: &Run, entities: impl Iterator<Item = &Entity>) -> Held {
    let mut claim = Claim::default();
    for entity in entities {
        claim.write(&run.prints, entity);
    }
    run.fence.hold(claim).await
}

/// Holds the keys that are about to be deleted, and leaves out what a live event touched, or
/// related something to: that may have to go or to come back with it.
pub(super) async fn hold_to_delete(run: &Run, keys: &[EntityRef]) -> (Held, Vec<EntityRef>) {
    let mut claim = Claim::default();
    for key in keys {
        claim.delete(&run.prints, key);
    }
    let held = run.fence.hold(claim).await;
    let is_current = |key: &&EntityRef| {
        let print = run.prints.of(&key.blueprint, &key.identifier);
        let name = name(&run.prints, &key.identifier);
        !run.is_outdated(Some(print)) && !run.ticket.was_related_to_since(name)
    };
    let current = keys.iter().filter(is_current).cloned().collect();
    (held, current)
}

/// Takes out relations to entities that a live event deleted: with `createMissingRelatedEntities`
/// Port would make them again, as empty ones.
pub(super) fn forget_deleted_targets(run: &Run, known: Option<&Blueprint>, entity: &mut Entity) {
    let (Some(known), Some(relations)) = (known, &mut entity.relations) else {
        return;
    };
    let is_deleted = |relation: &str, target: &Value| {
        let (Some(target), Some(blueprint)) = (key_text(target), known.target_of(relation)) else {
            return false;
        };
        let print = run.prints.of(blueprint, &target);
        run.ticket.was_deleted_since(print)
    };
    for (relation, value) in relations.iter_mut() {
        match value {
            Value::Array(targets) => targets.retain(|target| !is_deleted(relation, target)),
            _ if is_deleted(relation, value) => *value = Value::Null,
            _ => {}
        }
    }
}
