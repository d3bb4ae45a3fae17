//! How is what a run reads from the catalog recorded?

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde_json::Value;

use super::line::{Found, Line, Listed, Named};
use super::recorder::TapeRecorder;
use crate::catalog::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityQuery, EntityRef,
    IntegrationStore, ResyncState, UpsertOutcome, WriteContext,
};
use crate::lake::Routing;

/// How many keys or entities stand on one line.
const ON_A_LINE: usize = 100;

/// A catalog whose reads are recorded; writes pass through and are not.
#[derive(Debug, Clone)]
pub struct NotedCatalog<C> {
    inner: Arc<C>,
    recorder: TapeRecorder,
}

impl<C> NotedCatalog<C> {
    /// Records what is read from this catalog.
    #[must_use]
    pub const fn new(inner: Arc<C>, recorder: TapeRecorder) -> Self {
        Self { inner, recorder }
    }

    /// The catalog itself.
    #[must_use]
    pub const fn inner(&self) -> &Arc<C> {
        &self.inner
    }

    /// Records whether the integration is registered.
    pub fn note_registered(&self, is_registered: bool) {
        self.recorder.note(&Line::Registered(is_registered));
    }

    /// Records who makes entities of what a resync reads.
    pub fn note_routing(&self, routing: Routing) {
        self.recorder.note(&Line::Routing(routing));
    }

    /// Records a blueprint that was read whole.
    pub fn note_document(&self, name: &str, document: Option<&Value>) {
        self.recorder.note(&Line::Document(Named {
            name: name.to_owned(),
            found: document.cloned(),
        }));
    }
}

pub(super) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[async_trait]
impl<C: Catalog> Catalog for NotedCatalog<C> {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        self.inner.upsert(cx, blueprint, entities).await
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.inner.delete(cx, entities).await
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        let EntityQuery {
            blueprint,
            identifiers,
            ..
        } = query.clone();
        let mut found = self.inner.search(query);
        let noted = async_stream::stream! {
            let mut entities: Vec<Entity> = Vec::new();
            let part = |entities, identifiers, last| Line::Found(Found {
                blueprint: blueprint.clone(), identifiers, entities, last,
            });
            while let Some(entity) = found.next().await {
                match &entity {
                    Ok(entity) => entities.push(entity.clone()),
                    Err(_) => {
                        yield entity;
                        return;
                    }
                }
                if entities.len() >= ON_A_LINE {
                    self.recorder.note(&part(std::mem::take(&mut entities), None, false));
                }
                yield entity;
            }
            self.recorder.note(&part(entities, identifiers, true));
        };
        noted.boxed()
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        let mut listed = self.inner.owned(before);
        let before = before.map(seconds);
        let noted = async_stream::stream! {
            let mut keys = Vec::new();
            while let Some(key) = listed.next().await {
                match &key {
                    Ok(key) => keys.push((key.blueprint.clone(), key.identifier.clone())),
                    Err(_) => {
                        yield key;
                        return;
                    }
                }
                if keys.len() >= ON_A_LINE {
                    let keys = std::mem::take(&mut keys);
                    self.recorder.note(&Line::Listed(Listed { before, keys, last: false }));
                }
                yield key;
            }
            self.recorder.note(&Line::Listed(Listed { before, keys, last: true }));
        };
        noted.boxed()
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        let found = self.inner.blueprint(identifier).await?;
        self.recorder.note(&Line::Blueprint(Named {
            name: identifier.to_owned(),
            found: found.clone(),
        }));
        Ok(found)
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        let now = self.inner.now().await?;
        self.recorder.note(&Line::Clock(seconds(now)));
        Ok(now)
    }

    fn clear_cache(&self) {
        self.inner.clear_cache();
    }

    fn bulk_size(&self) -> usize {
        self.inner.bulk_size()
    }
}

#[async_trait]
impl<C: IntegrationStore> IntegrationStore for NotedCatalog<C> {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        let mapping = self.inner.mapping().await?;
        self.recorder.note(&Line::Mapping(mapping.clone()));
        Ok(mapping)
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.inner.set_resync_state(state).await
    }

    async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
        self.inner.resync_requested_at().await
    }

    async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
        self.inner.last_resync_start().await
    }

    async fn cursor(&self, kind: &str, index: usize) -> Result<Option<SystemTime>, CatalogError> {
        self.inner.cursor(kind, index).await
    }

    async fn set_cursor(
        &self,
        kind: &str,
        index: usize,
        cursor: SystemTime,
    ) -> Result<(), CatalogError> {
        self.inner.set_cursor(kind, index, cursor).await
    }

    async fn send_kind_examples(
        &self,
        kind: &str,
        examples: Vec<Value>,
    ) -> Result<(), CatalogError> {
        self.inner.send_kind_examples(kind, examples).await
    }
}
