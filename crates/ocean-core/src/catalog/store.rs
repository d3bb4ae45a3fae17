//! What Port knows of the integration itself: its mapping and the state of its resyncs.
//!
//! Start with [`IntegrationStore`].

use std::fmt::Debug;
use std::time::SystemTime;

use async_trait::async_trait;
use serde_json::Value;

use super::CatalogError;

/// Where the mapping comes from and where the state of a resync is told.
#[async_trait]
pub trait IntegrationStore: Debug + Send + Sync + 'static {
    /// The mapping document as it is stored, read anew; `None` when it is empty.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn mapping(&self) -> Result<Option<Value>, CatalogError>;

    /// Tells that a resync began or ended. The engine goes on whatever the answer is.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError>;

    /// When somebody last asked for a resync; `None`, the default, if never.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
        Ok(None)
    }

    /// When the last resync began, as it was told by [`set_resync_state`](Self::set_resync_state);
    /// `None`, the default, if never.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
        Ok(None)
    }

    /// From when on an incremental sync reads a resource of the mapping; `None`, the default, when
    /// none has succeeded yet.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn cursor(&self, kind: &str, index: usize) -> Result<Option<SystemTime>, CatalogError> {
        let _ = (kind, index);
        Ok(None)
    }

    /// Remembers from when on the next incremental sync reads a resource. The default forgets it.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn set_cursor(
        &self,
        kind: &str,
        index: usize,
        cursor: SystemTime,
    ) -> Result<(), CatalogError> {
        let _ = (kind, index, cursor);
        Ok(())
    }

    /// Shows a few raw items of a kind to the people who write its mapping. Never fails the run.
    ///
    /// # Errors
    ///
    /// When the store could not answer.
    async fn send_kind_examples(
        &self,
        kind: &str,
        examples: Vec<Value>,
    ) -> Result<(), CatalogError>;
}

/// The state of a resync, as people see it at Port; contract `resync.md` 1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResyncState {
    /// What is told.
    pub status: ResyncStatus,
    /// When: the start for [`ResyncStatus::Running`], else the end.
    pub at: SystemTime,
    /// When the next scheduled one begins.
    pub next: Option<SystemTime>,
    /// The interval of scheduled resyncs, in minutes.
    pub interval_minutes: Option<u64>,
}

impl ResyncState {
    /// A state without a schedule.
    #[must_use]
    pub const fn new(status: ResyncStatus, at: SystemTime) -> Self {
        Self {
            status,
            at,
            next: None,
            interval_minutes: None,
        }
    }
}

/// What a resync is doing or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResyncStatus {
    /// It has begun.
    Running,
    /// Everything was read and written.
    Completed,
    /// Something was not.
    Failed,
    /// It was stopped.
    Aborted,
}

impl ResyncStatus {
    /// The word that Port uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}
