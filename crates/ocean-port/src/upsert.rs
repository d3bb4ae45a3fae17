//! Writing entities: several to a request, one outcome for each.
//!
//! Start with [`PortClient::write`].

use std::collections::HashSet;
use std::ops::Range;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use ocean_core::{Entity, EntityError, UpsertOutcome, WriteContext, error_chain};

use crate::batching::{BatchLimits, Serialized};
use crate::client::PortClient;
use crate::error::{Error, Result};
use crate::wire::{BulkAnswer, BulkError, BulkStored};

/// How many bulk requests are under way at once, over all calls; the limit that the original
/// intends.
pub(crate) const BULK_CONCURRENCY: usize = 5;

/// How often entities that Port could not take at the moment are sent again.
///
/// The request as a whole succeeded, so the HTTP client has nothing to repeat: this is the only
/// other place that tries again.
const REPEATS: u32 = 3;

impl PortClient {
    /// Writes entities of one blueprint; the outcomes are in their order.
    ///
    /// # Guarantees
    ///
    /// - An entity counts as stored only when Port's answer says so.
    /// - Two entities with the same key are never under way at once; the later one wins.
    ///
    /// # Errors
    ///
    /// When Port refuses the credentials. Whatever else goes wrong is an outcome.
    pub(crate) async fn write(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>> {
        let mut outcomes = Vec::with_capacity(entities.len());
        for run in runs_of_unique_keys(entities) {
            let entities = entities.get(run).unwrap_or_default();
            let write = Write {
                port: self,
                cx,
                blueprint,
                entities,
                serialized: Serialized::new(entities)?,
            };
            outcomes.extend(write.all().await?);
        }
        Ok(outcomes)
    }
}

/// Consecutive stretches in which no key comes twice.
fn runs_of_unique_keys(entities: &[Entity]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    let mut seen = HashSet::new();
    for (index, entity) in entities.iter().enumerate() {
        let Some(key) = entity.key() else { continue };
        if !seen.insert(key.clone()) {
            runs.push(start..index);
            start = index;
            seen.clear();
            seen.insert(key);
        }
    }
    runs.push(start..entities.len());
    runs
}

/// Entities with different keys on their way to Port.
struct Write<'a> {
    port: &'a PortClient,
    cx: &'a WriteContext,
    blueprint: &'a str,
    entities: &'a [Entity],
    serialized: Serialized,
}

/// Entities that go into the same request.
struct Batch {
    indexes: Vec<usize>,
    repeats: u32,
}

/// What Port's answer says of one entity.
enum Verdict {
    Final(UpsertOutcome),
    NotNow(EntityError),
}

impl Write<'_> {
    async fn all(&self) -> Result<Vec<UpsertOutcome>> {
        let config = &self.port.config;
        let batches = self.serialized.batches(BatchLimits {
            entities: config.upsert_batch_length,
            bytes: config.upsert_batch_bytes,
        });
        let mut outcomes: Vec<_> = stream::iter(batches)
            .map(|batch| self.batch(batch.collect()))
            .buffer_unordered(BULK_CONCURRENCY)
            .try_concat()
            .await?;
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    /// Writes one batch, in smaller ones where Port asks for it; an outcome for each index.
    async fn batch(&self, indexes: Vec<usize>) -> Result<Vec<(usize, UpsertOutcome)>> {
        let mut outcomes = Vec::with_capacity(indexes.len());
        let mut waiting = vec![Batch {
            indexes,
            repeats: 0,
        }];
        while let Some(batch) = waiting.pop() {
            match self.send(&batch.indexes).await {
                Ok(answer) => {
                    let again = self.judge(batch, answer, &mut outcomes);
                    if let Some(again) = again {
                        tokio::time::sleep(self.port.backoff(again.repeats)).await;
                        waiting.push(again);
                    }
                }
                Err(error) if error.is_unauthorized() => return Err(error),
                Err(error) if error.status() == Some(StatusCode::PAYLOAD_TOO_LARGE) => {
                    self.halve(batch, &mut waiting, &mut outcomes);
                }
                Err(error) => {
                    let outcome = self.failure(&error);
                    let failed = batch
                        .indexes
                        .into_iter()
                        .map(|index| (index, outcome.clone()));
                    outcomes.extend(failed);
                }
            }
        }
        Ok(outcomes)
    }

    async fn send(&self, indexes: &[usize]) -> Result<BulkAnswer> {
        let body = self.serialized.body(indexes);
        let request = self
            .port
            .requests
            .bulk_upsert(self.cx, self.blueprint, body)?;
        let _permit = self.port.bulk_permits.acquire().await;
        let answer: BulkAnswer = self.port.transport.read(request).await?;
        tracing::debug!(
            blueprint = self.blueprint,
            sent = indexes.len(),
            stored = answer.entities.len(),
            refused = answer.errors.len(),
            "bulk upsert answered"
        );
        Ok(answer)
    }

    /// Sorts what the answer says into outcomes; what is worth sending again comes back.
    fn judge(
        &self,
        batch: Batch,
        answer: BulkAnswer,
        outcomes: &mut Vec<(usize, UpsertOutcome)>,
    ) -> Option<Batch> {
        let mut verdicts: Vec<_> = batch.indexes.iter().map(|_| None).collect();
        let sent = |position: usize| self.entities.get(*batch.indexes.get(position)?);
        for stored in answer.entities {
            let sent = sent(stored.index);
            if let Some((sent, verdict)) = sent.zip(verdicts.get_mut(stored.index)) {
                *verdict = Some(stored_as(sent, stored));
            }
        }
        // An index in both lists counts as not stored: sending it once more does no harm.
        for error in answer.errors {
            let sent = sent(error.index);
            if let Some((sent, verdict)) = sent.zip(verdicts.get_mut(error.index)) {
                *verdict = Some(refused(sent, error));
            }
        }
        let mut again = Vec::new();
        for (index, verdict) in batch.indexes.into_iter().zip(verdicts) {
            match verdict {
                Some(Verdict::Final(outcome)) => outcomes.push((index, outcome)),
                Some(Verdict::NotNow(_)) if batch.repeats < REPEATS => again.push(index),
                Some(Verdict::NotNow(error)) => {
                    outcomes.push((index, UpsertOutcome::Failed(error)));
                }
                None => {
                    let error = EntityError::new(None, "port's answer does not mention it");
                    outcomes.push((index, UpsertOutcome::Failed(error)));
                }
            }
        }
        (!again.is_empty()).then(|| Batch {
            indexes: again,
            repeats: batch.repeats + 1,
        })
    }

    /// Replaces a batch that is too large by its halves; a single entity is refused for good.
    fn halve(
        &self,
        batch: Batch,
        waiting: &mut Vec<Batch>,
        outcomes: &mut Vec<(usize, UpsertOutcome)>,
    ) {
        let Batch {
            mut indexes,
            repeats,
        } = batch;
        if let [index] = indexes.as_slice() {
            let message = format!(
                "the entity has {} bytes, more than port accepts in one request (a request is \
                 filled up to {} bytes)",
                self.serialized.size_of(*index),
                self.port.config.upsert_batch_bytes,
            );
            let error = EntityError::new(Some(413), message);
            outcomes.push((*index, UpsertOutcome::Rejected(error)));
            return;
        }
        let second = indexes.split_off(indexes.len() / 2);
        // The last one pushed is sent first.
        waiting.extend([second, indexes].map(|indexes| Batch { indexes, repeats }));
    }

    /// What a request that failed as a whole means for each of its entities.
    fn failure(&self, error: &Error) -> UpsertOutcome {
        if error.is_not_found() {
            let message = format!("blueprint `{}` does not exist at port", self.blueprint);
            return UpsertOutcome::Rejected(EntityError::new(Some(404), message));
        }
        let status = error.status().map(|status| status.as_u16());
        let reason = EntityError::new(status, error_chain(error));
        if error.is_unsendable() {
            UpsertOutcome::Rejected(reason)
        } else {
            UpsertOutcome::Failed(reason)
        }
    }
}

fn stored_as(sent: &Entity, stored: BulkStored) -> Verdict {
    let identifier = match stored.identifier {
        Some(serde_json::Value::String(identifier)) => Some(identifier),
        _ => sent.key().map(|key| key.identifier),
    };
    Verdict::Final(match identifier {
        Some(identifier) => UpsertOutcome::Stored {
            identifier,
            created: stored.created,
        },
        None => UpsertOutcome::Failed(EntityError::new(
            None,
            "port's answer does not tell which entity the query found",
        )),
    })
}

fn refused(sent: &Entity, refused: BulkError) -> Verdict {
    let status = refused.status_code;
    let code = refused.error.as_ref().and_then(serde_json::Value::as_str);
    let missing = status.is_none_or(|status| status == 404) && code == Some("not_found");
    let unknown = refused
        .identifier
        .as_ref()
        .is_some_and(|found| found == "unknown");
    let error = EntityError::new(status, refused.reason());
    if status.is_some_and(|status| matches!(status, 408 | 429 | 500..)) {
        return Verdict::NotNow(error);
    }
    Verdict::Final(if unknown && sent.has_search_identifier() {
        UpsertOutcome::Unresolved
    } else if missing {
        UpsertOutcome::MissingRelated(error)
    } else {
        UpsertOutcome::Rejected(error)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entity(identifier: Value) -> Entity {
        Entity {
            identifier,
            blueprint: json!("b"),
            ..Entity::default()
        }
    }

    fn refusal(json: Value) -> BulkError {
        serde_json::from_value(json).unwrap()
    }

    fn outcome(verdict: Verdict) -> UpsertOutcome {
        match verdict {
            Verdict::Final(outcome) => outcome,
            Verdict::NotNow(error) => panic!("not final: {error:?}"),
        }
    }

    #[test]
    fn a_key_that_comes_again_begins_a_new_run() {
        let entities = ["a", "b", "a", "a", "c"].map(|id| entity(json!(id)));
        assert_eq!(runs_of_unique_keys(&entities), [0..2, 2..3, 3..5]);
    }

    #[test]
    fn only_a_query_can_be_unresolved() {
        let error = json!({"index": 0, "identifier": "unknown", "statusCode": 422});
        let query = entity(json!({"combinator": "and", "rules": []}));
        let found = outcome(refused(&query, refusal(error.clone())));
        assert_eq!(found, UpsertOutcome::Unresolved);
        let found = outcome(refused(&entity(json!("unknown")), refusal(error)));
        assert!(matches!(found, UpsertOutcome::Rejected(_)));
    }

    #[test]
    fn a_missing_target_is_not_a_refusal() {
        let error = json!({"index": 0, "identifier": "a", "statusCode": 404, "error": "not_found",
            "message": "no such entity"});
        let found = outcome(refused(&entity(json!("a")), refusal(error)));
        let expected = EntityError::new(Some(404), "not_found: no such entity");
        assert_eq!(found, UpsertOutcome::MissingRelated(expected));
    }

    #[test]
    fn what_may_pass_is_not_final() {
        for status in [408, 429, 500, 503] {
            let error = refusal(json!({"index": 0, "statusCode": status}));
            let verdict = refused(&entity(json!("a")), error);
            assert!(matches!(verdict, Verdict::NotNow(_)), "{status}");
        }
    }

    #[test]
    fn the_identifier_is_the_one_port_returned() {
        let stored = BulkStored {
            index: 0,
            identifier: Some(json!("A")),
            created: true,
        };
        let expected = UpsertOutcome::Stored {
            identifier: "A".to_owned(),
            created: true,
        };
        assert_eq!(outcome(stored_as(&entity(json!("a")), stored)), expected);
    }
}
