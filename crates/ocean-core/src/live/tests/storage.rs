//! A queue that fails: nothing is lost, and nothing runs hot.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::world::World;
use crate::live::{
    DeadLetter, Ending, EventQueue, MemoryQueue, NewEvent, Pushed, QueueCounts, QueueError,
    QueueHealth, QueuedEvent,
};

/// A queue that cannot note the end of events for a while.
#[derive(Debug)]
struct Forgetful {
    inner: Arc<MemoryQueue>,
    failures: AtomicUsize,
}

#[async_trait]
impl EventQueue for Forgetful {
    async fn push(&self, event: NewEvent) -> Result<Pushed, QueueError> {
        self.inner.push(event).await
    }

    async fn load(
        &self,
        after: u64,
        events: usize,
        bytes: usize,
    ) -> Result<Vec<QueuedEvent>, QueueError> {
        self.inner.load(after, events, bytes).await
    }

    async fn end(&self, events: Vec<(u64, Ending)>) -> Result<(), QueueError> {
        let left = self.failures.load(Ordering::SeqCst);
        if left > 0 {
            self.failures.store(left - 1, Ordering::SeqCst);
            return Err(QueueError::Storage("the disk is away".to_owned()));
        }
        self.inner.end(events).await
    }

    async fn note_attempts(&self, seq: u64, attempts: u32) -> Result<(), QueueError> {
        self.inner.note_attempts(seq, attempts).await
    }

    fn note_filtered(&self) {
        self.inner.note_filtered();
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, QueueError> {
        self.inner.dead_letters().await
    }

    async fn replay(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        self.inner.replay(seqs).await
    }

    async fn drop_letters(&self, seqs: Option<Vec<u64>>) -> Result<usize, QueueError> {
        self.inner.drop_letters(seqs).await
    }

    fn counts(&self) -> QueueCounts {
        self.inner.counts()
    }

    fn health(&self) -> QueueHealth {
        self.inner.health()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

fn forgetful(failures: usize) -> World {
    let mut world = World::new();
    let queue = Forgetful {
        inner: Arc::clone(&world.queue),
        failures: AtomicUsize::new(failures),
    };
    Arc::get_mut(&mut world.live)
        .expect("nobody else has it yet")
        .queue = Arc::new(queue);
    world
}

#[tokio::test(start_paused = true)]
async fn an_end_that_could_not_be_noted_is_noted_later_and_the_engine_rests_in_between() {
    let world = forgetful(3);
    world.source.put(1, 1);
    world.tell(1).await;
    let mut run = Box::pin(world.live.run(&world.stop));
    let mut polls = 0;
    let resting = poll_fn(|cx| {
        polls += 1;
        assert!(polls < 1_000, "the engine never rests");
        run.as_mut().poll(cx)
    });
    let rest = async {
        assert_eq!(world.settled().await.applied, 1);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        world.stop.cancel();
    };
    futures::join!(resting, rest);
}

#[tokio::test(start_paused = true)]
async fn what_ended_is_noted_when_the_engine_stops_although_that_failed_a_moment_ago() {
    let world = forgetful(1);
    world.source.put(1, 1);
    world.tell(1).await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.queue.counts().pending, 1);
        world.stop.cancel();
    };
    futures::join!(world.live.run(&world.stop), stop);
    assert_eq!(world.queue.counts().applied, 1);
}
