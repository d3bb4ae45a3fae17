//! What time does a simulator believe it is? [`Clock`], which a test can set off.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// A server's clock: the machine's time plus an offset that can be changed while it runs.
///
/// Clones share the offset. The `Date` header of every answer follows it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The time this server believes in.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_millis.load(Ordering::Relaxed));
        let now = Timestamp::now();
        now.checked_add(offset).unwrap_or(now)
    }

    /// Sets the clock ahead of the machine's time, or behind it when `offset` is negative.
    pub fn set_offset(&self, offset: SignedDuration) {
        let millis = i64::try_from(offset.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.store(millis, Ordering::Relaxed);
    }

    /// The text of a `Date` header at this moment.
    pub(crate) fn http_date(&self) -> Option<String> {
        DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&self.now())
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_offset() {
        let clock = Clock::default();
        clock.clone().set_offset(SignedDuration::from_mins(-10));
        let now = clock.now();
        let behind = Timestamp::now().duration_since(now);
        assert!(behind >= SignedDuration::from_mins(10), "{behind}");
        assert!(behind < SignedDuration::from_mins(11), "{behind}");
    }

    #[test]
    fn http_date_has_the_form_of_the_header() {
        let date = Clock::default().http_date().unwrap();
        assert!(date.ends_with(" GMT"), "{date}");
        assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
    }
}
