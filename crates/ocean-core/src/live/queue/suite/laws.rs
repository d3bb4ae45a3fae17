//! The laws, by name.

use std::time::Duration;

use super::{Fate, Op};
use crate::live::queue::QueueOptions;

/// A history that shows one promise; what has to come of it is the model's to say.
#[derive(Debug)]
pub(super) struct Law {
    pub(super) name: &'static str,
    pub(super) options: QueueOptions,
    pub(super) ops: Vec<Op>,
}

/// Every law there is.
pub(super) fn all() -> Vec<Law> {
    let mut laws = order();
    laws.extend(endings());
    laws.extend(deliveries());
    laws.extend(letters());
    laws.extend(bounds());
    laws.extend(restarts());
    laws
}

fn order() -> Vec<Law> {
    vec![
        law(
            "events wait in the order of arrival",
            vec![push(), push(), push(), load(1, 9)],
        ),
        law(
            "a load ends at its number of events",
            vec![push(), push(), push(), load(0, 1)],
        ),
        law("a load of nothing is empty", vec![push(), load(0, 0)]),
        law(
            "a load ends once its bytes are reached, but has one event",
            vec![
                sized(50),
                sized(50),
                sized(50),
                load_bytes(40),
                load_bytes(51),
                load_bytes(0),
            ],
        ),
        law(
            "an empty body is an event",
            vec![sized(0), sized(0), load_bytes(0)],
        ),
    ]
}

fn endings() -> Vec<Law> {
    vec![
        law(
            "what ended no longer waits, in any order",
            vec![
                push(),
                push(),
                push(),
                end(1, Fate::Applied),
                end(0, Fate::Filtered),
            ],
        ),
        law(
            "an end counts once, and that of a stranger not at all",
            vec![
                push(),
                end(0, Fate::Applied),
                end(0, Fate::Dead),
                end(7, Fate::Applied),
            ],
        ),
        law(
            "one call ends many, each its own way, and the first word counts",
            vec![
                push(),
                push(),
                push(),
                Op::End(vec![
                    (0, Fate::Dead),
                    (1, Fate::Applied),
                    (0, Fate::Applied),
                ]),
            ],
        ),
        law(
            "attempts are kept, and only those of a waiting event",
            vec![
                push(),
                push(),
                attempts(1, 3),
                end(0, Fate::Applied),
                attempts(0, 2),
            ],
        ),
        law(
            "what is filtered at once never waits",
            vec![push(), Op::NoteFiltered],
        ),
    ]
}

fn deliveries() -> Vec<Law> {
    let short = QueueOptions::new().window(Duration::from_secs(10));
    let few = QueueOptions::new().window_ids(2);
    vec![
        law(
            "a delivery is accepted once",
            vec![delivery(1, 0), delivery(1, 5), delivery(2, 5)],
        ),
        law(
            "each path has its own deliveries",
            vec![delivery(1, 0), elsewhere(1, 1)],
        ),
        law(
            "without an identifier nothing repeats",
            vec![push(), push()],
        ),
        law(
            "a delivery is known after its event ended",
            vec![delivery(1, 0), end(0, Fate::Applied), delivery(1, 1)],
        ),
        Law {
            name: "a delivery is forgotten after the window, which a repetition does not extend",
            options: short.clone(),
            ops: vec![
                delivery(1, 0),
                delivery(1, 9),
                delivery(1, 10),
                delivery(1, 19),
            ],
        },
        Law {
            name: "only so many deliveries are known, the newest",
            options: few,
            ops: vec![
                delivery(1, 0),
                delivery(2, 0),
                delivery(3, 0),
                delivery(2, 1),
                delivery(1, 2),
            ],
        },
    ]
}

fn letters() -> Vec<Law> {
    let dead = || {
        vec![
            push(),
            push(),
            push(),
            end(0, Fate::Dead),
            end(2, Fate::Dead),
        ]
    };
    let then = |ops: Vec<Op>| [dead(), ops].concat();
    vec![
        law("a dead letter says why, and how often it was tried", dead()),
        law(
            "replay sends one to the end of the queue",
            then(vec![Op::Replay(Some(vec![0]))]),
        ),
        law(
            "replay sends all in their order",
            then(vec![Op::Replay(None)]),
        ),
        law(
            "a replayed event has no attempt spent and may die again",
            then(vec![Op::Replay(None), attempts(3, 1), end(3, Fate::Dead)]),
        ),
        law(
            "a waiting event cannot be replayed",
            then(vec![Op::Replay(Some(vec![1, 1, 9]))]),
        ),
        law("letters can be dropped, one and all", {
            then(vec![
                Op::DropLetters(Some(vec![2, 2])),
                Op::DropLetters(None),
            ])
        }),
        law(
            "a dropped letter is gone",
            then(vec![Op::DropLetters(None), Op::Replay(None)]),
        ),
        law(
            "a delivery is known after its event died",
            vec![
                delivery(1, 0),
                end(0, Fate::Dead),
                delivery(1, 1),
                Op::Replay(None),
            ],
        ),
    ]
}

fn bounds() -> Vec<Law> {
    let two = QueueOptions::new().max_events(2);
    let full_by_letters = vec![
        push(),
        push(),
        end(0, Fate::Dead),
        push(),
        Op::DropLetters(None),
    ];
    vec![
        Law {
            name: "the bound in events refuses, and an end makes room",
            options: two.clone(),
            ops: vec![
                push(),
                push(),
                push(),
                end(0, Fate::Applied),
                push(),
                push(),
            ],
        },
        Law {
            name: "dead letters take room until they are dropped",
            options: two.clone(),
            ops: [full_by_letters, vec![push()]].concat(),
        },
        Law {
            name: "a full queue replays",
            options: two.clone(),
            ops: vec![push(), push(), end(0, Fate::Dead), Op::Replay(None), push()],
        },
        Law {
            name: "a full queue knows repetitions",
            options: two,
            ops: vec![
                delivery(1, 0),
                delivery(2, 0),
                delivery(1, 1),
                delivery(3, 1),
            ],
        },
        Law {
            name: "the bound in bytes refuses what does not fit, and takes what does",
            options: QueueOptions::new().max_bytes(200),
            ops: vec![
                sized(60),
                sized(120),
                sized(10),
                end(0, Fate::Applied),
                sized(120),
            ],
        },
    ]
}

fn restarts() -> Vec<Law> {
    let short = QueueOptions::new().window(Duration::from_secs(10));
    vec![
        law(
            "what waits survives a restart, with its attempts",
            vec![
                push(),
                push(),
                attempts(1, 3),
                end(0, Fate::Applied),
                Op::Reopen,
                push(),
            ],
        ),
        law(
            "numbers grow over a restart with nothing left",
            vec![push(), end(0, Fate::Applied), Op::Reopen, push()],
        ),
        law(
            "dead letters survive, and numbers grow beyond theirs",
            vec![
                push(),
                end(0, Fate::Dead),
                Op::Reopen,
                push(),
                Op::Replay(None),
                Op::Reopen,
            ],
        ),
        law(
            "deliveries are known after a restart",
            vec![delivery(1, 0), Op::Reopen, delivery(1, 1)],
        ),
        Law {
            name: "the window goes on over a restart",
            options: short,
            ops: vec![delivery(1, 0), Op::Reopen, delivery(1, 9), delivery(1, 10)],
        },
    ]
}

fn law(name: &'static str, ops: Vec<Op>) -> Law {
    Law {
        name,
        options: QueueOptions::new(),
        ops,
    }
}

fn push() -> Op {
    sized(20)
}

fn sized(body: usize) -> Op {
    Op::Push {
        path: "/webhook",
        id: None,
        body,
        at: 0,
    }
}

fn delivery(id: u8, at: u64) -> Op {
    Op::Push {
        path: "/webhook",
        id: Some(id),
        body: 20,
        at,
    }
}

fn elsewhere(id: u8, at: u64) -> Op {
    Op::Push {
        path: "/other",
        id: Some(id),
        body: 20,
        at,
    }
}

fn load(after: usize, events: usize) -> Op {
    Op::Load {
        after,
        events,
        bytes: usize::MAX,
    }
}

fn load_bytes(bytes: usize) -> Op {
    Op::Load {
        after: usize::MAX,
        events: usize::MAX,
        bytes,
    }
}

fn end(nth: usize, fate: Fate) -> Op {
    Op::End(vec![(nth, fate)])
}

fn attempts(nth: usize, attempts: u32) -> Op {
    Op::NoteAttempts(nth, attempts)
}
