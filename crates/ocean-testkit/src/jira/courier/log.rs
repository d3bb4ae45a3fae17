//! What happened to the events so far? [`DeliveryLog`].

use std::collections::VecDeque;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use tokio::sync::Notify;

use super::Parcel;

/// Older attempts are forgotten, but stay counted.
const KEPT_ATTEMPTS: usize = 65_536;

/// One attempt to deliver a webhook event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// Where to.
    pub url: String,
    /// The name of the event.
    pub event: String,
    /// What tells this event from others, the same for each attempt.
    pub identifier: String,
    /// How many attempts were made before this one.
    pub attempt: u32,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
}

/// How many webhook events there were. One for several webhooks counts for each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeliveryCounts {
    /// Not delivered yet.
    pub waiting: u64,
    /// Answered with a 2xx.
    pub delivered: u64,
    /// Given up.
    pub failed: u64,
    /// Calls that were made, whatever came of them.
    pub attempts: u64,
}

/// The last attempts and the counts of all.
#[derive(Debug, Default)]
pub(crate) struct DeliveryLog {
    attempts: VecDeque<Delivery>,
    counts: DeliveryCounts,
    idle: Arc<Notify>,
}

impl DeliveryLog {
    pub(crate) const fn counts(&self) -> DeliveryCounts {
        self.counts
    }

    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Delivery> {
        self.attempts.iter()
    }

    /// Tells of the moments at which nothing waits any more.
    pub(crate) fn idle(&self) -> Arc<Notify> {
        Arc::clone(&self.idle)
    }

    pub(crate) const fn accepted(&mut self) {
        self.counts.waiting += 1;
    }

    /// An event did not fit into the outbox.
    pub(crate) fn refused(&mut self, parcel: &Parcel) {
        self.ended(false);
        self.keep(parcel, 0, None);
    }

    pub(super) fn attempted(
        &mut self,
        parcel: &Parcel,
        attempt: u32,
        status: Option<StatusCode>,
        again: bool,
    ) {
        self.counts.attempts += 1;
        self.keep(parcel, attempt, status);
        if !again {
            self.ended(status.is_some_and(|status| status.is_success()));
        }
    }

    fn ended(&mut self, delivered: bool) {
        let ended = match delivered {
            true => &mut self.counts.delivered,
            false => &mut self.counts.failed,
        };
        *ended += 1;
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        if self.counts.waiting == 0 {
            self.idle.notify_waiters();
        }
    }

    fn keep(&mut self, parcel: &Parcel, attempt: u32, status: Option<StatusCode>) {
        if self.attempts.len() >= KEPT_ATTEMPTS {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Delivery {
            url: parcel.url.clone(),
            event: parcel.event.clone(),
            identifier: parcel.identifier.clone(),
            attempt,
            status: status.map(|status| status.as_u16()),
        });
    }
}
