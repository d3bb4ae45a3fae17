//! How much does a queue keep, and for how long does it know a delivery again? [`QueueOptions`].

use std::time::Duration;

use super::{NewEvent, QueueError};

/// The bounds of a queue. The defaults suit one integration on a small machine.
///
/// ```
/// use std::time::Duration;
///
/// use ocean_core::QueueOptions;
///
/// let options = QueueOptions::new().max_events(10_000).window(Duration::from_secs(3600));
/// assert_eq!(options.max_bytes, 1 << 30);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueOptions {
    /// How many events may be kept, dead letters included. 1,000,000: at a thousand events per
    /// second, a quarter of an hour during which nothing is handled.
    pub max_events: u64,
    /// How many bytes of events may be kept, dead letters included. 1 GiB: half a million events
    /// of 2 KiB.
    pub max_bytes: u64,
    /// For how long a delivery is known again. 24 hours: senders give up repeating before that.
    pub window: Duration,
    /// How many deliveries are known again at most. 100,000: some 20 MB on disk.
    pub window_ids: usize,
    /// How much disk space is kept free for noting what ended when the disk is full. 8 MiB: twice
    /// what the write-ahead log grows to before it is folded into the file.
    pub reserve_bytes: u64,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            max_events: 1_000_000,
            max_bytes: 1 << 30,
            window: Duration::from_secs(24 * 60 * 60),
            window_ids: 100_000,
            reserve_bytes: 8 << 20,
        }
    }
}

impl QueueOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes [`max_events`](Self#structfield.max_events).
    #[must_use]
    pub fn max_events(mut self, events: u64) -> Self {
        self.max_events = events;
        self
    }

    /// Changes [`max_bytes`](Self#structfield.max_bytes).
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Changes [`window`](Self#structfield.window).
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Changes [`window_ids`](Self#structfield.window_ids).
    #[must_use]
    pub fn window_ids(mut self, ids: usize) -> Self {
        self.window_ids = ids;
        self
    }

    /// Changes [`reserve_bytes`](Self#structfield.reserve_bytes).
    #[must_use]
    pub fn reserve_bytes(mut self, bytes: u64) -> Self {
        self.reserve_bytes = bytes;
        self
    }
}

/// What a queue holds, to be compared with its bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

impl Kept {
    /// Whether one more event of this size would be within the bounds.
    pub(super) fn room_for(self, size: u64, options: &QueueOptions) -> Result<(), QueueError> {
        if self.events >= options.max_events {
            return Err(QueueError::Full(format!("{} events are kept", self.events)));
        }
        if self.bytes.saturating_add(size) > options.max_bytes {
            return Err(QueueError::Full(format!("{} bytes are kept", self.bytes)));
        }
        Ok(())
    }
}

impl NewEvent {
    /// What it weighs in a queue: its body and all its texts.
    pub(super) fn size(&self) -> u64 {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let id = self.delivery_id.as_ref().map_or(0, String::len);
        (self.body.len() + self.path.len() + id + headers) as u64
    }
}

/// The longest reason that is kept with a dead letter; an error chain is far shorter.
const MAX_REASON: usize = 4_096;

/// The reason of a dead letter, cut so that failures cannot fill the disk.
pub(super) fn bounded_reason(reason: String) -> String {
    if reason.len() <= MAX_REASON {
        return reason;
    }
    let whole = reason.char_indices().take_while(|(at, _)| *at < MAX_REASON);
    whole.map(|(_, char)| char).chain(['…']).collect()
}
