//! How many entities go into one bulk request.
//!
//! Start with [`Serialized`]. The original estimates the size of a batch from its first ten
//! entities and so misses the large one that comes later; here every entity is serialised once,
//! and the same bytes are measured and sent.

use std::ops::Range;

use bytes::Bytes;
use ocean_core::Entity;

use crate::error::{Error, Result};

const OPENING: &[u8] = br#"{"entities":["#;
const CLOSING: &[u8] = b"]}";

/// What one bulk request may carry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    pub(crate) entities: usize,
    pub(crate) bytes: usize,
}

/// Entities as they are sent, one after another in one buffer.
#[derive(Debug)]
pub(crate) struct Serialized {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Serialized {
    pub(crate) fn new(entities: &[Entity]) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(entities.len());
        for entity in entities {
            serde_json::to_writer(&mut bytes, entity).map_err(Error::invalid_request)?;
            ends.push(bytes.len());
        }
        Ok(Self { bytes, ends })
    }

    /// Consecutive batches that keep both limits, as full as they can be.
    ///
    /// An entity that is larger than the limit of bytes is a batch of its own.
    pub(crate) fn batches(&self, limits: BatchLimits) -> Vec<Range<usize>> {
        let mut batches = Vec::new();
        let mut start = 0;
        let mut size = OPENING.len() + CLOSING.len();
        for index in 0..self.ends.len() {
            let entity = self.entity(index).len();
            let comma = usize::from(index > start);
            let full = index - start >= limits.entities.max(1);
            if index > start && (full || size + comma + entity > limits.bytes) {
                batches.push(start..index);
                start = index;
                size = OPENING.len() + CLOSING.len() + entity;
            } else {
                size += comma + entity;
            }
        }
        if start < self.ends.len() {
            batches.push(start..self.ends.len());
        }
        batches
    }

    /// The body of the bulk request with these entities.
    pub(crate) fn body(&self, indexes: &[usize]) -> Bytes {
        let size: usize = indexes.iter().map(|index| self.size_of(*index) + 1).sum();
        let mut body = Vec::with_capacity(OPENING.len() + size + CLOSING.len());
        body.extend_from_slice(OPENING);
        for (position, index) in indexes.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            body.extend_from_slice(self.entity(*index));
        }
        body.extend_from_slice(CLOSING);
        body.into()
    }

    /// How many bytes one entity has.
    pub(crate) fn size_of(&self, index: usize) -> usize {
        self.entity(index).len()
    }

    fn entity(&self, index: usize) -> &[u8] {
        let start = match index.checked_sub(1) {
            Some(previous) => self.ends.get(previous),
            None => Some(&0),
        };
        let range = start.zip(self.ends.get(index));
        range
            .and_then(|(start, end)| self.bytes.get(*start..*end))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn entities(titles: &[usize]) -> Vec<Entity> {
        let entity = |(index, title): (usize, &usize)| Entity {
            identifier: json!(format!("id-{index}")),
            blueprint: json!("b"),
            title: Some(json!("é".repeat(*title))),
            ..Entity::default()
        };
        titles.iter().enumerate().map(entity).collect()
    }

    fn identifiers(body: &Bytes) -> Vec<Value> {
        let body: Value = serde_json::from_slice(body).unwrap();
        let entities = body["entities"].as_array().unwrap();
        entities
            .iter()
            .map(|entity| entity["identifier"].clone())
            .collect()
    }

    proptest! {
        #[test]
        fn batches_keep_the_order_and_both_limits(
            titles in prop::collection::vec(0_usize..60, 0..40),
            count in 1_usize..8,
            bytes in 20_usize..400,
        ) {
            let entities = entities(&titles);
            let serialized = Serialized::new(&entities).unwrap();
            let mut sent = Vec::new();
            for batch in serialized.batches(BatchLimits { entities: count, bytes }) {
                let indexes: Vec<usize> = batch.collect();
                let body = serialized.body(&indexes);
                prop_assert!(indexes.len() <= count);
                prop_assert!(body.len() <= bytes || indexes.len() == 1);
                sent.extend(identifiers(&body));
            }
            let given: Vec<Value> = entities.into_iter().map(|entity| entity.identifier).collect();
            prop_assert_eq!(sent, given);
        }

        #[test]
        fn no_batch_could_have_taken_the_next_entity(
            titles in prop::collection::vec(0_usize..60, 0..40),
            count in 1_usize..8,
            bytes in 20_usize..400,
        ) {
            let serialized = Serialized::new(&entities(&titles)).unwrap();
            let batches = serialized.batches(BatchLimits { entities: count, bytes });
            for (batch, _next) in batches.iter().zip(batches.iter().skip(1)) {
                let more: Vec<usize> = (batch.start..=batch.end).collect();
                prop_assert!(more.len() > count || serialized.body(&more).len() > bytes);
            }
        }
    }

    #[test]
    fn an_entity_above_the_limit_is_sent_alone() {
        let serialized = Serialized::new(&entities(&[1, 500, 1])).unwrap();
        let limits = BatchLimits {
            entities: 20,
            bytes: 200,
        };
        assert_eq!(serialized.batches(limits), [0..1, 1..2, 2..3]);
    }

    #[test]
    fn a_body_may_leave_entities_out() {
        let serialized = Serialized::new(&entities(&[1, 1, 1])).unwrap();
        assert_eq!(identifiers(&serialized.body(&[0, 2])), ["id-0", "id-2"]);
    }
}
