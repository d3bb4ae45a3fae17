//! Which connections are open, which one gives way to a new one, and which took too long?
//! [`Slots`] knows.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::options::ServerOptions;
use super::phase::{Observed, Phase, Slot};

/// How long a closed connection may go on to send what nobody reads. Without this pause the
/// system would reset the connection, and its sender might not see the answer.
const LINGER: Duration = Duration::from_secs(1);

/// The open connections by the number of their task.
#[derive(Debug)]
pub(super) struct Slots<K> {
    open: HashMap<K, Arc<Slot>>,
    deadlines: Deadlines,
}

#[derive(Debug)]
struct Deadlines {
    idle: Duration,
    head: Duration,
    body: Duration,
}

impl<K: Hash + Eq> Slots<K> {
    pub(super) fn new(options: &ServerOptions) -> Self {
        Self {
            open: HashMap::with_capacity(options.max_connections),
            deadlines: Deadlines {
                idle: options.idle_timeout,
                head: options.header_timeout,
                // The reader of the body answers first; this is for when it cannot.
                body: options.body_timeout.saturating_mul(2),
            },
        }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn add(&mut self, key: K, slot: Arc<Slot>) {
        self.open.insert(key, slot);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.open.remove(key);
    }

    /// Closes the connection that has been waiting longest for its sender, one without a request
    /// first. `false` when all of them are answering.
    pub(super) fn make_room(&self) -> bool {
        while let Some((slot, observed)) = self
            .waiting()
            .min_by_key(|(_, seen)| (seen.phase == Phase::Body, Reverse(seen.lasting)))
        {
            // Otherwise it went on in between, and another one is the oldest now.
            if slot.evict(observed) {
                return true;
            }
        }
        false
    }

    /// Closes the connections that took too long.
    pub(super) fn sweep(&self) {
        for (slot, observed) in self.waiting() {
            if observed.lasting >= self.deadlines.of(observed.phase) {
                slot.evict(observed);
            }
        }
    }

    /// How often [`sweep`](Self::sweep) has to be called: a deadline is overrun by a quarter at
    /// most.
    pub(super) fn sweep_every(&self) -> Duration {
        let Deadlines { idle, head, body } = self.deadlines;
        let shortest = idle.min(head).min(body).min(LINGER);
        (shortest / 4).max(Duration::from_millis(1))
    }

    fn waiting(&self) -> impl Iterator<Item = (&Slot, Observed)> {
        self.open
            .values()
            .filter_map(|slot| Some((&**slot, slot.observe()?)))
            .filter(|(_, observed)| observed.phase != Phase::Handling)
    }
}

impl Deadlines {
    const fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Idle => self.idle,
            Phase::Head => self.head,
            Phase::Linger => LINGER,
            Phase::Body => self.body,
            Phase::Handling => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections in these phases, each a second longer than the one after it.
    fn open(options: &ServerOptions, phases: &[Phase]) -> (Slots<usize>, Vec<Arc<Slot>>) {
        let mut slots = Slots::new(options);
        let aged = |(place, phase): (usize, &Phase)| {
            let seconds = (phases.len() - place) as u64;
            Arc::new(Slot::lasting(*phase, Duration::from_secs(seconds)))
        };
        let open: Vec<_> = phases.iter().enumerate().map(aged).collect();
        for (key, slot) in open.iter().enumerate() {
            slots.add(key, Arc::clone(slot));
        }
        (slots, open)
    }

    fn left(open: &[Arc<Slot>]) -> Vec<usize> {
        let held = open.iter().enumerate();
        held.filter_map(|(key, slot)| slot.observe().map(|_| key))
            .collect()
    }

    #[test]
    fn the_oldest_without_a_request_gives_way_first_then_the_oldest_body() {
        let phases = [
            Phase::Body,
            Phase::Handling,
            Phase::Idle,
            Phase::Body,
            Phase::Head,
        ];
        let (slots, open) = open(&ServerOptions::new(), &phases);
        let mut gone = Vec::new();
        for _ in 0..4 {
            let before = left(&open);
            assert!(slots.make_room());
            let after = left(&open);
            gone.extend(before.into_iter().filter(|key| !after.contains(key)));
        }

        assert_eq!(gone, [2, 4, 0, 3]);
        assert!(!slots.make_room(), "one that answers never gives way");
    }

    #[test]
    fn only_what_took_too_long_is_swept() {
        let options = ServerOptions::new()
            .header_timeout(Duration::from_secs(2))
            .idle_timeout(Duration::from_secs(60));
        let phases = [Phase::Idle, Phase::Handling, Phase::Head, Phase::Head];
        let (slots, open) = open(&options, &phases);

        slots.sweep();

        assert_eq!(left(&open), [0, 1, 3]);
    }
}
