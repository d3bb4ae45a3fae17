//! Which of two writes to one entity is the newer one, when a resync and live events overlap?
//!
//! Start with [`Fence`]. Clocks decide nothing: whoever reads the source takes a [`Ticket`] before
//! the first request, and a write counts as old as its ticket.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::fingerprint::{Fingerprint, FingerprintMap, FingerprintSet, Fingerprints};

/// From this many remembered keys on it is worth looking for those that nobody needs any more.
const PRUNED_FROM: usize = 1024;

/// Keeps older content from overwriting newer content, for everything that writes to one catalog.
///
/// # Guarantees
///
/// - Nobody else writes a key that somebody holds.
/// - What a live event wrote or deleted is remembered as long as somebody works on content that
///   may be older.
///
/// # Caveats
///
/// - A resync has one ticket, taken when it begins. It leaves alone what a live event touched
///   since, although a page may be newer than that: the event that told of the newer content
///   follows, or the next resync does.
/// - An entity whose identifier is a query has no key and is not fenced.
#[derive(Default)]
pub struct Fence {
    prints: Fingerprints,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    last_ticket: u64,
    last_run: u64,
    /// Tickets that somebody works under.
    outstanding: BTreeSet<u64>,
    /// What live events wrote or deleted, under which ticket.
    touched: FingerprintMap<Touch>,
    pruned_at: usize,
    held: FingerprintSet,
}

#[derive(Debug, Clone, Copy)]
struct Touch {
    ticket: u64,
    deleted: bool,
}

impl Fence {
    /// A fence for one catalog; share it between the engines that write to it.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Draws the fingerprints that everything else here is asked with.
    pub(crate) const fn prints(&self) -> &Fingerprints {
        &self.prints
    }

    /// A ticket for content that is about to be read from the source.
    pub(crate) fn ticket(self: &Arc<Self>) -> Ticket {
        self.draw(false)
    }

    /// A ticket for all that a resync is about to read.
    pub(crate) fn begin_run(self: &Arc<Self>) -> Ticket {
        self.draw(true)
    }

    fn draw(self: &Arc<Self>, run: bool) -> Ticket {
        let mut state = self.state();
        state.last_ticket += 1;
        let number = state.last_ticket;
        state.outstanding.insert(number);
        if run {
            state.last_run = number;
        }
        Ticket {
            fence: Arc::clone(self),
            number,
        }
    }

    /// Waits until nobody writes any of these keys, and keeps everybody else from it.
    ///
    /// All of them are taken at once, so that two who want the same keys never wait for each
    /// other.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes nothing.
    pub(crate) async fn hold(
        self: &Arc<Self>,
        keys: impl IntoIterator<Item = Fingerprint> + Send,
    ) -> Held {
        let mut keys: Vec<Fingerprint> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Registered before looking, so that nothing is freed in between unnoticed.
            freed.as_mut().enable();
            if self.try_hold(&keys) {
                return Held {
                    fence: Arc::clone(self),
                    keys,
                };
            }
            freed.await;
        }
    }

    fn try_hold(&self, keys: &[Fingerprint]) -> bool {
        let mut state = self.state();
        let free = keys.iter().all(|key| !state.held.contains(key));
        if free {
            state.held.extend(keys);
        }
        free
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Fence")
            .field("held", &state.held.len())
            .field("touched", &state.touched.len())
            .finish_non_exhaustive()
    }
}

/// Says how old content is: as old as the moment before the request that fetched it.
///
/// As long as it lives, everything newer is remembered.
pub(crate) struct Ticket {
    fence: Arc<Fence>,
    number: u64,
}

impl Ticket {
    /// Whether newer content of this key was written, or the entity was deleted, by a live event.
    pub(crate) fn is_outdated(&self, key: Fingerprint) -> bool {
        let state = self.fence.state();
        let touch = state.touched.get(&key);
        touch.is_some_and(|touch| touch.ticket > self.number)
    }

    /// Whether a live event with newer content deleted the entity and none wrote it again.
    pub(crate) fn was_deleted_since(&self, key: Fingerprint) -> bool {
        let state = self.fence.state();
        let touch = state.touched.get(&key);
        touch.is_some_and(|touch| touch.deleted && touch.ticket > self.number)
    }

    /// Notes that a live event is about to write some keys and to delete others; it must hold
    /// them. `false`, and nothing is noted, when a resync began after the ticket was drawn: what
    /// that reads may be newer, so the event has to be handled again.
    pub(crate) fn touch(&self, written: &[Fingerprint], deleted: &[Fingerprint]) -> bool {
        let mut state = self.fence.state();
        if state.last_run > self.number {
            return false;
        }
        for (keys, deleted) in [(deleted, true), (written, false)] {
            let ticket = self.number;
            let touched = keys.iter().map(|key| (*key, Touch { ticket, deleted }));
            state.touched.extend(touched);
        }
        true
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.fence.state();
        state.outstanding.remove(&self.number);
        state.prune();
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.number).finish()
    }
}

impl State {
    /// Forgets what is not newer than anything somebody works on.
    fn prune(&mut self) {
        let Some(&oldest) = self.outstanding.first() else {
            self.touched.clear();
            self.pruned_at = 0;
            return;
        };
        if self.touched.len() >= PRUNED_FROM.max(self.pruned_at * 2) {
            self.touched.retain(|_, touch| touch.ticket > oldest);
            self.pruned_at = self.touched.len();
        }
    }
}

/// Keys that nobody else writes until this is dropped.
pub(crate) struct Held {
    fence: Arc<Fence>,
    keys: Vec<Fingerprint>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.fence.state();
        for key in &self.keys {
            state.held.remove(key);
        }
        drop(state);
        self.fence.freed.notify_waiters();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.keys.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn key(fence: &Fence, identifier: &str) -> Fingerprint {
        fence.prints().of("issue", identifier)
    }

    #[tokio::test]
    async fn older_content_is_outdated_by_a_newer_write_and_not_the_other_way_round() {
        let fence = Fence::new();
        let a = key(&fence, "A");
        let (older, newer) = (fence.ticket(), fence.ticket());
        let held = fence.hold([a]).await;
        assert!(newer.touch(&held.keys, &[]));
        assert!(older.is_outdated(a));
        assert!(!newer.is_outdated(a));
        assert!(!older.was_deleted_since(a));
        assert!(newer.touch(&[], &held.keys));
        assert!(older.was_deleted_since(a));
    }

    #[tokio::test]
    async fn an_event_that_was_fetched_before_a_resync_began_is_handled_again() {
        let fence = Fence::new();
        let event = fence.ticket();
        let run = fence.begin_run();
        let held = fence.hold([key(&fence, "A")]).await;
        assert!(!event.touch(&held.keys, &[]));
        assert!(!run.is_outdated(key(&fence, "A")));
        assert!(fence.ticket().touch(&held.keys, &[]));
        assert!(run.is_outdated(key(&fence, "A")));
    }

    #[tokio::test]
    async fn a_key_is_held_by_one_at_a_time_and_all_keys_are_taken_at_once() {
        let fence = Fence::new();
        let (a, b) = (key(&fence, "A"), key(&fence, "B"));
        let first = fence.hold([a]).await;
        assert!(fence.hold([b, a]).now_or_never().is_none());
        assert!(
            fence.hold([b]).now_or_never().is_some(),
            "nothing is held while waiting"
        );
        let mut both = Box::pin(fence.hold([a, b, a]));
        assert!(both.as_mut().now_or_never().is_none());
        drop(first);
        assert!(both.now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_nobody_needs_is_forgotten_and_what_a_run_needs_is_not() {
        let fence = Fence::new();
        let run = fence.begin_run();
        for number in 0..3 * PRUNED_FROM {
            let held = fence.hold([key(&fence, &number.to_string())]).await;
            fence.ticket().touch(&held.keys, &[]);
        }
        assert_eq!(fence.state().touched.len(), 3 * PRUNED_FROM);
        drop(run);
        assert_eq!(fence.state().touched.len(), 0);
        let slow = fence.ticket();
        for number in 0..3 * PRUNED_FROM {
            let held = fence.hold([key(&fence, &number.to_string())]).await;
            slow.touch(&held.keys, &[]);
            drop(fence.ticket());
        }
        assert!(fence.state().touched.len() < 2 * PRUNED_FROM);
    }
}
