//! Where does mapping run, so that it never holds up the runtime?
//!
//! A [`MapperPool`] owns threads with large stacks. Batches wait in a bounded queue; a thread takes
//! one and maps it item by item. The budget of an item ends nearly everything that runs away; for
//! the rest a watchdog gives a thread up that does not come back, lets nobody evaluate that
//! expression again, and hands the other items of the batch to another thread.

mod job;
mod places;
mod shared;
#[cfg(test)]
mod tests;
mod watchdog;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, io};

use tokio::sync::oneshot;

use crate::batch::Batch;

use self::job::Job;
use self::places::Places;
use self::shared::Shared;
use super::mapped::Mapped;
use super::resource::{MapOptions, ResourceMapper};

/// Batches that may wait per thread: enough that a thread never waits for the next one.
const WAITING_PER_THREAD: usize = 2;

/// How long a thread may take for an item before it is given up. The budget allows 10 seconds and
/// is checked between steps; a single step on a large value takes a while.
const PATIENCE: Duration = Duration::from_secs(15);

/// Threads that map batches beside the runtime.
///
/// Dropping it lets the threads finish the item they are at and joins them.
pub struct MapperPool {
    threads: Option<Threads>,
    item_timeout: Option<Duration>,
}

struct Threads {
    shared: Arc<Shared>,
    places: Places,
    watchdog: Option<JoinHandle<()>>,
}

impl MapperPool {
    /// A pool with a thread per processor.
    ///
    /// # Errors
    ///
    /// When the system gives no threads.
    pub fn new() -> io::Result<Self> {
        Self::with_threads(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// A pool with this many threads.
    ///
    /// # Errors
    ///
    /// When the system gives no threads.
    pub fn with_threads(threads: NonZeroUsize) -> io::Result<Self> {
        Self::start(threads, PATIENCE)
    }

    /// A pool without threads, which maps on the task that asks.
    ///
    /// For tests under paused time: tokio's clock runs ahead while it waits for a thread it does
    /// not know.
    #[must_use]
    pub const fn inline() -> Self {
        Self {
            threads: None,
            item_timeout: None,
        }
    }

    /// Gives an item less time than the ten seconds of its budget; more has no effect.
    #[must_use]
    pub const fn item_timeout(mut self, timeout: Duration) -> Self {
        self.item_timeout = Some(timeout);
        self
    }

    fn start(threads: NonZeroUsize, patience: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(patience));
        // Made before the threads, so that its drop stops those that did start.
        let mut pool = Threads {
            shared: Arc::clone(&shared),
            places: Places::new(threads.get() * (1 + WAITING_PER_THREAD)),
            watchdog: None,
        };
        for _ in 0..threads.get() {
            worker::spawn(&shared)?;
        }
        pool.watchdog = Some(watchdog::spawn(&shared)?);
        Ok(Self {
            threads: Some(pool),
            item_timeout: None,
        })
    }

    /// Maps a batch. Items that fail are part of the result.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the work on the batch after the item at hand.
    ///
    /// # Errors
    ///
    /// When no thread is left to map it.
    pub async fn map(
        &self,
        mapper: Arc<ResourceMapper>,
        batch: Batch,
        options: MapOptions,
    ) -> Result<Mapped, MapError> {
        let options = match self.item_timeout {
            Some(timeout) => options.within(timeout),
            None => options,
        };
        let Some(threads) = &self.threads else {
            return Ok(mapper.map(&batch, options));
        };
        let place = threads.places.take().await;
        let (reply, answer) = oneshot::channel();
        threads
            .shared
            .submit(Job::new(mapper, batch, options, reply, place))?;
        answer.await.map_err(|_dropped| MapError)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(watchdog) = self.watchdog.take() {
            // It does nothing that could panic; if it did, there is nobody left to tell.
            drop(watchdog.join());
        }
        self.shared.join();
    }
}

impl fmt::Debug for MapperPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapperPool")
            .field("inline", &self.threads.is_none())
            .finish_non_exhaustive()
    }
}

/// No thread is left to map anything: all were lost to expressions that never came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no mapper thread is left: too many expressions of the mapping never came back")]
#[non_exhaustive]
pub struct MapError;
