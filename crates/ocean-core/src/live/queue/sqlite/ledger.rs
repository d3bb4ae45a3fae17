//! What does the queue tell about itself, whoever asks and whenever? What its [`Ledger`] says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::check::Checked;
use crate::live::queue::options::Kept;
use crate::live::queue::{QueueCounts, QueueHealth, QueueOptions};

/// What the file holds after a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) last_seq: u64,
    /// How many commits there were; tells whether one that failed took effect.
    pub(super) commits: u64,
    pub(super) waiting: u64,
    pub(super) letters: u64,
    pub(super) waiting_bytes: u64,
    pub(super) letter_bytes: u64,
    /// Deliveries that are known again.
    pub(super) deliveries: u64,
}

impl Numbers {
    pub(super) fn kept(&self) -> Kept {
        Kept {
            events: self.waiting + self.letters,
            bytes: self.waiting_bytes + self.letter_bytes,
        }
    }
}

/// What became of events, since the queue was opened or within one commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    pub(super) applied: u64,
    pub(super) filtered: u64,
    pub(super) dead: u64,
    pub(super) duplicates: u64,
    pub(super) damaged: u64,
}

impl Tally {
    fn add(&mut self, more: &Self) {
        self.accepted += more.accepted;
        self.applied += more.applied;
        self.filtered += more.filtered;
        self.dead += more.dead;
        self.duplicates += more.duplicates;
        self.damaged += more.damaged;
    }
}

/// What a commit would have changed that failed; perhaps the disk took it nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsettled {
    pub(super) tally: Tally,
    pub(super) numbers: Numbers,
}

/// The numbers of a queue behind one lock, so that no reader sees half of a change.
#[derive(Debug)]
pub(super) struct Ledger {
    options: QueueOptions,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    tally: Tally,
    numbers: Numbers,
    refusing: Option<String>,
}

impl Ledger {
    pub(super) fn new(options: QueueOptions) -> Self {
        Self {
            options,
            books: Mutex::default(),
        }
    }

    /// Takes over what a commit changed.
    pub(super) fn committed(&self, tally: &Tally, numbers: Numbers) {
        let mut books = self.books();
        books.tally.add(tally);
        books.numbers = numbers;
    }

    /// Takes over what was found in the file when it was opened. What should have waited and does
    /// not is lost, and counts as dead: nobody will apply it.
    pub(super) fn opened(&self, checked: &Checked, unsettled: Option<Unsettled>) {
        let found = checked.found;
        let mut books = self.books();
        if let Some(took) = unsettled.filter(|commit| commit.numbers.commits == found.commits) {
            books.tally.add(&took.tally);
            books.numbers = took.numbers;
        }
        let known = books.numbers.waiting;
        let expected = checked.expected.max(known).max(found.waiting);
        let lost = expected - found.waiting;
        books.tally.accepted += expected - known;
        books.tally.dead += lost;
        books.tally.damaged += lost + checked.damaged_letters;
        books.numbers = found;
    }

    /// The last number that was given since the queue was opened first; 0 before that.
    pub(super) fn last_seq(&self) -> u64 {
        self.books().numbers.last_seq
    }

    pub(super) fn note_filtered(&self) {
        let tally = &mut self.books().tally;
        tally.accepted += 1;
        tally.filtered += 1;
    }

    /// Says why pushes fail, or that they no longer do; true if that is news.
    pub(super) fn refuse(&self, why: Option<String>) -> bool {
        let mut books = self.books();
        let news = books.refusing.is_some() != why.is_some();
        books.refusing = why;
        news
    }

    pub(super) fn counts(&self) -> QueueCounts {
        let books = self.books();
        let (tally, numbers) = (&books.tally, &books.numbers);
        QueueCounts {
            accepted: tally.accepted,
            applied: tally.applied,
            filtered: tally.filtered,
            dead: tally.dead,
            pending: numbers.waiting,
            duplicates: tally.duplicates,
            damaged: tally.damaged,
            pending_bytes: numbers.waiting_bytes,
            dead_letters: numbers.letters,
        }
    }

    pub(super) fn health(&self) -> QueueHealth {
        let books = self.books();
        if let Some(why) = &books.refusing {
            return QueueHealth::Refusing(why.clone());
        }
        match books.numbers.kept().room_for(1, &self.options) {
            Ok(()) => QueueHealth::Durable,
            Err(full) => QueueHealth::Refusing(full.to_string()),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
