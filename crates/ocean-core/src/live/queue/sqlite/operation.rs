//! What does a caller send to the thread of the queue, and how does it get its answer? As an
//! [`Operation`], which is answered once its commit is on the disk.

use tokio::sync::oneshot;

use super::transaction::Transaction;
use crate::live::queue::{DeadLetter, QueueError, QueuedEvent};

/// What the thread is asked for.
pub(super) enum Request {
    Write(Box<dyn Operation>),
    Load {
        after: u64,
        events: usize,
        bytes: usize,
        reply: Reply<Vec<QueuedEvent>>,
    },
    Letters {
        reply: Reply<Vec<DeadLetter>>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
    /// Lets a test reach what the thread owns.
    #[cfg(test)]
    Reach(Box<dyn FnOnce(&mut super::worker::Worker) + Send>),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, QueueError>>;

/// A change that is committed together with others.
pub(super) trait Operation: Send {
    /// Whether it makes the file grow, and so is the first to be refused when the disk is full.
    fn grows(&self) -> bool;

    /// Does it within a transaction, which may be given up and begun anew.
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> rusqlite::Result<()>;

    /// Tells the caller what came of it.
    fn answer(self: Box<Self>, committed: Result<(), QueueError>);
}

/// An operation that is a function.
pub(super) struct Change<T, F> {
    pub(super) grows: bool,
    pub(super) work: F,
    /// What it gave when it was applied last.
    pub(super) outcome: Result<T, QueueError>,
    pub(super) reply: Reply<T>,
}

impl<T, F> Operation for Change<T, F>
where
    T: Send,
    F: FnMut(&mut Transaction<'_>) -> rusqlite::Result<Result<T, QueueError>> + Send,
{
    fn grows(&self) -> bool {
        self.grows
    }

    fn apply(&mut self, transaction: &mut Transaction<'_>) -> rusqlite::Result<()> {
        self.outcome = (self.work)(transaction)?;
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), QueueError>) {
        // A caller that no longer waits learns nothing, and may.
        self.reply.send(committed.and(self.outcome)).ok();
    }
}
