//! Which of two writes to one entity is the newer one, when a resync and live events overlap?
//!
//! Start with [`Fence`]. Clocks decide nothing: whoever reads the source takes a [`Ticket`] before
//! the first request, and a write counts as old as its ticket.

mod claim;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use self::claim::Claims;
pub(crate) use self::claim::{Claim, name};
use crate::fingerprint::{Fingerprint, FingerprintMap, FingerprintSet, Fingerprints};

/// From this many remembered keys on it is worth looking for those that nobody needs any more.
const PRUNED_FROM: usize = 1024;

/// Keeps older content from overwriting newer content, for everything that writes to one catalog.
///
/// # Guarantees
///
/// - Nobody else writes a key that somebody holds, and nobody writes an entity that relates to one
///   that is being deleted: Port would make that again, as an empty one.
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
    /// What live events deleted or related to, by identifier alone.
    named: FingerprintMap<Named>,
    pruned_at: usize,
    claims: Claims,
}

#[derive(Debug, Clone, Copy)]
struct Touch {
    ticket: u64,
    deleted: bool,
    writer: Fingerprint,
}

/// The last tickets under which something happened to an identifier.
#[derive(Debug, Default, Clone, Copy)]
struct Named {
    deleted: u64,
    related_to: u64,
}

/// Whether content may be written that was read under a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing newer was written.
    Current,
    /// Newer content from the same writer is there, or the entity is gone.
    Outdated,
    /// Another writer was there in between, who does not know all that this content says. It has
    /// to be read again.
    Mixed,
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

    /// A ticket for content that is about to be read from the source. Content from the same
    /// `writer` is about the same fields of an entity.
    pub(crate) fn ticket(self: &Arc<Self>, writer: Fingerprint) -> Ticket {
        self.draw(false, writer)
    }

    /// A ticket for all that a resync is about to read.
    pub(crate) fn begin_run(self: &Arc<Self>) -> Ticket {
        self.draw(true, self.prints.of("", "resync"))
    }

    fn draw(self: &Arc<Self>, run: bool, writer: Fingerprint) -> Ticket {
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
            writer,
        }
    }

    /// The number of the resync that began last.
    pub(crate) fn last_run(&self) -> u64 {
        self.state().last_run
    }

    /// Waits until nobody touches what is claimed, and keeps everybody else from it.
    ///
    /// All of it is taken at once, so that two who want the same never wait for each other. Who
    /// deletes does not wait for those that relate to the entity and come later.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes nothing.
    pub(crate) async fn hold(self: &Arc<Self>, claim: Claim) -> Held {
        let mut announced = None;
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Registered before looking, so that nothing is freed in between unnoticed.
            freed.as_mut().enable();
            if self.state().claims.take(&claim) {
                return Held {
                    fence: Arc::clone(self),
                    claim,
                };
            }
            if announced.is_none() {
                announced = Some(Announced::new(self, &claim));
            }
            freed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Fence")
            .field("claims", &state.claims)
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
    writer: Fingerprint,
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

    /// Whether content that was read under this ticket may be written to a key.
    pub(crate) fn standing(&self, key: Fingerprint) -> Standing {
        let state = self.fence.state();
        match state.touched.get(&key) {
            Some(touch) if touch.ticket <= self.number => Standing::Current,
            Some(touch) if touch.writer == self.writer => Standing::Outdated,
            Some(_) => Standing::Mixed,
            None => Standing::Current,
        }
    }

    /// Whether a live event with newer content deleted an entity of this identifier, of whatever
    /// blueprint.
    pub(crate) fn was_name_deleted_since(&self, name: Fingerprint) -> bool {
        let state = self.fence.state();
        let named = state.named.get(&name);
        named.is_some_and(|named| named.deleted > self.number)
    }

    /// Whether a live event with newer content wrote something that relates to this identifier.
    pub(crate) fn was_related_to_since(&self, name: Fingerprint) -> bool {
        let state = self.fence.state();
        let named = state.named.get(&name);
        named.is_some_and(|named| named.related_to > self.number)
    }

    /// Notes what a live event is about to write and to delete; it must hold the claim. `false`,
    /// and nothing is noted, when a resync began after the ticket was drawn: what that reads may
    /// be newer, so the event has to be handled again.
    pub(crate) fn touch(&self, claim: &Claim) -> bool {
        let mut state = self.fence.state();
        if state.last_run > self.number {
            return false;
        }
        let (ticket, writer) = (self.number, self.writer);
        for (keys, deleted) in [(&claim.deleted, true), (&claim.written, false)] {
            for key in keys {
                let touch = Touch {
                    ticket,
                    deleted,
                    writer,
                };
                state.touched.insert(*key, touch);
            }
        }
        for name in &claim.deleted_names {
            state.named.entry(*name).or_default().deleted = ticket;
        }
        for name in &claim.target_names {
            state.named.entry(*name).or_default().related_to = ticket;
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
    fn remembered(&self) -> usize {
        self.touched.len() + self.named.len()
    }

    /// Forgets what is not newer than anything somebody works on.
    fn prune(&mut self) {
        let Some(&oldest) = self.outstanding.first() else {
            self.touched.clear();
            self.named.clear();
            self.pruned_at = 0;
            return;
        };
        if self.remembered() >= PRUNED_FROM.max(self.pruned_at * 2) {
            self.touched.retain(|_, touch| touch.ticket > oldest);
            self.named
                .retain(|_, named| named.deleted.max(named.related_to) > oldest);
            self.pruned_at = self.remembered();
        }
    }
}

/// What nobody else touches until this is dropped.
pub(crate) struct Held {
    fence: Arc<Fence>,
    claim: Claim,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.fence.state().claims.give_back(&self.claim);
        self.fence.freed.notify_waiters();
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.claim).finish()
    }
}

/// Somebody waits to delete these, so that those who relate to them and come later let him go first.
struct Announced<'a> {
    fence: &'a Fence,
    names: FingerprintSet,
}

impl<'a> Announced<'a> {
    fn new(fence: &'a Fence, claim: &Claim) -> Self {
        let names = claim.deleted_names.clone();
        fence.state().claims.announce(&names);
        Self { fence, names }
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.fence.state().claims.withdraw(&self.names);
        self.fence.freed.notify_waiters();
    }
}
