//! How many requests does a client send, and how do they end? [`HttpMeter`] counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

/// Counts what one client sends, attempt by attempt. Clients that share a meter are one client to
/// whoever reads it.
#[derive(Debug, Default)]
pub struct HttpMeter {
    succeeded: AtomicU64,
    refused: AtomicU64,
    server_errors: AtomicU64,
    unanswered: AtomicU64,
    repeated: AtomicU64,
    pauses: AtomicU64,
    paused_millis: AtomicU64,
}

/// What an [`HttpMeter`] has counted since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCounts {
    /// Attempts that were answered with a status below 400.
    pub succeeded: u64,
    /// Attempts that were answered with a status from 400 to 499.
    pub refused: u64,
    /// Attempts that were answered with a status from 500 on.
    pub server_errors: u64,
    /// Attempts without a whole answer.
    pub unanswered: u64,
    /// Those of all attempts that repeated a failed one.
    pub repeated: u64,
    /// How often the other system asked for a pause.
    pub pauses: u64,
    /// How long these pauses were, together.
    pub paused: Duration,
}

impl HttpMeter {
    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> HttpCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HttpCounts {
            succeeded: read(&self.succeeded),
            refused: read(&self.refused),
            server_errors: read(&self.server_errors),
            unanswered: read(&self.unanswered),
            repeated: read(&self.repeated),
            pauses: read(&self.pauses),
            paused: Duration::from_millis(read(&self.paused_millis)),
        }
    }

    /// Counts the end of an attempt; `status` is that of its answer.
    pub(super) fn note_attempt(&self, attempt: u32, status: Option<StatusCode>) {
        let counter = match status {
            None => &self.unanswered,
            Some(status) if status.is_server_error() => &self.server_errors,
            Some(status) if status.is_client_error() => &self.refused,
            Some(_) => &self.succeeded,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if attempt > 1 {
            self.repeated.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn note_pause(&self, length: Duration) {
        self.pauses.fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.paused_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_is_counted_once_by_its_end_and_repetitions_beside() {
        let meter = HttpMeter::default();
        for (attempt, status) in [
            (1, Some(StatusCode::SERVICE_UNAVAILABLE)),
            (2, None),
            (3, Some(StatusCode::OK)),
            (1, Some(StatusCode::NOT_FOUND)),
            (1, Some(StatusCode::FOUND)),
        ] {
            meter.note_attempt(attempt, status);
        }
        meter.note_pause(Duration::from_millis(1500));
        meter.note_pause(Duration::from_secs(1));
        let counted = HttpCounts {
            succeeded: 2,
            refused: 1,
            server_errors: 1,
            unanswered: 1,
            repeated: 2,
            pauses: 2,
            paused: Duration::from_millis(2500),
        };
        assert_eq!(meter.counts(), counted);
    }
}
