//! Writing and deleting without undoing what live events did meanwhile.
//!
//! Start with [`fenced_upsert`].

use serde_json::Value;

use super::outcome::Written;
use super::run::Run;
use crate::catalog::{Blueprint, Entity, EntityRef};
use crate::fence::Held;
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
    let _held = run
        .fence
        .hold(bulk.iter().filter_map(|(print, _)| *print))
        .await;
    let before = bulk.len();
    let current = bulk
        .into_iter()
        .filter(|(print, _)| !run.is_outdated(*print));
    let (prints, mut entities): (Vec<_>, Vec<_>) = current.unzip();
    for entity in &mut entities {
        forget_deleted_targets(run, known, entity);
    }
    let outdated = before - entities.len();
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

/// Holds the keys that are about to be deleted, and leaves out what a live event touched.
pub(super) async fn hold_to_delete(run: &Run, keys: &[EntityRef]) -> (Held, Vec<EntityRef>) {
    let print = |key: &EntityRef| run.prints.of(&key.blueprint, &key.identifier);
    let held = run.fence.hold(keys.iter().map(print)).await;
    let current = keys.iter().filter(|key| !run.is_outdated(Some(print(key))));
    let current = current.cloned().collect();
    (held, current)
}

/// Takes out relations to entities that a live event deleted: with `createMissingRelatedEntities`
/// Port would make them again, as empty ones.
fn forget_deleted_targets(run: &Run, known: Option<&Blueprint>, entity: &mut Entity) {
    let (Some(known), Some(relations)) = (known, &mut entity.relations) else {
        return;
    };
    let is_deleted = |relation: &str, target: &Value| {
        let target = match target {
            Value::String(text) => text.as_str(),
            _ => return false,
        };
        let blueprint = known.target_of(relation);
        blueprint.is_some_and(|blueprint| {
            run.ticket
                .was_deleted_since(run.prints.of(blueprint, target))
        })
    };
    for (relation, value) in relations.iter_mut() {
        match value {
            Value::Array(targets) => targets.retain(|target| !is_deleted(relation, target)),
            _ if is_deleted(relation, value) => *value = Value::Null,
            _ => {}
        }
    }
}
