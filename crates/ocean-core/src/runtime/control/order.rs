//! What can be asked about dead letters, and what is answered?

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::live::{DeadLetter, EventQueue, QueueError};

/// Something to do with dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Order {
    /// Name them.
    List,
    /// Let these be handled once more, all of them when none is named.
    Replay {
        /// Their sequence numbers.
        seqs: Option<Vec<u64>>,
    },
    /// Forget these, all of them when none is named.
    Drop {
        /// Their sequence numbers.
        seqs: Option<Vec<u64>>,
    },
}

impl Order {
    #[cfg_attr(not(unix), expect(dead_code, reason = "nobody takes orders there"))]
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Replay { .. } => "replay",
            Self::Drop { .. } => "drop",
        }
    }
}

/// What came of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reply {
    /// The dead letters, oldest first.
    Letters(Vec<Letter>),
    /// So many were found and treated so.
    Done(usize),
    /// It could not be done, for this reason.
    Failed(String),
}

/// A dead letter, without headers and body: they hold personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Letter {
    /// Its sequence number.
    pub seq: u64,
    /// The webhook path at which it arrived.
    pub path: String,
    /// What tells its delivery from a repetition.
    pub delivery_id: Option<String>,
    /// When it arrived.
    pub received_at: Option<String>,
    /// When it was given up.
    pub died_at: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// The bytes of its body.
    pub bytes: usize,
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Self {
        Self {
            seq: letter.seq,
            bytes: letter.event.body.len(),
            path: letter.event.path,
            delivery_id: letter.event.delivery_id,
            received_at: time(letter.event.received_at),
            died_at: time(letter.died_at),
            attempts: letter.attempts,
            reason: letter.reason,
        }
    }
}

/// Does what an order says.
pub async fn perform_order(queue: &dyn EventQueue, order: Order) -> Reply {
    let done = match order {
        Order::List => letters(queue).await,
        Order::Replay { seqs } => queue.replay(seqs).await.map(Reply::Done),
        Order::Drop { seqs } => queue.drop_letters(seqs).await.map(Reply::Done),
    };
    done.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

async fn letters(queue: &dyn EventQueue) -> Result<Reply, QueueError> {
    let letters = queue.dead_letters().await?;
    Ok(Reply::Letters(
        letters.into_iter().map(Letter::from).collect(),
    ))
}

fn time(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time).ok()?;
    Some(format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Ending, MemoryQueue, NewEvent, Pushed, QueueOptions};

    async fn queue_with_dead(letters: usize) -> MemoryQueue {
        let queue = MemoryQueue::new(QueueOptions::new());
        for _ in 0..letters {
            let pushed = queue.push(NewEvent::new("/webhook", "{}")).await.unwrap();
            let Pushed::Accepted(seq) = pushed else {
                unreachable!("no delivery was named");
            };
            let dead = Ending::Dead {
                reason: "issue (true): it does not exist".to_owned(),
                attempts: 5,
            };
            queue.end(vec![(seq, dead)]).await.unwrap();
        }
        queue
    }

    async fn seqs(queue: &MemoryQueue) -> Vec<u64> {
        match perform_order(queue, Order::List).await {
            Reply::Letters(letters) => letters.into_iter().map(|letter| letter.seq).collect(),
            other => unreachable!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn letters_are_listed_replayed_and_dropped() {
        let queue = queue_with_dead(4).await;
        let all = seqs(&queue).await;
        assert_eq!(all.len(), 4);
        let some = |index: usize| Some(vec![all[index]]);
        let replayed = perform_order(&queue, Order::Replay { seqs: some(1) }).await;
        assert_eq!(replayed, Reply::Done(1));
        let dropped = perform_order(&queue, Order::Drop { seqs: some(0) }).await;
        assert_eq!(dropped, Reply::Done(1));
        assert_eq!(seqs(&queue).await, all[2..]);
        let replayed = perform_order(&queue, Order::Replay { seqs: None }).await;
        assert_eq!(replayed, Reply::Done(2));
        assert!(seqs(&queue).await.is_empty());
        assert_eq!(queue.counts().pending, 3);
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_told() {
        let queue = queue_with_dead(1).await;
        queue.close().await;
        let reply = perform_order(&queue, Order::List).await;
        assert_eq!(reply, Reply::Failed("the queue is closed".to_owned()));
    }
}
