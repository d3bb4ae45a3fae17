//! Who brings webhook events to those who registered for them?
//!
//! One [`Courier`] per twin. First attempts leave in the order of the changes (or shuffled on
//! request), so many at a time as [`DeliveryRules`] say; what fails is tried again later, beside
//! the events that came after it, as Jira does.

mod connections;
mod log;
mod parcel;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::connections::{Answer, Connections};
pub(crate) use self::log::DeliveryLog;
pub use self::log::{Delivery, DeliveryCounts};
pub(crate) use self::parcel::Parcel;
use super::config::DeliveryRules;
use super::data::dice::{Dice, Stream};
use super::state::Shared;

/// Takes events out of the outbox and delivers them. Dropping it ends all deliveries.
#[derive(Debug)]
pub(super) struct Courier {
    shared: Arc<Shared>,
    connections: Arc<Connections>,
    deliveries: JoinSet<()>,
    /// As many permits as deliveries may be under way, and how many that was.
    places: (Arc<Semaphore>, usize),
    /// Events among which the next one is drawn.
    hand: Vec<Parcel>,
    dice: Dice,
}

impl Courier {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let seed = shared.with_site(|site| site.config().seed);
        Self {
            shared,
            connections: Arc::default(),
            deliveries: JoinSet::new(),
            places: (Arc::new(Semaphore::new(1)), 1),
            hand: Vec::new(),
            dice: Dice::new(seed, Stream::Change, 1),
        }
    }

    /// Delivers until the outbox is closed.
    pub(super) async fn run(mut self, mut outbox: Receiver<Parcel>) {
        while let Some(parcel) = self.next(&mut outbox).await {
            let rules = self.shared.rules().delivery;
            let places = self.places(rules.concurrency);
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            while self.deliveries.try_join_next().is_some() {}
            let delivery = Attempts {
                shared: Arc::clone(&self.shared),
                connections: Arc::clone(&self.connections),
                places,
                rules,
            };
            self.deliveries.spawn(delivery.make(parcel, place));
        }
    }

    /// The next event, drawn from those that wait if they are to be shuffled.
    async fn next(&mut self, outbox: &mut Receiver<Parcel>) -> Option<Parcel> {
        if self.hand.is_empty() {
            self.hand.push(outbox.recv().await?);
        }
        let wanted = self.shared.rules().delivery.shuffle.max(1);
        while self.hand.len() < wanted {
            match outbox.try_recv() {
                Ok(parcel) => self.hand.push(parcel),
                Err(_) => break,
            }
        }
        let drawn = match self.hand.len() {
            1 => 0,
            many => self.dice.position(many),
        };
        Some(self.hand.remove(drawn))
    }

    fn places(&mut self, concurrency: usize) -> Arc<Semaphore> {
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        if self.places.1 != concurrency {
            self.places = (Arc::new(Semaphore::new(concurrency)), concurrency);
        }
        Arc::clone(&self.places.0)
    }
}

/// What the attempts to deliver one event need.
struct Attempts {
    shared: Arc<Shared>,
    connections: Arc<Connections>,
    places: Arc<Semaphore>,
    rules: DeliveryRules,
}

impl Attempts {
    async fn make(self, parcel: Parcel, place: OwnedSemaphorePermit) {
        let mut place = Some(place);
        for attempt in 0..=self.rules.retries {
            let answer = self.call(&parcel, attempt).await;
            drop(place.take());
            let status = answer.as_ref().map(|answer| answer.status);
            let again = parcel.is_deliverable()
                && attempt < self.rules.retries
                && status.is_none_or(is_retried);
            self.shared
                .deliveries()
                .attempted(&parcel, attempt, status, again);
            if !again {
                return;
            }
            sleep(self.pause(answer.and_then(|answer| answer.retry_after))).await;
            place = Arc::clone(&self.places).acquire_owned().await.ok();
        }
    }

    /// The answer, if there was one in time.
    async fn call(&self, parcel: &Parcel, attempt: u32) -> Option<Answer> {
        let request = parcel.request(attempt)?;
        let authority = parcel.authority()?;
        let patience = Duration::from_millis(self.rules.patience_ms);
        let answer = timeout(patience, self.connections.send(authority, request)).await;
        answer.ok()?.ok()
    }

    fn pause(&self, asked_for: Option<Duration>) -> Duration {
        let own = Duration::from_millis(self.rules.retry_delay_ms);
        let longest = Duration::from_millis(self.rules.longest_delay_ms).max(own);
        asked_for.unwrap_or(own).clamp(own, longest)
    }
}

/// The statuses after which Jira tries again.
fn is_retried(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 409 | 425 | 429) || status.is_server_error()
}
