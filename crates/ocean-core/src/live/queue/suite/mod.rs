//! The laws of a queue, as operations whose outcomes a simple model foretells.
//!
//! [`check`] is the one place that calls a queue; every law and every random history is data.

mod laws;
mod model;

use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use proptest::prelude::*;

use self::model::Model;
use super::{Ending, EventQueue, NewEvent, QueueOptions};

/// What is done to a queue. Events are named by their place among those accepted so far, so that
/// a history makes sense whatever the sequence numbers are.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Push {
        path: &'static str,
        id: Option<u8>,
        body: usize,
        /// Seconds after the beginning of the history.
        at: u64,
    },
    Load {
        after: usize,
        events: usize,
        bytes: usize,
    },
    End(Vec<(usize, Fate)>),
    NoteAttempts(usize, u32),
    NoteFiltered,
    Replay(Option<Vec<usize>>),
    DropLetters(Option<Vec<usize>>),
    /// Closes the queue and opens what it left; only for queues that leave something.
    Reopen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Applied,
    Filtered,
    Dead,
}

impl Fate {
    pub(super) const ATTEMPTS: u32 = 4;
    pub(super) const REASON: &'static str = "issue: the source refused";

    fn ending(self) -> Ending {
        match self {
            Self::Applied => Ending::Applied,
            Self::Filtered => Ending::Filtered,
            Self::Dead => Ending::Dead {
                reason: Self::REASON.to_owned(),
                attempts: Self::ATTEMPTS,
            },
        }
    }
}

/// How to come to a queue, again and again.
pub(super) trait Opener {
    fn open(&mut self) -> BoxFuture<'_, Box<dyn EventQueue>>;
    /// Whether a second queue has what the first one left.
    const KEEPS: bool;
}

/// Every law, against queues of one kind.
pub(super) async fn queue_suite<O: Opener>(opener: impl Fn(QueueOptions) -> O) {
    for law in laws::all() {
        let reopens = law.ops.iter().any(|op| matches!(op, Op::Reopen));
        if O::KEEPS || !reopens {
            check(law.name, opener(law.options.clone()), law.options, &law.ops).await;
        }
    }
}

/// Does every operation to a queue and to the model, and compares all that can be seen.
pub(super) async fn check<O: Opener>(name: &str, mut opener: O, options: QueueOptions, ops: &[Op]) {
    let queue = opener.open().await;
    let model = Model::new(options);
    let mut pair = Pair { queue, model };
    for (step, op) in ops.iter().enumerate() {
        let at = format!("{name}: step {step}, {op:?}");
        if let Op::Reopen = op {
            pair.queue.close().await;
            pair.queue = opener.open().await;
            pair.model.reopen();
        } else {
            pair.step(&at, op).await;
        }
        pair.compare(&at).await;
    }
    pair.queue.close().await;
}

/// A queue and what it has to equal.
struct Pair {
    queue: Box<dyn EventQueue>,
    model: Model,
}

impl Pair {
    async fn step(&mut self, at: &str, op: &Op) {
        match op {
            Op::Push {
                path,
                id,
                body,
                at: seconds,
            } => {
                self.push(at, event(path, *id, *body, *seconds)).await;
            }
            Op::Load {
                after,
                events,
                bytes,
            } => self.load(at, *after, *events, *bytes).await,
            Op::End(fates) => self.end(at, fates).await,
            Op::NoteAttempts(nth, attempts) => self.note_attempts(at, *nth, *attempts).await,
            Op::NoteFiltered => {
                self.queue.note_filtered();
                self.model.note_filtered();
            }
            Op::Replay(which) => self.replay(at, which).await,
            Op::DropLetters(which) => {
                let dropped = self.queue.drop_letters(self.model.seqs(which)).await;
                assert_eq!(dropped, Ok(self.model.drop_letters(which)), "{at}");
            }
            Op::Reopen => unreachable!("only the opener can"),
        }
    }

    async fn push(&mut self, at: &str, event: NewEvent) {
        let pushed = self.queue.push(event.clone()).await;
        self.model.push(at, event, pushed);
    }

    async fn load(&self, at: &str, after: usize, events: usize, bytes: usize) {
        let after = self.model.seq(after);
        let loaded = self.queue.load(after, events, bytes).await;
        assert_eq!(loaded, Ok(self.model.load(after, events, bytes)), "{at}");
    }

    async fn end(&mut self, at: &str, fates: &[(usize, Fate)]) {
        let endings = fates
            .iter()
            .map(|(nth, fate)| (self.model.seq(*nth), fate.ending()));
        self.queue.end(endings.collect()).await.expect(at);
        self.model.end(fates);
    }

    async fn note_attempts(&mut self, at: &str, nth: usize, attempts: u32) {
        let seq = self.model.seq(nth);
        self.queue.note_attempts(seq, attempts).await.expect(at);
        self.model.note_attempts(nth, attempts);
    }

    async fn replay(&mut self, at: &str, which: &Option<Vec<usize>>) {
        let replayed = self.queue.replay(self.model.seqs(which)).await.expect(at);
        let waiting = self.queue.load(0, usize::MAX, usize::MAX).await.expect(at);
        self.model.replay(at, which, replayed, &waiting);
    }

    async fn compare(&self, at: &str) {
        let waiting = self.queue.load(0, usize::MAX, usize::MAX).await;
        assert_eq!(
            waiting,
            Ok(self.model.load(0, usize::MAX, usize::MAX)),
            "{at}: what waits"
        );
        let letters = self.queue.dead_letters().await.expect(at);
        let letters: Vec<_> = letters
            .into_iter()
            .map(|letter| (letter.seq, letter.event, letter.reason, letter.attempts))
            .collect();
        assert_eq!(letters, self.model.letters(), "{at}: dead letters");
        let counts = self.queue.counts();
        assert_eq!(counts, self.model.counts(), "{at}: counts");
        let ended = counts.applied + counts.filtered + counts.dead;
        assert_eq!(
            counts.accepted,
            ended + counts.pending,
            "{at}: the equation"
        );
    }
}

fn event(path: &str, id: Option<u8>, body: usize, seconds: u64) -> NewEvent {
    let mut event = NewEvent::new(path, vec![b'x'; body]);
    event.delivery_id = id.map(|id| format!("delivery-{id}"));
    event.headers = vec![("x-event".to_owned(), "jira:issue_updated".to_owned())];
    event.received_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    event
}

/// Random histories: few paths and identifiers, so that deliveries repeat; time only grows.
pub(super) fn histories(reopen: bool) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(reopen), 1..40).prop_map(|mut ops| {
        let mut now = 0;
        for op in &mut ops {
            if let Op::Push { at, .. } = op {
                now += *at;
                *at = now;
            }
        }
        ops
    })
}

fn op(reopen: bool) -> impl Strategy<Value = Op> {
    let nth = 0_usize..30;
    let some = prop::option::of(prop::collection::vec(nth.clone(), 0..4));
    let fate = prop_oneof![Just(Fate::Applied), Just(Fate::Filtered), Just(Fate::Dead)];
    let fates = prop::collection::vec((nth.clone(), fate), 0..4);
    let path = prop_oneof![Just("/webhook"), Just("/other")];
    let push = (path, prop::option::of(0_u8..6), 0_usize..60, 0_u64..40)
        .prop_map(|(path, id, body, at)| Op::Push { path, id, body, at });
    let load =
        (nth.clone(), 0_usize..5, 0_usize..100).prop_map(|(after, events, bytes)| Op::Load {
            after,
            events,
            bytes,
        });
    prop_oneof![
        6 => push,
        2 => load,
        4 => fates.prop_map(Op::End),
        1 => (nth, 0_u32..9).prop_map(|(nth, attempts)| Op::NoteAttempts(nth, attempts)),
        1 => Just(Op::NoteFiltered),
        1 => some.clone().prop_map(Op::Replay),
        1 => some.prop_map(Op::DropLetters),
        1 => Just(if reopen { Op::Reopen } else { Op::NoteFiltered }),
    ]
}

/// Runs a history of a property, which is no async function.
pub(super) fn block_on(history: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime can be built").block_on(history);
}
