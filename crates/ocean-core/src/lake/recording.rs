//! A lake for tests: it keeps what it is told and answers as it is ordered to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Lake, LakeError, RawWrite, Routing, SyncStage};
use crate::catalog::CatalogError;
use crate::error::ErrorClass;

/// Keeps everything.
#[derive(Debug)]
pub(crate) struct RecordingLake {
    routing: Mutex<Routing>,
    writes: Mutex<Vec<RawWrite>>,
    stages: Mutex<Vec<String>>,
    fails_next_write: AtomicBool,
    pub(crate) is_stale: AtomicBool,
    pub(crate) is_aborting: AtomicBool,
    /// The stage at which nobody listens.
    pub(crate) deaf_at: Option<&'static str>,
}

impl RecordingLake {
    pub(crate) fn new(routing: Routing) -> Self {
        Self {
            routing: Mutex::new(routing),
            writes: Mutex::default(),
            stages: Mutex::default(),
            fails_next_write: AtomicBool::new(false),
            is_stale: AtomicBool::new(false),
            is_aborting: AtomicBool::new(false),
            deaf_at: None,
        }
    }

    pub(crate) fn set_routing(&self, routing: Routing) {
        *self.routing.lock().unwrap_or_else(PoisonError::into_inner) = routing;
    }

    pub(crate) fn fail_next_write(&self) {
        self.fails_next_write.store(true, Ordering::SeqCst);
    }

    pub(crate) fn writes(&self) -> Vec<RawWrite> {
        self.writes.lock().unwrap().clone()
    }

    /// What was told, in words: `started`, `issue-0 finished` and so on.
    pub(crate) fn stages(&self) -> Vec<String> {
        self.stages.lock().unwrap().clone()
    }
}

fn word(stage: &SyncStage<'_>) -> String {
    match stage {
        SyncStage::ResyncStarted { .. } => "started".to_owned(),
        SyncStage::IncrementalStarted { kinds, .. } => format!("started {}", kinds.join(" ")),
        SyncStage::Finished => "finished".to_owned(),
        SyncStage::Failed => "failed".to_owned(),
        SyncStage::Aborted => "aborted".to_owned(),
        SyncStage::KindStarted { kind, .. } => format!("{kind} started"),
        SyncStage::KindFinished(kind) => format!("{kind} finished"),
        SyncStage::KindFailed(kind) => format!("{kind} failed"),
    }
}

fn down() -> LakeError {
    LakeError::Failed(CatalogError::new(ErrorClass::Retryable, "the lake is dry"))
}

#[async_trait]
impl Lake for RecordingLake {
    async fn routing(&self) -> Routing {
        *self.routing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, write: &RawWrite) -> Result<(), LakeError> {
        if self.is_stale.load(Ordering::SeqCst) {
            return Err(LakeError::Stale);
        }
        if self.fails_next_write.swap(false, Ordering::SeqCst) {
            return Err(down());
        }
        self.writes.lock().unwrap().push(write.clone());
        Ok(())
    }

    async fn tell(&self, _: Uuid, stage: &SyncStage<'_>) -> Result<(), LakeError> {
        let word = word(stage);
        if self.deaf_at == Some(&*word) {
            return Err(down());
        }
        self.stages.lock().unwrap().push(word);
        Ok(())
    }

    async fn is_aborted(&self, _: Uuid) -> Result<bool, LakeError> {
        Ok(self.is_aborting.load(Ordering::SeqCst))
    }
}
