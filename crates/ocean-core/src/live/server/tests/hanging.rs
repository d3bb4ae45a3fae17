//! A queue that does not answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::live::{
    DeadLetter, Ending, EventQueue, NewEvent, Pushed, QueueCounts, QueueError, QueueHealth,
    QueuedEvent,
};

/// Takes events and never says so, like a disk that does not answer.
#[derive(Debug, Default)]
pub(super) struct Hanging {
    pushes: AtomicUsize,
}

impl Hanging {
    /// How many events were given to it.
    pub(super) fn pushes(&self) -> usize {
        self.pushes.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl EventQueue for Hanging {
    async fn push(&self, _: NewEvent) -> Result<Pushed, QueueError> {
        self.pushes.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    }

    async fn load(&self, _: u64, _: usize, _: usize) -> Result<Vec<QueuedEvent>, QueueError> {
        Ok(Vec::new())
    }

    async fn end(&self, _: Vec<(u64, Ending)>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn note_attempts(&self, _: u64, _: u32) -> Result<(), QueueError> {
        Ok(())
    }

    fn note_filtered(&self) {}

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(Vec::new())
    }

    async fn replay(&self, _: Option<Vec<u64>>) -> Result<usize, QueueError> {
        Ok(0)
    }

    async fn drop_letters(&self, _: Option<Vec<u64>>) -> Result<usize, QueueError> {
        Ok(0)
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn health(&self) -> QueueHealth {
        QueueHealth::Durable
    }

    async fn close(&self) {}
}
