//! The queue in a file, held to the laws of a queue and to what may happen to a file.

mod child;
mod damage;
mod files;
mod full;
mod kill;
mod panics;
mod power;
mod repeats;
mod second;
mod speed;
mod sync;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use proptest::prelude::*;
use rusqlite::OptionalExtension as _;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::fault::Faults;
use super::operation::Request;
use super::worker::{Envelope, Worker};
use crate::live::queue::suite::{Opener, block_on, check, histories, queue_suite};
use crate::live::queue::{
    Ending, EventQueue, NewEvent, Pushed, QueueCounts, QueueOptions, SqliteQueue,
};

/// A queue that is opened again and again in one folder.
struct InFolder {
    folder: TempDir,
    options: QueueOptions,
}

impl InFolder {
    fn new(options: QueueOptions) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            options: options.reserve_bytes(4_096),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

impl Opener for InFolder {
    const KEEPS: bool = true;

    fn open(&mut self) -> BoxFuture<'_, Box<dyn EventQueue>> {
        async {
            let queue = SqliteQueue::open(self.path(), self.options.clone()).await;
            let queue: Box<dyn EventQueue> = Box::new(queue.expect("the folder is free"));
            queue
        }
        .boxed()
    }
}

#[tokio::test]
async fn obeys_the_laws_of_a_queue() {
    queue_suite(InFolder::new).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_history_is_as_the_model_says(ops in histories(true)) {
        let options = QueueOptions::new()
            .max_events(12)
            .max_bytes(900)
            .window(Duration::from_secs(60))
            .window_ids(4);
        block_on(check("random", InFolder::new(options.clone()), options, &ops));
    }
}

/// Small enough that a folder is made in no time.
fn options() -> QueueOptions {
    QueueOptions::new().reserve_bytes(4_096)
}

async fn open(folder: &Path) -> SqliteQueue {
    let queue = SqliteQueue::open_within(folder, options(), Duration::from_secs(20)).await;
    queue.expect("the folder is free")
}

async fn open_with(folder: &Path, faults: &Faults) -> SqliteQueue {
    let queue = SqliteQueue::open_with(folder, options(), faults.clone()).await;
    queue.expect("the folder is free")
}

/// An event that can be told from all others, of about 400 bytes.
fn event(id: u64) -> NewEvent {
    let mut event = NewEvent::new("/webhook", format!("event {id} {}", "x".repeat(380)));
    event.headers = vec![("x-number".to_owned(), id.to_string())];
    event
}

/// Which [`event`] it is, if it is whole.
fn id_of(found: &NewEvent) -> Option<u64> {
    let body = std::str::from_utf8(&found.body).ok()?;
    let id = body.split(' ').nth(1)?.parse().ok()?;
    let intact = NewEvent {
        received_at: found.received_at,
        ..event(id)
    };
    (*found == intact).then_some(id)
}

async fn push(queue: &SqliteQueue, id: u64) -> u64 {
    match queue.push(event(id)).await {
        Ok(Pushed::Accepted(seq)) => seq,
        other => panic!("{id}: {other:?}"),
    }
}

/// The events that wait, each of which has to be as it was pushed and to be there once.
async fn waiting(queue: &SqliteQueue) -> BTreeSet<u64> {
    let loaded = queue
        .load(0, usize::MAX, usize::MAX)
        .await
        .expect("it can be read");
    let ids: Vec<_> = loaded.iter().map(|queued| id_of(&queued.event)).collect();
    let distinct: BTreeSet<_> = ids.iter().copied().flatten().collect();
    assert_eq!(distinct.len(), ids.len(), "altered or doubled: {ids:?}");
    distinct
}

fn assert_equation(counts: QueueCounts) {
    let ended = counts.applied + counts.filtered + counts.dead;
    assert_eq!(counts.accepted, ended + counts.pending, "{counts:?}");
}

fn dead() -> Ending {
    Ending::Dead {
        reason: "issue: refused".to_owned(),
        attempts: 4,
    }
}

/// Does something on the thread of the queue.
async fn reach<T: Send + 'static>(
    queue: &SqliteQueue,
    act: impl FnOnce(&mut Worker) -> T + Send + 'static,
) -> T {
    let (reply, done) = oneshot::channel();
    let request = Request::Reach(Box::new(move |worker| {
        reply.send(act(worker)).ok();
    }));
    let envelope = Envelope {
        request,
        permit: None,
    };
    queue.inbox.send(envelope).expect("the thread lives");
    done.await.expect("the thread lives")
}

/// Sends a statement to the file on the thread of the queue.
async fn sql(queue: &SqliteQueue, statement: String) {
    let done = reach(queue, move |worker| {
        let store = worker.store().expect("the file is open");
        store
            .connection()
            .query_row(&statement, [], |_row| Ok(()))
            .optional()
    });
    done.await.expect("the statement is good");
}

/// The files of a folder that were set aside, logs included.
fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let paths = files.map(|file| file.expect("it can be listed").path());
    paths
        .filter(|path| path.to_string_lossy().contains("unreadable"))
        .collect()
}

/// Small random numbers, the same in each run.
fn random(seed: u64) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed)
}
