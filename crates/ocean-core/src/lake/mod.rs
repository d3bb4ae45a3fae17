//! Who makes entities of raw items, and how do those travel that somebody else makes them of?
//!
//! Start with [`Lake`], the port; [`Routing`] is what it decides.

mod buffer;
#[cfg(test)]
pub(crate) mod recording;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::buffer::RawBuffer;
use crate::app_config::{AppConfig, ResourceMapping};
use crate::batch::RawItem;
use crate::catalog::CatalogError;
use crate::error::ErrorClass;
use crate::mapping::Environment;

/// Where raw items go that are processed elsewhere, and who is told how that goes.
///
/// # Who calls it
///
/// The engines. Each asks for the [`Routing`] once per resync, incremental sync or batch of live
/// events, and keeps to it until that has ended.
///
/// # Guarantees an implementation gives
///
/// Transient failures were already retried when a method returns an error.
#[async_trait]
pub trait Lake: Debug + Send + Sync + 'static {
    /// Who makes entities of what the next event reads. When nobody can say, the last that was
    /// known holds.
    async fn routing(&self) -> Routing;

    /// Brings raw items there.
    ///
    /// # Errors
    ///
    /// When they did not arrive, or are not wanted any more.
    async fn write(&self, write: &RawWrite) -> Result<(), LakeError>;

    /// Tells how a sync is doing.
    ///
    /// # Errors
    ///
    /// When that was not heard.
    async fn tell(&self, sync: Uuid, stage: &SyncStage<'_>) -> Result<(), LakeError>;

    /// Whether somebody there wants a sync to end.
    ///
    /// # Errors
    ///
    /// When nobody answered.
    async fn is_aborted(&self, sync: Uuid) -> Result<bool, LakeError>;
}

/// Who makes entities of raw items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Routing {
    /// This process, and nobody else sees raw items.
    #[default]
    Local,
    /// This process; raw items are copied to the lake as well.
    Copied,
    /// The other side: raw items are forwarded, and nothing is written or deleted from here.
    Forwarded,
}

impl Routing {
    /// Whether raw items leave the process, so that they have to be whole.
    pub(crate) const fn shows_raw_items(self) -> bool {
        matches!(self, Self::Copied | Self::Forwarded)
    }
}

/// Raw items of one kind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawWrite {
    /// The sync that they belong to.
    pub sync: Uuid,
    /// What tells this delivery from others.
    pub event: Uuid,
    /// Their kind.
    pub kind: Arc<str>,
    /// Why they were read.
    pub origin: RawOrigin,
    /// The items, as they were read together.
    pub entries: Vec<RawEntry>,
}

/// Why raw items were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawOrigin {
    /// A full resync that began at this moment.
    Resync(SystemTime),
    /// An incremental sync.
    IncrementalSync,
    /// A live event that arrived at this moment.
    LiveEvent(SystemTime),
}

/// Raw items that were read together for one resource of the mapping.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawEntry {
    /// What is to become of their entities.
    pub operation: RawOperation,
    /// The position of the resource in the mapping.
    pub resource_index: usize,
    /// The selector's query.
    pub query: String,
    /// The variables that the selector lists, `None` for one that is not set; `None` altogether
    /// when it lists none.
    pub environment: Option<BTreeMap<String, Option<String>>>,
    /// When they were read.
    pub read_at: SystemTime,
    /// The items.
    pub items: Vec<RawItem>,
}

/// What is to become of the entities of raw items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawOperation {
    /// They are there.
    Upsert,
    /// They are gone.
    Delete,
}

impl RawEntry {
    /// Items that were read just now.
    pub(crate) fn new(
        resource: &ResourceMapping,
        resource_index: usize,
        items: Vec<RawItem>,
        environment: &Environment,
    ) -> Self {
        let exported = resource.export_env_variables.iter();
        let exported = exported.map(|name| (name.clone(), environment.variable(name)));
        let exported: BTreeMap<_, _> = exported.collect();
        Self {
            operation: RawOperation::Upsert,
            resource_index,
            query: resource.query.clone(),
            environment: Some(exported).filter(|exported| !exported.is_empty()),
            read_at: SystemTime::now(),
            items,
        }
    }

    /// The same items, gone.
    pub(crate) const fn gone(mut self) -> Self {
        self.operation = RawOperation::Delete;
        self
    }

    fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.json().len()).sum()
    }
}

/// What is told of a sync whose raw items are forwarded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SyncStage<'a> {
    /// A full resync begins.
    ResyncStarted {
        /// When.
        at: SystemTime,
        /// By which mapping.
        config: &'a AppConfig,
    },
    /// An incremental sync of these kinds (`issue-3`) begins.
    IncrementalStarted {
        /// When.
        at: SystemTime,
        /// The kinds.
        kinds: Vec<String>,
    },
    /// It has ended; what became of its kinds was told for each.
    Finished,
    /// It could not go on.
    Failed,
    /// It was stopped from our side.
    Aborted,
    /// One of its kinds (`issue-3`) begins.
    KindStarted {
        /// When.
        at: SystemTime,
        /// The kind.
        kind: &'a str,
    },
    /// All of a kind was read and arrived.
    KindFinished(&'a str),
    /// Some of a kind was not read or did not arrive.
    KindFailed(&'a str),
}

/// Raw items did not arrive, or something was not heard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// Another sync has taken over.
    #[error("another sync has taken over")]
    Stale,
    /// The other side failed.
    #[error("the lake failed")]
    Failed(#[source] CatalogError),
}

impl LakeError {
    /// Whether it may pass.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Stale => ErrorClass::Permanent,
            Self::Failed(error) => error.class(),
        }
    }
}

/// How much waits to be sent together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferLimits {
    /// The longest that items wait for others, looked at whenever some come.
    pub interval: Duration,
    /// How many batches wait.
    pub entries: usize,
    /// How many bytes wait; one batch may have more.
    pub bytes: usize,
}

impl Default for BufferLimits {
    /// 10 s and 50 batches, as the original; 8 MiB where it takes 100 MB, since they are in memory.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            entries: 50,
            bytes: 8 * 1024 * 1024,
        }
    }
}

impl BufferLimits {
    /// The same with another longest wait.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// The same with another number of batches.
    #[must_use]
    pub const fn entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }
}
