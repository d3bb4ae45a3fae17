//! Why were events not handled, and what comes of it?
//!
//! Start with [`Failure`].

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::error::{ErrorClass, SourceError, error_chain};

/// Attempts that an event may spend.
pub(super) const MAX_ATTEMPTS: u32 = 4;
/// The longest delay between two attempts.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// The longest delay while the other side is not there.
const LONGEST_OUTAGE_DELAY: Duration = Duration::from_secs(60);

/// A batch that could not be handled.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// Which processor and resource, or what at Port, and why.
    pub(super) reason: String,
    /// The other side asked not to be called before this moment.
    pub(super) not_before: Option<SystemTime>,
}

/// What a failure means for the events of the batch. The order is that of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailureKind {
    /// A resync began in between; nothing is wrong.
    Again,
    /// The other side may not be there. It costs an attempt only while others succeed.
    Passing,
    /// It costs an attempt.
    Attempt,
    /// Trying again would fail again.
    Permanent,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            not_before: None,
        }
    }

    /// An author's error, with where it happened.
    pub(super) fn of_source(place: &str, error: &SourceError) -> Self {
        let kind = match error.class() {
            ErrorClass::Retryable | ErrorClass::Unauthorized => FailureKind::Passing,
            ErrorClass::Permanent => FailureKind::Permanent,
        };
        Self {
            kind,
            reason: format!("{place}: {}", error_chain(error)),
            not_before: error.retry_at(),
        }
    }

    /// Two failures of processors of one batch. While one of them may pass, the events wait for it
    /// before they are given up: what that processor has to say would be missing.
    pub(super) fn beside(self, other: Self) -> Self {
        match (self.kind, other.kind) {
            (FailureKind::Permanent, kind) if kind < FailureKind::Permanent => other,
            (kind, FailureKind::Permanent) if kind < FailureKind::Permanent => self,
            _ => self.and(other),
        }
    }

    /// What there is of two failures of one batch, [joined](Self::and).
    pub(super) fn either(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        }
    }

    /// The worse of two failures of one batch; the reasons are joined.
    pub(super) fn and(self, other: Self) -> Self {
        let (worse, milder) = if other.kind > self.kind {
            (other, self)
        } else {
            (self, other)
        };
        Self {
            kind: worse.kind,
            reason: format!("{}; {}", worse.reason, milder.reason),
            not_before: worse.not_before.max(milder.not_before),
        }
    }
}

/// Whether the other side is there, as far as the last batches tell.
///
/// One event that fails again and again says nothing. When different ones do, without any that
/// succeeds, only one batch at a time tries whether that has changed. A batch that fails for another
/// reason than that nobody is there lets the others go on, on trial: it may have met somebody.
#[derive(Debug, Default)]
pub(super) struct Outage {
    last_failed: Option<u64>,
    failed: u32,
    until: Option<Instant>,
}

impl Outage {
    pub(super) fn note_success(&mut self) {
        *self = Self::default();
    }

    /// Notes that a batch, named by its first event, failed because the other side is not there.
    pub(super) fn note_failure(&mut self, seq: u64) {
        if self.last_failed.replace(seq) != Some(seq) {
            self.failed = self.failed.saturating_add(1);
        }
        if let Some(delays) = self.failed.checked_sub(2) {
            self.until = Some(Instant::now() + delay_in_outage(delays));
        }
    }

    /// Notes that a batch failed in a way that does not pass by itself. The first one that fails
    /// because nobody is there ends the trial, and the wait is as long as it would have been.
    pub(super) fn note_other_failure(&mut self) {
        self.until = None;
    }

    /// Until when nothing is tried; a moment in the past means that one batch may try.
    pub(super) const fn until(&self) -> Option<Instant> {
        self.until
    }
}

/// How long to wait before the next attempt: 2, 4, 8 seconds, as the original does.
pub(super) fn delay_before(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(5)).min(LONGEST_DELAY)
}

/// How long to wait while the other side is not there: a random part of 1, 2, 4 ... 60 seconds, so
/// that what waits does not come back all at once.
pub(super) fn delay_in_outage(delays: u32) -> Duration {
    let bound = Duration::from_secs(1 << delays.min(6)).min(LONGEST_OUTAGE_DELAY);
    bound.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_waiting(outage: &Outage) -> bool {
        outage.until().is_some_and(|until| until > Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn one_event_that_fails_again_and_again_is_no_outage() {
        let mut outage = Outage::default();
        for _ in 0..10 {
            outage.note_failure(1);
        }
        assert!(!is_waiting(&outage));
        outage.note_failure(2);
        assert!(is_waiting(&outage));
    }

    #[tokio::test(start_paused = true)]
    async fn another_failure_lets_all_go_on_until_the_next_one_finds_nobody() {
        let mut outage = Outage::default();
        for seq in 0..20 {
            outage.note_failure(seq);
        }
        outage.note_other_failure();
        assert!(outage.until().is_none());
        outage.note_failure(20);
        let wait = outage.until().map(|until| until - Instant::now());
        assert!(wait >= Some(LONGEST_OUTAGE_DELAY / 2), "{wait:?}");
        outage.note_success();
        outage.note_failure(21);
        assert!(outage.until().is_none(), "a success ends the outage");
    }
}
