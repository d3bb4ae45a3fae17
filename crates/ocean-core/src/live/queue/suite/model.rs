//! A queue as one list that is searched from end to end: too slow to use, too simple to be wrong.

use super::Fate;
use crate::live::queue::{NewEvent, Pushed, QueueCounts, QueueError, QueueOptions, QueuedEvent};

#[derive(Debug)]
pub(super) struct Model {
    options: QueueOptions,
    entries: Vec<Entry>,
    /// Paths and identifiers as they were accepted, with the seconds since 1970.
    deliveries: Vec<(String, String, u64)>,
    accepted: u64,
    applied: u64,
    filtered: u64,
    dead: u64,
    duplicates: u64,
}

#[derive(Debug)]
struct Entry {
    seq: u64,
    attempts: u32,
    event: NewEvent,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Letter,
    Gone,
}

impl Model {
    pub(super) fn new(options: QueueOptions) -> Self {
        Self {
            options,
            entries: Vec::new(),
            deliveries: Vec::new(),
            accepted: 0,
            applied: 0,
            filtered: 0,
            dead: 0,
            duplicates: 0,
        }
    }

    /// The sequence number of the nth accepted event, or one that nobody has.
    pub(super) fn seq(&self, nth: usize) -> u64 {
        self.entries.get(nth).map_or(0, |entry| entry.seq)
    }

    pub(super) fn seqs(&self, which: &Option<Vec<usize>>) -> Option<Vec<u64>> {
        let which = which.as_ref()?;
        Some(which.iter().map(|nth| self.seq(*nth)).collect())
    }

    pub(super) fn push(&mut self, at: &str, event: NewEvent, got: Result<Pushed, QueueError>) {
        if self.repeats(&event) {
            assert_eq!(got, Ok(Pushed::Duplicate), "{at}");
            self.duplicates += 1;
            return;
        }
        let kept = self
            .entries
            .iter()
            .filter(|entry| entry.state != State::Gone);
        let (events, bytes) = kept.fold((0, 0), |(events, bytes), entry| {
            (events + 1, bytes + entry.event.size())
        });
        if events >= self.options.max_events || bytes + event.size() > self.options.max_bytes {
            assert!(matches!(got, Err(QueueError::Full(_))), "{at}: {got:?}");
            return;
        }
        let Ok(Pushed::Accepted(seq)) = got else {
            panic!("{at}: {got:?}");
        };
        if let Some(id) = &event.delivery_id {
            self.deliveries
                .retain(|(path, known, _)| (path, known) != (&event.path, id));
            let delivery = (event.path.clone(), id.clone(), seconds(&event));
            self.deliveries.push(delivery);
        }
        self.accept(at, seq, event);
    }

    fn accept(&mut self, at: &str, seq: u64, event: NewEvent) {
        let last = self.entries.last().map_or(0, |entry| entry.seq);
        assert!(seq > last, "{at}: {seq} after {last}");
        self.accepted += 1;
        self.entries.push(Entry {
            seq,
            attempts: 0,
            event,
            state: State::Waiting,
        });
    }

    fn repeats(&self, event: &NewEvent) -> bool {
        let newest = self.deliveries.iter().rev().take(self.options.window_ids);
        newest.into_iter().any(|(path, id, at)| {
            *path == event.path
                && Some(id) == event.delivery_id.as_ref()
                && seconds(event) - at < self.options.window.as_secs()
        })
    }

    pub(super) fn load(&self, after: u64, events: usize, bytes: usize) -> Vec<QueuedEvent> {
        let mut loaded = Vec::new();
        let mut weight = 0;
        for entry in self
            .entries
            .iter()
            .filter(|entry| entry.state == State::Waiting)
        {
            if entry.seq <= after || loaded.len() >= events {
                continue;
            }
            if !loaded.is_empty() && weight >= bytes {
                break;
            }
            weight += entry.event.body.len();
            loaded.push(QueuedEvent {
                seq: entry.seq,
                attempts: entry.attempts,
                event: entry.event.clone(),
            });
        }
        loaded
    }

    pub(super) fn end(&mut self, fates: &[(usize, Fate)]) {
        for (nth, fate) in fates {
            let Some(entry) = self.waiting(*nth) else {
                continue;
            };
            entry.state = State::Gone;
            if *fate == Fate::Dead {
                entry.state = State::Letter;
                entry.attempts = Fate::ATTEMPTS;
            }
            match fate {
                Fate::Applied => self.applied += 1,
                Fate::Filtered => self.filtered += 1,
                Fate::Dead => self.dead += 1,
            }
        }
    }

    fn waiting(&mut self, nth: usize) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(nth)?;
        (entry.state == State::Waiting).then_some(entry)
    }

    pub(super) fn note_attempts(&mut self, nth: usize, attempts: u32) {
        if let Some(entry) = self.waiting(nth) {
            entry.attempts = attempts;
        }
    }

    pub(super) fn note_filtered(&mut self) {
        self.accepted += 1;
        self.filtered += 1;
    }

    pub(super) fn letters(&self) -> Vec<(u64, NewEvent, String, u32)> {
        let letters = self
            .entries
            .iter()
            .filter(|entry| entry.state == State::Letter);
        letters
            .map(|entry| {
                let reason = Fate::REASON.to_owned();
                (entry.seq, entry.event.clone(), reason, entry.attempts)
            })
            .collect()
    }

    /// The replayed ones have to be the last that wait, in their old order.
    pub(super) fn replay(
        &mut self,
        at: &str,
        which: &Option<Vec<usize>>,
        replayed: usize,
        waiting: &[QueuedEvent],
    ) {
        let events = self.take_letters(which);
        assert_eq!(replayed, events.len(), "{at}");
        let again = waiting.get(waiting.len() - replayed..).expect(at);
        for (event, again) in events.into_iter().zip(again) {
            self.accept(at, again.seq, event);
        }
    }

    pub(super) fn drop_letters(&mut self, which: &Option<Vec<usize>>) -> usize {
        self.take_letters(which).len()
    }

    fn take_letters(&mut self, which: &Option<Vec<usize>>) -> Vec<NewEvent> {
        let mut taken = Vec::new();
        for (nth, entry) in self.entries.iter_mut().enumerate() {
            let meant = which.as_ref().is_none_or(|which| which.contains(&nth));
            if meant && entry.state == State::Letter {
                entry.state = State::Gone;
                taken.push(entry.event.clone());
            }
        }
        taken
    }

    pub(super) fn reopen(&mut self) {
        self.accepted = self.in_state(&State::Waiting).count() as u64;
        self.applied = 0;
        self.filtered = 0;
        self.dead = 0;
        self.duplicates = 0;
    }

    fn in_state(&self, state: &State) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.state == *state)
    }

    pub(super) fn counts(&self) -> QueueCounts {
        let waiting = self.in_state(&State::Waiting);
        QueueCounts {
            accepted: self.accepted,
            applied: self.applied,
            filtered: self.filtered,
            dead: self.dead,
            pending: self.in_state(&State::Waiting).count() as u64,
            duplicates: self.duplicates,
            damaged: 0,
            pending_bytes: waiting.map(|entry| entry.event.size()).sum(),
            dead_letters: self.in_state(&State::Letter).count() as u64,
        }
    }
}

fn seconds(event: &NewEvent) -> u64 {
    let since = event.received_at.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
