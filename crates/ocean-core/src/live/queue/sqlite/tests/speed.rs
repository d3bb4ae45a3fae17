//! How many events per second become durable, and how long does a caller wait?

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream;

use crate::live::queue::{Ending, EventQueue as _, NewEvent, Pushed, QueueOptions, SqliteQueue};

const EVENTS: u64 = 60_000;
const BODY: usize = 2_048;

/// `cargo test --release -p ocean-core --lib speed -- --ignored --nocapture`
#[tokio::test]
#[ignore = "it measures, and takes its time"]
#[expect(clippy::print_stdout, reason = "the numbers are what it is for")]
async fn how_fast_events_become_durable() {
    for callers in [1, 64] {
        for ends in [false, true] {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let queue = SqliteQueue::open(folder.path(), QueueOptions::new()).await;
            let queue = queue.expect("the folder is free");
            let events = if callers == 1 { EVENTS / 10 } else { EVENTS };
            let begun = Instant::now();
            let mut waits: Vec<_> = stream::iter(0..events)
                .map(|_| push(&queue, ends))
                .buffer_unordered(callers)
                .collect()
                .await;
            let rate = events as f64 / begun.elapsed().as_secs_f64();
            waits.sort_unstable();
            let part = |part: usize| waits[waits.len() * part / 1_000];
            println!(
                "{callers} callers, ending {ends}: {rate:.0} pushes/s, p50 {:?}, p99 {:?}, max {:?}",
                part(500),
                part(990),
                waits.last(),
            );
            queue.close().await;
        }
    }
}

/// How long one push took; the ending afterwards is what a dispatcher adds.
async fn push(queue: &SqliteQueue, ends: bool) -> Duration {
    let event = NewEvent::new("/webhook", vec![b'x'; BODY]);
    let begun = Instant::now();
    let pushed = queue.push(event).await;
    let wait = begun.elapsed();
    let Ok(Pushed::Accepted(seq)) = pushed else {
        panic!("{pushed:?}");
    };
    if ends {
        queue
            .end(vec![(seq, Ending::Applied)])
            .await
            .expect("it ends");
    }
    wait
}
