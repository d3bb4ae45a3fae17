//! What Port is told beside the catalog, as a port that adapters implement.
//!
//! Start with [`Telemetry`].

use std::fmt::Debug;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::CatalogError;

/// The target of log events and spans that are never sent to Port: what an upload says of itself
/// would have to be uploaded, too.
pub const LOCAL_ONLY: &str = "ocean::local";

/// Takes what people see of a resync while it runs, and what the process logs.
///
/// # Who calls it
///
/// [`Reporting`](super::Reporting), one message after the other, never the run itself: a call may
/// hang or fail without any consequence but a message that is missing.
#[async_trait]
pub trait Telemetry: Debug + Send + Sync + 'static {
    /// Tells the state and the numbers of kinds.
    ///
    /// # Errors
    ///
    /// When it could not be told.
    async fn tell_sync_metrics(&self, metrics: &SyncMetrics) -> Result<(), CatalogError>;

    /// Says that the run with this id goes on.
    ///
    /// # Errors
    ///
    /// When it could not be told.
    async fn tell_heartbeat(&self, event: Uuid) -> Result<(), CatalogError>;

    /// Keeps log records. They are masked already. `false` when it is not known yet where they are
    /// kept, which costs no request to find out.
    ///
    /// # Errors
    ///
    /// When they were not kept.
    async fn keep_logs(&self, records: &[Value]) -> Result<bool, CatalogError>;
}

/// One message about kinds of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncMetrics {
    /// The run.
    pub event: Uuid,
    /// How it is told.
    pub form: MetricsForm,
    /// The kinds it is about.
    pub kinds: Vec<KindMetrics>,
    /// Whether Port is told. It is not of runs whose items it processes itself.
    pub to_port: bool,
    /// Whether the user's own webhook is told, too.
    pub to_user: bool,
}

/// Two calls of Port's take metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsForm {
    /// Any number of kinds at once.
    List,
    /// One kind of a run, in place of what was told of it before.
    Kind,
}

/// The state and the numbers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct KindMetrics {
    /// `issue-3`, `__runtime__` or `__reconciliation__`.
    pub identifier: String,
    /// The kind without its position.
    pub kind: String,
    /// Its position in the mapping.
    pub index: usize,
    /// What it is doing.
    pub state: SyncState,
    /// The expression of its blueprint; empty when there is none.
    pub blueprint: String,
    /// Its numbers, nested by their labels.
    pub metrics: Value,
}

/// What a kind is doing, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SyncState {
    /// Its turn has not come.
    Pending,
    /// It is read, mapped and written.
    Syncing,
    /// Everything of it was read and written.
    Completed,
    /// Something of it was not.
    Failed,
    /// The run was stopped before its end.
    Aborted,
}

impl SyncState {
    pub(super) const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Aborted)
    }
}
