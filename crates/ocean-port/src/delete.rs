//! Deleting entities, and making sure that they are gone.
//!
//! Start with [`PortClient::remove`].

use std::collections::HashSet;
use std::sync::OnceLock;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use indexmap::IndexMap;
use ocean_core::{
    DeleteReport, EntityError, EntityQuery, EntityRef, ErrorClass, WriteContext, error_chain,
};

use crate::client::PortClient;
use crate::error::{Error, Result};
use crate::wire::DeleteAnswer;

/// How many deletions are under way at once within one call.
const DELETE_CONCURRENCY: usize = 5;

/// How often a deletion that Port answered but did not carry out is asked for, the first time
/// included.
const ATTEMPTS: u32 = 3;

impl PortClient {
    /// Deletes entities of any blueprints.
    ///
    /// # Guarantees
    ///
    /// - Only what Port named as deleted counts as deleted, and what a search afterwards did not
    ///   find among the entities of this integration: it was gone before, or went together with
    ///   an entity it depended on. An answer that names none at all is checked in the same way.
    /// - An entity that Port refuses to delete does not keep the others: a refused request is
    ///   halved until the culprit is alone.
    ///
    /// - Once Port refuses the credentials it is asked for nothing more. What it deleted before
    ///   stays in the report, and the rest has failed with status 401.
    ///
    /// # Errors
    ///
    /// When Port refuses the credentials before it deleted anything.
    pub(crate) async fn remove(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport> {
        let mut groups: IndexMap<String, Vec<String>> = IndexMap::new();
        for entity in entities {
            groups
                .entry(entity.blueprint)
                .or_default()
                .push(entity.identifier);
        }
        let refused = OnceLock::new();
        let mut removals = Vec::new();
        for (blueprint, identifiers) in &groups {
            for chunk in identifiers.chunks(self.config.delete_batch_length) {
                let removal = Removal {
                    port: self,
                    cx,
                    blueprint,
                    refused: &refused,
                    report: DeleteReport::default(),
                };
                removals.push(removal.all(chunk.iter().map(String::as_str).collect()));
            }
        }
        let mut reports = stream::iter(removals).buffer_unordered(DELETE_CONCURRENCY);
        let mut all = DeleteReport::default();
        while let Some(one) = reports.next().await {
            all.deleted.extend(one.deleted);
            all.failed.extend(one.failed);
        }
        drop(reports);
        match refused.into_inner() {
            Some(error) if all.deleted.is_empty() => Err(error),
            _ => Ok(all),
        }
    }
}

/// Entities of one blueprint on their way out.
struct Removal<'a> {
    port: &'a PortClient,
    cx: &'a WriteContext,
    blueprint: &'a str,
    /// That Port refused the credentials; shared by all that are on their way out.
    refused: &'a OnceLock<Error>,
    report: DeleteReport,
}

/// Entities that are named in the same request.
struct Batch<'a> {
    identifiers: Vec<&'a str>,
    attempt: u32,
}

impl<'a> Removal<'a> {
    async fn all(mut self, identifiers: Vec<&'a str>) -> DeleteReport {
        let mut waiting = vec![Batch {
            identifiers,
            attempt: 1,
        }];
        while let Some(batch) = waiting.pop() {
            if let Some(error) = self.refused.get() {
                self.failed(&batch.identifiers, &entity_error(error));
                continue;
            }
            match self.ask(&batch.identifiers).await {
                Ok(deleted) => {
                    if let Some(again) = self.check(batch, &deleted).await {
                        waiting.push(again);
                    }
                }
                Err(error) if batch.identifiers.len() > 1 && is_refusal(&error) => {
                    let Batch {
                        mut identifiers,
                        attempt,
                    } = batch;
                    let second = identifiers.split_off(identifiers.len() / 2);
                    waiting.extend([second, identifiers].map(|identifiers| Batch {
                        identifiers,
                        attempt,
                    }));
                }
                Err(error) => self.give_up(&batch.identifiers, error),
            }
        }
        self.report
    }

    /// The identifiers that Port says it deleted.
    async fn ask(&self, identifiers: &[&str]) -> Result<HashSet<String>> {
        let requests = &self.port.requests;
        let request = requests.bulk_delete(self.cx, self.blueprint, identifiers)?;
        match self.port.transport.read::<DeleteAnswer>(request).await {
            Ok(answer) => Ok(answer.deleted_entities.into_iter().collect()),
            // Of a missing blueprint nothing is left, which the check confirms.
            Err(error) if error.is_not_found() => Ok(HashSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Takes down what is gone; what is to be asked for once more comes back.
    async fn check(&mut self, batch: Batch<'a>, deleted: &HashSet<String>) -> Option<Batch<'a>> {
        let is_deleted = |identifier: &&str| deleted.contains(*identifier);
        let (deleted, unclear): (Vec<_>, Vec<_>) =
            batch.identifiers.into_iter().partition(is_deleted);
        self.deleted(&deleted);
        if unclear.is_empty() {
            return None;
        }
        let left = match self.find(&unclear).await {
            Ok(left) => left,
            Err(error) => {
                self.give_up(&unclear, error);
                return None;
            }
        };
        let is_left = |identifier: &&str| left.contains(*identifier);
        let (left, gone): (Vec<_>, Vec<_>) = unclear.into_iter().partition(is_left);
        self.deleted(&gone);
        if left.is_empty() {
            return None;
        }
        if batch.attempt == ATTEMPTS {
            self.failed(&left, &EntityError::new(None, "port did not delete it"));
            return None;
        }
        tokio::time::sleep(self.port.backoff(batch.attempt)).await;
        Some(Batch {
            identifiers: left,
            attempt: batch.attempt + 1,
        })
    }

    /// Which of them are still there.
    async fn find(&self, identifiers: &[&str]) -> Result<HashSet<String>> {
        let identifiers = identifiers.iter().map(ToString::to_string).collect();
        let query = EntityQuery::new(self.blueprint).identifiers(identifiers);
        let found = self.port.find(query);
        let keys = found.map_ok(|entity| entity.key().map(|key| key.identifier));
        let keys: Vec<_> = keys.try_collect().await?;
        Ok(keys.into_iter().flatten().collect())
    }

    fn deleted(&mut self, identifiers: &[&str]) {
        let keys = identifiers
            .iter()
            .map(|id| EntityRef::new(self.blueprint, *id));
        self.report.deleted.extend(keys);
    }

    fn give_up(&mut self, identifiers: &[&str], error: Error) {
        self.failed(identifiers, &entity_error(&error));
        if error.is_unauthorized() {
            // Several may meet the refusal at once; the first one stands for all.
            self.refused.get_or_init(|| error);
        }
    }

    fn failed(&mut self, identifiers: &[&str], error: &EntityError) {
        let keys = identifiers
            .iter()
            .map(|id| EntityRef::new(self.blueprint, *id));
        self.report
            .failed
            .extend(keys.map(|key| (key, error.clone())));
    }
}

/// Whether Port looked at the request and would refuse it again.
fn is_refusal(error: &Error) -> bool {
    error.class() == ErrorClass::Permanent
        && error
            .status()
            .is_some_and(|status| status.is_client_error())
}

fn entity_error(error: &Error) -> EntityError {
    // Without a token there was no request whose answer could have a status.
    let refused = error.is_unauthorized().then_some(StatusCode::UNAUTHORIZED);
    let status = error.status().or(refused);
    EntityError::new(status.map(|status| status.as_u16()), error_chain(error))
}
