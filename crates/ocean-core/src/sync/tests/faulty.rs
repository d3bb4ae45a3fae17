//! A catalog that tests can break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde_json::Value;

use crate::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityError, EntityQuery, EntityRef,
    ErrorClass, InMemoryCatalog, IntegrationStore, ResyncState, UpsertOutcome, WriteContext,
};

/// A catalog in memory whose answers tests can spoil, and which counts what it is asked.
#[derive(Debug)]
pub(super) struct FaultyCatalog {
    pub(super) inner: InMemoryCatalog,
    /// Identifiers that are answered with this outcome, so many times.
    pub(super) spoiled: Mutex<BTreeMap<String, (usize, UpsertOutcome)>>,
    pub(super) owned_fails: Mutex<bool>,
    pub(super) search_fails: Mutex<bool>,
    pub(super) upserted: Mutex<Vec<Vec<Entity>>>,
    pub(super) searches: AtomicUsize,
    pub(super) deleted: Mutex<BTreeSet<EntityRef>>,
    /// Replaces the mapping when the n-th upsert arrives.
    pub(super) new_mapping: Mutex<Option<Value>>,
    /// A kind whose cursor cannot be asked for.
    pub(super) cursor_fails: Mutex<Option<&'static str>>,
}

impl FaultyCatalog {
    pub(super) fn new(inner: InMemoryCatalog) -> Self {
        Self {
            inner,
            spoiled: Mutex::default(),
            owned_fails: Mutex::default(),
            search_fails: Mutex::default(),
            upserted: Mutex::default(),
            searches: AtomicUsize::new(0),
            deleted: Mutex::default(),
            new_mapping: Mutex::default(),
            cursor_fails: Mutex::default(),
        }
    }

    pub(super) fn spoil(&self, identifier: &str, times: usize, outcome: UpsertOutcome) {
        self.spoiled
            .lock()
            .unwrap()
            .insert(identifier.to_owned(), (times, outcome));
    }

    pub(super) fn forget(&self) {
        self.upserted.lock().unwrap().clear();
        self.searches.store(0, Ordering::SeqCst);
    }

    pub(super) fn bulk_sizes(&self) -> Vec<usize> {
        self.upserted.lock().unwrap().iter().map(Vec::len).collect()
    }

    fn spoiled_outcome(&self, entity: &Entity) -> Option<UpsertOutcome> {
        let identifier = entity.key()?.identifier;
        let mut spoiled = self.spoiled.lock().unwrap();
        let (times, outcome) = spoiled.get_mut(&identifier)?;
        *times = times.checked_sub(1)?;
        Some(outcome.clone())
    }
}

pub(super) fn failed(status: u16) -> UpsertOutcome {
    UpsertOutcome::Failed(EntityError::new(Some(status), "spoiled"))
}

pub(super) fn rejected(status: u16) -> UpsertOutcome {
    UpsertOutcome::Rejected(EntityError::new(Some(status), "spoiled"))
}

fn error() -> CatalogError {
    CatalogError::new(ErrorClass::Retryable, "spoiled")
}

#[async_trait]
impl Catalog for FaultyCatalog {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        if let Some(mapping) = self.new_mapping.lock().unwrap().take() {
            self.inner.set_mapping(mapping);
        }
        self.upserted.lock().unwrap().push(entities.to_vec());
        let mut outcomes = Vec::new();
        for entity in entities {
            match self.spoiled_outcome(entity) {
                Some(outcome) => outcomes.push(outcome),
                None => outcomes.extend(
                    self.inner
                        .upsert(cx, blueprint, std::slice::from_ref(entity))
                        .await?,
                ),
            }
        }
        Ok(outcomes)
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        self.deleted
            .lock()
            .unwrap()
            .extend(entities.iter().cloned());
        self.inner.delete(cx, entities).await
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        self.searches.fetch_add(1, Ordering::SeqCst);
        if *self.search_fails.lock().unwrap() {
            return stream::iter([Err(error())]).boxed();
        }
        self.inner.search(query)
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        if *self.owned_fails.lock().unwrap() {
            // One key, then a failure: a cut page.
            return self
                .inner
                .owned(before)
                .take(1)
                .chain(stream::iter([Err(error())]))
                .boxed();
        }
        self.inner.owned(before)
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        self.inner.blueprint(identifier).await
    }

    async fn now(&self) -> Result<SystemTime, CatalogError> {
        self.inner.now().await
    }
}

#[async_trait]
impl IntegrationStore for FaultyCatalog {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        self.inner.mapping().await
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        self.inner.set_resync_state(state).await
    }

    async fn cursor(&self, kind: &str, index: usize) -> Result<Option<SystemTime>, CatalogError> {
        if *self.cursor_fails.lock().unwrap() == Some(kind) {
            return Err(error());
        }
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

    async fn send_kind_examples(&self, kind: &str, items: Vec<Value>) -> Result<(), CatalogError> {
        self.inner.send_kind_examples(kind, items).await
    }
}
