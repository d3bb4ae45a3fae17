//! Entities that were not stored, kept whole to be written again at the end of the run.
//!
//! Start with [`FailedEntities`].

use crate::catalog::{Entity, EntityError};

/// How many bytes of failed entities are kept; beyond that the resource is incomplete.
const BYTES_KEPT: usize = 16 * 1024 * 1024;

/// One entity that waits for another try.
#[derive(Debug, Clone)]
pub(super) struct FailedEntity {
    /// The resource it belongs to.
    pub(super) resource: usize,
    /// The whole entity.
    pub(super) entity: Entity,
    /// What Port said.
    pub(super) error: EntityError,
}

/// What one run could not write, in the order in which it failed.
#[derive(Debug, Default)]
pub(super) struct FailedEntities {
    entities: Vec<FailedEntity>,
    bytes: usize,
}

impl FailedEntities {
    /// Keeps an entity, or hands it back when there is no room.
    pub(super) fn keep(&mut self, failed: FailedEntity) -> Result<(), Box<FailedEntity>> {
        let bytes = serde_json::to_vec(&failed.entity).map_or(0, |json| json.len());
        if self.bytes + bytes > BYTES_KEPT {
            return Err(Box::new(failed));
        }
        self.bytes += bytes;
        self.entities.push(failed);
        Ok(())
    }

    pub(super) fn take(&mut self) -> Vec<FailedEntity> {
        self.bytes = 0;
        std::mem::take(&mut self.entities)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn failed_entities_are_kept_whole_up_to_a_bound() {
        let failed = |size: usize| FailedEntity {
            resource: 0,
            entity: Entity {
                identifier: json!("A"),
                blueprint: json!("b"),
                title: Some("x".repeat(size).into()),
                ..Entity::default()
            },
            error: EntityError::new(Some(503), "busy"),
        };
        let mut store = FailedEntities::default();
        store.keep(failed(100)).unwrap();
        let refused = store.keep(failed(BYTES_KEPT)).unwrap_err();
        assert_eq!(refused.entity, failed(BYTES_KEPT).entity);
        assert_eq!(store.take().len(), 1);
        assert!(
            store.keep(failed(BYTES_KEPT - 100)).is_ok(),
            "room is free again"
        );
    }
}
