//! Where do events wait when no folder is writable? In a [`MemoryQueue`].

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::options::{Kept, bounded_reason};
use super::window::Window;
use super::{
    DeadLetter, Ending, EventQueue, NewEvent, Pushed, QueueCounts, QueueError, QueueHealth,
    QueueOptions, QueuedEvent,
};

/// A queue that lives as long as the value: for tests, and when no folder is writable.
///
/// It keeps every promise of [`EventQueue`] but the one about the death of the process, and says
/// so: its health is [`QueueHealth::InMemory`].
///
/// ```
/// use ocean_core::{EventQueue, MemoryQueue, NewEvent, Pushed, QueueOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ocean_core::QueueError> {
/// let queue = MemoryQueue::new(QueueOptions::new());
/// assert_eq!(queue.push(NewEvent::new("/webhook", "{}")).await?, Pushed::Accepted(1));
/// assert_eq!(queue.counts().pending, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryQueue {
    options: QueueOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_seq: u64,
    waiting: BTreeMap<u64, QueuedEvent>,
    letters: BTreeMap<u64, DeadLetter>,
    window: Window,
    counts: QueueCounts,
    letter_bytes: u64,
    closed: bool,
}

impl MemoryQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(options: QueueOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, QueueError> {
        let state = self.state();
        if state.closed {
            return Err(QueueError::Closed);
        }
        Ok(state)
    }
}

#[async_trait]
impl EventQueue for MemoryQueue {
    async fn push(&self, event: NewEvent) -> Result<Pushed, QueueError> {
        let mut state = self.open()?;
        if state.window.repeats(&event, &self.options) {
            state.counts.duplicates += 1;
            return Ok(Pushed::Duplicate);
        }
        state.kept().room_for(event.size(), &self.options)?;
        let seq = state.accept(event.clone());
        state.window.note(seq, &event, &self.options);
        Ok(Pushed::Accepted(seq))
    }

    async fn load(
        &self,
        after: u64,
        events: usize,
        bytes: usize,
    ) -> Result<Vec<QueuedEvent>, QueueError> {
        let state = self.open()?;
        let mut loaded = Vec::new();
        let mut weight = 0;
        let later = (Bound::Excluded(after), Bound::Unbounded);
        for (_, waiting) in state.waiting.range(later).take(events) {
            weight += waiting.event.body.len();
            loaded.push(waiting.clone());
            if weight >= bytes {
                break;
            }
        }
        Ok(loaded)
    }

    async fn end(&self, events: Vec<(u64, Ending)>) -> Result<(), QueueError> {
        let mut state = self.open()?;
        for (seq, ending) in events {
            state.end(seq, ending);
        }
        Ok(())
    }

    async fn note_attempts(&self, seq: u64, attempts: u32) -> Result<(), QueueError> {
        if let Some(waiting) = self.open()?.waiting.get_mut(&seq) {
            waiting.attempts = attempts;
        }
        Ok(())
    }

    fn note_filtered(&self) {
        let counts = &mut self.state().counts;
        counts.accepted += 1;
        counts.filtered += 1;
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError> {
        Ok(self.open()?.letters.values().cloned().collect())
    }

    async fn replay(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        let mut state = self.open()?;
        let taken = state.take_letters(seqs);
        let replayed = taken.len();
        for letter in taken {
            state.accept(letter.event);
        }
        Ok(replayed)
    }

    async fn drop_letters(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        Ok(self.open()?.take_letters(seqs).len())
    }

    fn counts(&self) -> QueueCounts {
        self.state().counts
    }

    fn health(&self) -> QueueHealth {
        let state = self.state();
        if state.closed {
            return QueueHealth::Refusing(QueueError::Closed.to_string());
        }
        match state.kept().room_for(1, &self.options) {
            Ok(()) => QueueHealth::InMemory,
            Err(full) => QueueHealth::Refusing(full.to_string()),
        }
    }

    async fn close(&self) {
        self.state().closed = true;
    }
}

impl State {
    fn kept(&self) -> Kept {
        Kept {
            events: self.counts.pending + self.counts.dead_letters,
            bytes: self.counts.pending_bytes + self.letter_bytes,
        }
    }

    fn accept(&mut self, event: NewEvent) -> u64 {
        self.last_seq += 1;
        self.counts.accepted += 1;
        self.counts.pending += 1;
        self.counts.pending_bytes += event.size();
        let waiting = QueuedEvent {
            seq: self.last_seq,
            attempts: 0,
            event,
        };
        self.waiting.insert(self.last_seq, waiting);
        self.last_seq
    }

    fn end(&mut self, seq: u64, ending: Ending) {
        let Some(QueuedEvent { event, .. }) = self.waiting.remove(&seq) else {
            return;
        };
        self.counts.pending -= 1;
        self.counts.pending_bytes -= event.size();
        match ending {
            Ending::Applied => self.counts.applied += 1,
            Ending::Filtered => self.counts.filtered += 1,
            Ending::Dead { reason, attempts } => {
                self.counts.dead += 1;
                self.counts.dead_letters += 1;
                self.letter_bytes += event.size();
                let letter = DeadLetter {
                    seq,
                    event,
                    reason: bounded_reason(reason),
                    attempts,
                    died_at: SystemTime::now(),
                };
                self.letters.insert(seq, letter);
            }
        }
    }

    fn take_letters(&mut self, seqs: Option<Vec<u64>>) -> Vec<DeadLetter> {
        let mut seqs = seqs.unwrap_or_else(|| self.letters.keys().copied().collect());
        seqs.sort_unstable();
        let taken: Vec<_> = seqs
            .iter()
            .filter_map(|seq| self.letters.remove(seq))
            .collect();
        self.counts.dead_letters -= taken.len() as u64;
        self.letter_bytes -= taken.iter().map(|letter| letter.event.size()).sum::<u64>();
        taken
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use futures::future::BoxFuture;
    use proptest::prelude::*;

    use super::*;
    use crate::live::queue::suite::{Opener, block_on, check, histories, queue_suite};

    struct InMemory(QueueOptions);

    impl Opener for InMemory {
        const KEEPS: bool = false;

        fn open(&mut self) -> BoxFuture<'_, Box<dyn EventQueue>> {
            let queue: Box<dyn EventQueue> = Box::new(MemoryQueue::new(self.0.clone()));
            async { queue }.boxed()
        }
    }

    #[tokio::test]
    async fn obeys_the_laws_of_a_queue() {
        queue_suite(InMemory).await;
    }

    proptest! {
        #[test]
        fn any_history_is_as_the_model_says(ops in histories(false)) {
            let options = QueueOptions::new()
                .max_events(12)
                .max_bytes(900)
                .window(std::time::Duration::from_secs(60))
                .window_ids(4);
            block_on(check("random", InMemory(options.clone()), options, &ops));
        }
    }

    #[tokio::test]
    async fn its_health_says_what_is_not_promised_and_when_it_refuses() {
        let queue = MemoryQueue::new(QueueOptions::new().max_events(1));
        assert_eq!(queue.health(), QueueHealth::InMemory);
        queue
            .push(NewEvent::new("/webhook", "{}"))
            .await
            .expect("there is room");
        assert!(matches!(queue.health(), QueueHealth::Refusing(_)));
        queue.close().await;
        let refused = queue.push(NewEvent::new("/webhook", "{}")).await;
        assert_eq!(refused, Err(QueueError::Closed));
    }
}
