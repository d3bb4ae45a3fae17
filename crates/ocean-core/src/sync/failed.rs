//! Entities that were not stored, kept whole to be written again at the end of the run.
//!
//! Start with [`FailedEntities`]. There is at most one per key: what a later resource writes to
//! the same key goes on top of it, so that writing it again never brings older content back.

use crate::catalog::{Entity, EntityError};
use crate::fingerprint::{Fingerprint, FingerprintMap};

/// How many bytes of failed entities are kept; beyond that the resource is incomplete.
const BYTES_KEPT: usize = 16 * 1024 * 1024;

/// One entity that waits for another try.
#[derive(Debug, Clone)]
pub(super) struct FailedEntity {
    /// The resources that could not write it.
    pub(super) resources: Vec<usize>,
    /// The whole entity.
    pub(super) entity: Entity,
    /// What Port said last.
    pub(super) error: EntityError,
}

/// What one run could not write, in the order in which it failed.
#[derive(Debug, Default)]
pub(super) struct FailedEntities {
    entities: Vec<Option<FailedEntity>>,
    positions: FingerprintMap<usize>,
    bytes: usize,
}

impl FailedEntities {
    /// Keeps an entity, or hands it back when there is no room. With `merge` a write keeps what it
    /// does not mention, and so does keeping two writes of one key.
    pub(super) fn keep(
        &mut self,
        print: Option<Fingerprint>,
        failed: FailedEntity,
        merge: bool,
    ) -> Result<(), Box<FailedEntity>> {
        let bytes = serde_json::to_vec(&failed.entity).map_or(0, |json| json.len());
        if self.bytes + bytes > BYTES_KEPT {
            return Err(Box::new(failed));
        }
        self.bytes += bytes;
        if let Some(waiting) = self.waiting(print).and_then(Option::as_mut) {
            waiting.resources.extend(failed.resources);
            waiting.error = failed.error;
            waiting.entity = waiting.entity.clone().written_over(&failed.entity, merge);
            return Ok(());
        }
        if let Some(print) = print {
            self.positions.insert(print, self.entities.len());
        }
        self.entities.push(Some(failed));
        Ok(())
    }

    /// Port stored a later write of this key: what waits must not undo it.
    pub(super) fn was_stored(&mut self, print: Fingerprint, entity: &Entity, merge: bool) {
        let Some(waiting) = self.waiting(Some(print)) else {
            return;
        };
        match waiting {
            Some(failed) if merge => {
                failed.entity = failed.entity.clone().written_over(entity, merge);
            }
            _ => *waiting = None,
        }
    }

    pub(super) fn take(&mut self) -> Vec<FailedEntity> {
        self.bytes = 0;
        self.positions.clear();
        std::mem::take(&mut self.entities)
            .into_iter()
            .flatten()
            .collect()
    }

    fn waiting(&mut self, print: Option<Fingerprint>) -> Option<&mut Option<FailedEntity>> {
        let position = *self.positions.get(&print?)?;
        self.entities.get_mut(position)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fingerprint::Fingerprints;

    fn failed(resource: usize, title: &str, properties: Value) -> FailedEntity {
        FailedEntity {
            resources: vec![resource],
            entity: serde_json::from_value(json!({
                "identifier": "A", "blueprint": "b", "title": title, "properties": properties,
            }))
            .unwrap(),
            error: EntityError::new(Some(503), "busy"),
        }
    }

    #[test]
    fn failed_entities_are_kept_whole_up_to_a_bound() {
        let big = |size: usize| failed(0, &"x".repeat(size), json!({}));
        let mut store = FailedEntities::default();
        store.keep(None, big(100), true).unwrap();
        let refused = store.keep(None, big(BYTES_KEPT), true).unwrap_err();
        assert_eq!(refused.entity, big(BYTES_KEPT).entity);
        assert_eq!(store.take().len(), 1);
        assert!(
            store.keep(None, big(BYTES_KEPT - 100), true).is_ok(),
            "room is free again"
        );
    }

    #[test]
    fn a_later_write_of_the_same_key_goes_on_top() {
        let print = Fingerprints::default().of("b", "A");
        let mut store = FailedEntities::default();
        store
            .keep(Some(print), failed(0, "old", json!({"p": 1, "q": 1})), true)
            .unwrap();
        store
            .keep(Some(print), failed(2, "new", json!({"q": 2})), true)
            .unwrap();
        let stored = failed(3, "newest", json!({"q": 3})).entity;
        store.was_stored(print, &stored, true);
        let waiting = store.take();
        assert_eq!(waiting.len(), 1);
        assert_eq!(
            waiting[0].entity,
            failed(0, "newest", json!({"p": 1, "q": 3})).entity
        );
        assert_eq!(waiting[0].resources, [0, 2]);
    }

    #[test]
    fn without_merging_a_stored_write_leaves_nothing_to_do() {
        let print = Fingerprints::default().of("b", "A");
        let mut store = FailedEntities::default();
        store
            .keep(Some(print), failed(0, "old", json!({})), false)
            .unwrap();
        store.was_stored(print, &failed(2, "new", json!({})).entity, false);
        assert!(store.take().is_empty());
    }
}
