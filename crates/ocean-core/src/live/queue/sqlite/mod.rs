//! Where do events wait so that they survive the process and the machine? In a [`SqliteQueue`].
//!
//! # Guarantees
//!
//! - A push is acknowledged after its commit is on the disk (`fsync`), and never before.
//! - A row that is not what was written is noticed by its checksum and moved to the table
//!   `quarantine`; the others go on.
//! - A file that cannot be read is renamed and stays; a new one begins with what can be read of it.
//!   So does one that makes its reader panic.
//! - When its thread panics, pushes fail and [`health`](EventQueue::health) says why; nobody waits
//!   for an answer that cannot come.
//! - When the disk is full, pushes fail and everything else goes on, in space kept for that; when
//!   there is space again, pushes succeed without a restart.
//!
//! # Caveats
//!
//! - The disk has to do what it says: a drive that loses what it acknowledged loses events.
//! - The file keeps the largest size it ever had; what ended makes room in it for new events.
//! - Opening reads every row once, at some hundreds of MB per second.

mod check;
mod failure;
mod fault;
mod folder;
mod ledger;
mod open;
mod operation;
mod record;
mod reserve;
mod salvage;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep};

use self::fault::Faults;
use self::folder::Folder;
use self::ledger::Ledger;
use self::operation::{Change, Reply, Request};
use self::transaction::Transaction;
use self::worker::{Envelope, Worker};
use super::{
    DeadLetter, Ending, EventQueue, NewEvent, Pushed, QueueCounts, QueueError, QueueHealth,
    QueueOptions, QueuedEvent,
};

/// How many bytes of events may be on their way to the disk at once.
const IN_FLIGHT: u32 = 32 << 20;

/// What an operation weighs on its way, besides its event: a thousand of them are 1 MB.
const ENVELOPE: u64 = 1_024;

/// How long to wait before asking again for a folder that another process has.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What is said of a queue whose thread panicked.
const DIED: &str = "the thread of the queue panicked; a restart opens it again";

/// A queue in a file of its own folder, which no other process can use at the same time.
///
/// ```
/// use ocean_core::{EventQueue, NewEvent, Pushed, QueueOptions, SqliteQueue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let queue = SqliteQueue::open(folder, QueueOptions::new()).await?;
/// queue.push(NewEvent::new("/webhook", "{}")).await?;
/// queue.close().await;
///
/// let queue = SqliteQueue::open(folder, QueueOptions::new()).await?;
/// assert_eq!(queue.load(0, 10, 1_000).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteQueue {
    ledger: Arc<Ledger>,
    inbox: Sender<Envelope>,
    room: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteQueue {
    /// Opens the queue of a folder, and makes the folder if there is none.
    ///
    /// # Errors
    ///
    /// - [`QueueError::InUse`] when another process has the folder.
    /// - [`QueueError::NotWritable`] when this user cannot write there; a
    ///   [`MemoryQueue`](super::MemoryQueue) is what is left then.
    /// - [`QueueError::Storage`] when the disk fails.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the folder free.
    pub async fn open(
        folder: impl Into<PathBuf>,
        options: QueueOptions,
    ) -> Result<Self, QueueError> {
        Self::open_with(&folder.into(), options, Faults::default()).await
    }

    /// Whether a folder could be used; `false` when it is not there and could be made.
    ///
    /// Nothing is left behind, and what is in the folder is not touched.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), as far as the folder itself is the reason.
    pub fn examine(folder: &Path) -> Result<bool, QueueError> {
        Folder::examine(folder)
    }

    /// Opens the queue of a folder, and waits for another process to leave it, for at most `grace`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_within(
        folder: impl Into<PathBuf>,
        options: QueueOptions,
        grace: Duration,
    ) -> Result<Self, QueueError> {
        let folder = folder.into();
        let deadline = Instant::now() + grace;
        loop {
            let opened = Self::open_with(&folder, options.clone(), Faults::default()).await;
            let left = deadline.saturating_duration_since(Instant::now());
            match opened {
                Err(QueueError::InUse(_)) if !left.is_zero() => sleep(ASK_AGAIN.min(left)).await,
                opened => return opened,
            }
        }
    }

    async fn open_with(
        folder: &Path,
        options: QueueOptions,
        faults: Faults,
    ) -> Result<Self, QueueError> {
        let folder = folder.to_owned();
        let ledger = Arc::new(Ledger::new(options.clone()));
        let (inbox, requests) = channel();
        let (report, opened) = oneshot::channel();
        let books = Arc::clone(&ledger);
        let work = move || {
            let worker = Folder::take(&folder)
                .and_then(|folder| Worker::new(folder, options, faults, books));
            match worker {
                Err(error) => {
                    report.send(Err(error)).ok();
                }
                // Who gave up opening has no use for a queue.
                Ok(worker) => {
                    if report.send(Ok(())).is_ok() {
                        serve(worker, &requests);
                    }
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("ocean-queue".to_owned())
            .spawn(work)
            .map_err(|error| QueueError::Storage(error.to_string()))?;
        opened.await.map_err(|_no_report| QueueError::Closed)??;
        Ok(Self {
            ledger,
            inbox,
            room: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Room on the way to the disk; waits while others take it.
    async fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, QueueError> {
        let wanted = u32::try_from(bytes + ENVELOPE)
            .unwrap_or(IN_FLIGHT)
            .min(IN_FLIGHT);
        let room = Arc::clone(&self.room);
        room.acquire_many_owned(wanted)
            .await
            .map_err(|_closed| QueueError::Closed)
    }

    async fn ask<T>(
        &self,
        bytes: u64,
        request: impl FnOnce(Reply<T>) -> Request + Send,
    ) -> Result<T, QueueError> {
        let permit = Some(self.room(bytes).await?);
        let (reply, answer) = oneshot::channel();
        let request = request(reply);
        let sent = self.inbox.send(Envelope { request, permit });
        sent.map_err(|_closed| QueueError::Closed)?;
        answer.await.map_err(|_closed| QueueError::Closed)?
    }

    async fn change<T: Send + 'static>(
        &self,
        grows: Option<u64>,
        work: impl FnMut(&mut Transaction<'_>) -> rusqlite::Result<Result<T, QueueError>>
        + Send
        + 'static,
    ) -> Result<T, QueueError> {
        let request = |reply| {
            Request::Write(Box::new(Change {
                grows: grows.is_some(),
                work,
                outcome: Err(QueueError::Closed),
                reply,
            }))
        };
        self.ask(grows.unwrap_or(0), request).await
    }

    fn take_thread(&self) -> Option<JoinHandle<()>> {
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Serves until the end. A panic ends the queue: whoever waits for an answer and whoever asks later
/// is told that it is closed, and the folder is free.
fn serve(worker: Worker, requests: &Receiver<Envelope>) {
    if catch_unwind(AssertUnwindSafe(|| worker.run(requests))).is_err() {
        tracing::error!("{DIED}");
    }
}

#[async_trait]
impl EventQueue for SqliteQueue {
    async fn push(&self, event: NewEvent) -> Result<Pushed, QueueError> {
        self.change(Some(event.size()), move |transaction| {
            transaction.push(&event)
        })
        .await
    }

    async fn load(
        &self,
        after: u64,
        events: usize,
        bytes: usize,
    ) -> Result<Vec<QueuedEvent>, QueueError> {
        self.ask(0, |reply| Request::Load {
            after,
            events,
            bytes,
            reply,
        })
        .await
    }

    async fn end(&self, events: Vec<(u64, Ending)>) -> Result<(), QueueError> {
        self.change(None, move |transaction| {
            events
                .iter()
                .try_for_each(|(seq, ending)| transaction.end(*seq, ending))?;
            Ok(Ok(()))
        })
        .await
    }

    async fn note_attempts(&self, seq: u64, attempts: u32) -> Result<(), QueueError> {
        self.change(None, move |transaction| {
            transaction.note_attempts(seq, attempts).map(Ok)
        })
        .await
    }

    fn note_filtered(&self) {
        self.ledger.note_filtered();
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.ask(0, |reply| Request::Letters { reply }).await
    }

    async fn replay(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        self.change(None, move |transaction| {
            transaction.replay(seqs.as_deref()).map(Ok)
        })
        .await
    }

    async fn drop_letters(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        self.change(None, move |transaction| {
            let dropped = transaction.take_letters(seqs.as_deref())?;
            Ok(Ok(dropped.len()))
        })
        .await
    }

    fn counts(&self) -> QueueCounts {
        self.ledger.counts()
    }

    fn health(&self) -> QueueHealth {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        match thread.as_ref() {
            None => QueueHealth::Refusing(QueueError::Closed.to_string()),
            Some(thread) if thread.is_finished() => QueueHealth::Refusing(DIED.to_owned()),
            Some(_) => self.ledger.health(),
        }
    }

    async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        let request = Request::Close { reply };
        if self
            .inbox
            .send(Envelope {
                request,
                permit: None,
            })
            .is_ok()
        {
            closed.await.ok();
        }
        if let Some(thread) = self.take_thread() {
            // It has answered, and ends.
            thread.join().ok();
        }
    }
}

impl Drop for SqliteQueue {
    /// Waits for the thread, so that the folder is free afterwards.
    fn drop(&mut self) {
        let (reply, _nobody_waits) = oneshot::channel();
        let request = Request::Close { reply };
        self.inbox
            .send(Envelope {
                request,
                permit: None,
            })
            .ok();
        if let Some(thread) = self.take_thread() {
            thread.join().ok();
        }
    }
}
