//! F56: the process dies at a random moment, again and again.

use std::collections::BTreeSet;

use super::child::{Pusher, Said};
use super::{assert_equation, open, random, waiting};
use crate::live::queue::EventQueue as _;

/// How often; `OCEAN_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 20;

#[derive(Debug, Default)]
struct Known {
    accepted: BTreeSet<u64>,
    ending: BTreeSet<u64>,
    ended: BTreeSet<u64>,
}

impl Known {
    fn note(&mut self, said: Said) {
        match said {
            Said::Accepted(id) => self.accepted.insert(id),
            Said::Ending(id) => self.ending.insert(id),
            Said::Ended(id) => self.ended.insert(id),
        };
    }
}

#[tokio::test]
async fn f56_every_acknowledged_event_is_there_after_sigkill() {
    let rounds = std::env::var_os("OCEAN_KILL_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |text| {
        text.to_string_lossy().parse().expect("a number")
    });
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut known = Known::default();
    let mut random = random(56);
    for round in 0..rounds {
        let mut child = Pusher::start(folder.path(), round * 1_000_000);
        for _ in 0..random.u32(1..300) {
            known.note(child.said().expect("it runs until it is killed"));
        }
        child.kill().into_iter().for_each(|said| known.note(said));

        let queue = open(folder.path()).await;
        let found = waiting(&queue).await;
        let due: BTreeSet<_> = known.accepted.difference(&known.ending).copied().collect();
        let lost: Vec<_> = due.difference(&found).collect();
        assert!(
            lost.is_empty(),
            "round {round}: acknowledged and lost: {lost:?}"
        );
        let back: Vec<_> = known.ended.intersection(&found).collect();
        assert!(back.is_empty(), "round {round}: ended and back: {back:?}");
        assert_equation(queue.counts());
        assert_eq!(queue.counts().damaged, 0, "round {round}");
        queue.close().await;
    }
    assert!(
        known.accepted.len() as u64 > rounds,
        "{} events",
        known.accepted.len()
    );
}
