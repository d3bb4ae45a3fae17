//! Where do accepted live events wait until they are in the catalog? In an [`EventQueue`].
//!
//! There are two: one in a file that survives whatever the process does not, and one in memory for
//! tests and for folders that nobody may write to.

mod memory;
mod options;
mod sqlite;
#[cfg(test)]
mod suite;
mod window;

use std::fmt::Debug;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::memory::MemoryQueue;
pub use self::options::QueueOptions;
pub use self::sqlite::SqliteQueue;

/// Keeps accepted events and dead letters.
///
/// # Guarantees an implementation gives
///
/// - When [`push`](Self::push) returns [`Pushed::Accepted`], the event survives the death of the
///   process, and with a file also that of the machine.
/// - Sequence numbers grow with the order in which pushes were accepted, over restarts, too.
/// - An event is waiting, or it ended, or it is a dead letter: never none of them, never two.
/// - [`counts`](Self::counts) holds at every instant:
///   `accepted = applied + filtered + dead + pending`.
/// - Its size is bounded in events and in bytes; waiting events and dead letters share the bounds.
///
/// # Cancel safety
///
/// A dropped future may or may not have taken effect.
#[async_trait]
pub trait EventQueue: Debug + Send + Sync + 'static {
    /// Makes an event durable.
    ///
    /// # Errors
    ///
    /// When it is not durable; the sender is asked to send it again.
    async fn push(&self, event: NewEvent) -> Result<Pushed, QueueError>;

    /// The waiting events after a sequence number, oldest first: at most `events` of them, and no
    /// more once `bytes` of bodies are reached (but at least one). A damaged event is set aside
    /// and is not among them.
    ///
    /// # Errors
    ///
    /// When the queue cannot be read.
    async fn load(
        &self,
        after: u64,
        events: usize,
        bytes: usize,
    ) -> Result<Vec<QueuedEvent>, QueueError>;

    /// Notes that waiting events ended, all or none of them. One that does not wait is ignored.
    ///
    /// # Errors
    ///
    /// When that is not durable; the events will be handled once more.
    async fn end(&self, events: Vec<(u64, Ending)>) -> Result<(), QueueError>;

    /// Notes how many attempts a waiting event has spent.
    ///
    /// # Errors
    ///
    /// When that is not durable.
    async fn note_attempts(&self, seq: u64, attempts: u32) -> Result<(), QueueError>;

    /// Counts an event that was accepted and filtered at once, without waiting.
    fn note_filtered(&self);

    /// The dead letters, oldest first.
    ///
    /// # Errors
    ///
    /// When the queue cannot be read.
    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError>;

    /// Lets dead letters wait again, at the end of the queue and with no attempt spent; all of
    /// them when `seqs` is `None`. Returns how many there were.
    ///
    /// # Errors
    ///
    /// When that is not durable.
    async fn replay(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError>;

    /// Forgets dead letters; all of them when `seqs` is `None`. Returns how many there were.
    ///
    /// # Errors
    ///
    /// When that is not durable.
    async fn drop_letters(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError>;

    /// What happened to the events since the queue was opened. Events that waited then count as
    /// accepted.
    fn counts(&self) -> QueueCounts;

    /// Whether the next push is likely to succeed, and if not, why.
    fn health(&self) -> QueueHealth;

    /// Ends with everything durable that was acknowledged; later calls fail.
    async fn close(&self);
}

/// An event that was just accepted by a processor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEvent {
    /// The webhook path at which it arrived (`/webhook`).
    pub path: String,
    /// What tells the delivery from its repetition.
    pub delivery_id: Option<String>,
    /// Its headers in lower case, without credentials and signatures.
    pub headers: Vec<(String, String)>,
    /// The exact bytes of its body.
    pub body: Bytes,
    /// When it arrived.
    pub received_at: SystemTime,
}

impl NewEvent {
    /// An event that arrived now.
    pub fn new(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            path: path.into(),
            delivery_id: None,
            headers: Vec::new(),
            body: body.into(),
            received_at: SystemTime::now(),
        }
    }
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuedEvent {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// How many attempts it has spent.
    pub attempts: u32,
    /// The event.
    pub event: NewEvent,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pushed {
    /// It waits, durably, under this sequence number.
    Accepted(u64),
    /// An event with its delivery identifier and path was accepted within the window.
    Duplicate,
}

/// How a waiting event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The catalog acknowledged what it changed.
    Applied,
    /// No processor or no resource of the mapping is concerned.
    Filtered,
    /// It could not be handled and is kept as a dead letter.
    Dead {
        /// Which processor and resource failed, and why; without secrets and payloads.
        reason: String,
        /// How many attempts were spent.
        attempts: u32,
    },
}

/// An event that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// The event.
    pub event: NewEvent,
    /// Why.
    pub reason: String,
    /// How many attempts were spent.
    pub attempts: u32,
    /// Since when it is one.
    pub died_at: SystemTime,
}

/// What happened to the events since a queue was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Accepted, those included that waited when the queue was opened and those replayed.
    pub accepted: u64,
    /// In the catalog.
    pub applied: u64,
    /// Of no concern to any processor or resource.
    pub filtered: u64,
    /// Became dead letters.
    pub dead: u64,
    /// Waiting or being handled.
    pub pending: u64,
    /// Repetitions, which are not accepted.
    pub duplicates: u64,
    /// Damaged events that were set aside with the evidence; they count as dead, too.
    pub damaged: u64,
    /// Bytes of the events that wait: their bodies, headers and names.
    pub pending_bytes: u64,
    /// Dead letters that are kept, from before as well.
    pub dead_letters: u64,
}

/// Whether events can be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueHealth {
    /// Events are accepted and survive the process.
    Durable,
    /// Events are accepted, but only in memory: what waits dies with the process.
    InMemory,
    /// Events are refused for this reason.
    Refusing(String),
}

/// The queue did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// Its bound is reached.
    #[error("the queue is full: {0}")]
    Full(String),
    /// Its storage failed, for example because the disk is full.
    #[error("the queue's storage failed: {0}")]
    Storage(String),
    /// Its folder cannot be written by this user, or not at all.
    #[error("the folder of the queue cannot be written: {0}")]
    NotWritable(String),
    /// Another process uses the folder.
    #[error("another process uses {0}")]
    InUse(String),
    /// It was closed.
    #[error("the queue is closed")]
    Closed,
}
