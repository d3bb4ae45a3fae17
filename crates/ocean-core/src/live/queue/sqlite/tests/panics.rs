//! Something in the thread of the queue panics: when it opens the file, or later.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};

use super::{event, open, open_with, options, push, set_aside, waiting};
use crate::live::queue::sqlite::fault::{Faults, PANIC, Point};
use crate::live::queue::sqlite::operation::Request;
use crate::live::queue::sqlite::worker::Envelope;
use crate::live::queue::{EventQueue as _, QueueError, QueueHealth, SqliteQueue};

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with a queue of four events.
async fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..4 {
        push(&queue, id).await;
    }
    queue.close().await;
    folder
}

/// Lets the thread panic over a request.
fn strike(queue: &SqliteQueue) {
    let request = Request::Reach(Box::new(|_worker| panic!("a test wants this")));
    let envelope = Envelope {
        request,
        permit: None,
    };
    queue.inbox.send(envelope).expect("the thread lives");
}

async fn refuses(queue: &SqliteQueue) -> String {
    let refusal = async {
        loop {
            if let QueueHealth::Refusing(why) = queue.health() {
                return why;
            }
            // It ends in its own time.
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, refusal).await.expect("health knows")
}

#[tokio::test]
async fn f61_a_file_that_makes_its_reader_panic_is_set_aside_and_the_queue_starts() {
    let folder = filled().await;
    let faults = Faults::default();
    faults.plan(Point::Reopen, 0, 1, PANIC);
    let queue = open_with(folder.path(), &faults).await;
    assert_eq!(waiting(&queue).await, (0..4).collect());
    assert!(!set_aside(folder.path()).is_empty(), "the evidence is kept");
    push(&queue, 4).await;
    assert_eq!(queue.health(), QueueHealth::Durable);
    queue.close().await;
    assert_eq!(waiting(&open(folder.path()).await).await, (0..5).collect());
}

#[tokio::test]
async fn a_panic_over_any_file_is_told_to_who_opens_and_leaves_the_folder_free() {
    let folder = filled().await;
    let faults = Faults::default();
    faults.plan(Point::Reopen, 0, u32::MAX, PANIC);
    let opened = SqliteQueue::open_with(folder.path(), options(), faults).await;
    assert!(matches!(opened, Err(QueueError::Storage(_))), "{opened:?}");
    assert_eq!(waiting(&open(folder.path()).await).await, (0..4).collect());
}

#[tokio::test]
async fn a_queue_whose_thread_panics_refuses_and_lets_nobody_wait() {
    let folder = filled().await;
    let queue = open(folder.path()).await;
    let pushes = join_all((100..200).map(async |id| {
        if id == 150 {
            strike(&queue);
        }
        queue.push(event(id)).await
    }));
    let pushed = timeout(PATIENCE, pushes).await.expect("nobody waits");
    let acknowledged = pushed.iter().filter(|pushed| pushed.is_ok()).count();
    for refused in pushed.iter().filter_map(|pushed| pushed.as_ref().err()) {
        assert_eq!(refused, &QueueError::Closed);
    }
    let why = refuses(&queue).await;
    assert!(why.contains("panicked"), "{why}");
    let more = timeout(PATIENCE, queue.push(event(300))).await;
    assert_eq!(more.expect("nobody waits"), Err(QueueError::Closed));
    let read = timeout(PATIENCE, queue.load(0, 1, 1)).await;
    assert_eq!(read.expect("nobody waits"), Err(QueueError::Closed));
    timeout(PATIENCE, queue.close())
        .await
        .expect("it can be closed");

    // What was in the file and what was acknowledged is there after a restart.
    let found = waiting(&open(folder.path()).await).await.len();
    assert!(found >= 4 + acknowledged, "{found} of {acknowledged}");
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_commit_acknowledges_nothing() {
    let folder = filled().await;
    let faults = Faults::default();
    faults.plan(Point::Commit, 0, 1, PANIC);
    let queue = open_with(folder.path(), &faults).await;
    let pushed = timeout(PATIENCE, queue.push(event(4))).await;
    assert_eq!(pushed.expect("nobody waits"), Err(QueueError::Closed));
    refuses(&queue).await;
    drop(queue);
    assert_eq!(waiting(&open(folder.path()).await).await, (0..4).collect());
}
