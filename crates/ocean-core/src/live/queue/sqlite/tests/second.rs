//! F77: two want the same folder.

use std::time::Duration;

use futures::future::join;

use super::child::Pusher;
use super::{open, options, push, waiting};
use crate::live::queue::{EventQueue as _, QueueError, SqliteQueue};

#[tokio::test]
async fn f77_a_second_queue_of_a_folder_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    let second = SqliteQueue::open(folder.path(), options()).await;
    assert!(matches!(second, Err(QueueError::InUse(_))), "{second:?}");
    push(&queue, 1).await;
    assert_eq!(waiting(&queue).await, [1].into());
}

#[tokio::test]
async fn f77_a_second_process_is_refused_until_the_first_is_dead() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut first = Pusher::start(folder.path(), 0);
    first.said().expect("it pushes");
    let second = SqliteQueue::open(folder.path(), options()).await;
    assert!(matches!(second, Err(QueueError::InUse(_))), "{second:?}");
    first.kill();
    open(folder.path()).await;
}

#[tokio::test]
async fn f77_a_second_queue_waits_for_the_first_to_close() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let first = open(folder.path()).await;
    push(&first, 1).await;
    let grace = Duration::from_secs(20);
    let waits = SqliteQueue::open_within(folder.path(), options(), grace);
    let (second, ()) = join(waits, first.close()).await;
    assert_eq!(
        waiting(&second.expect("the first is closed")).await,
        [1].into()
    );
}

#[tokio::test]
async fn f77_a_second_queue_waits_no_longer_than_it_was_told() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let _first = open(folder.path()).await;
    let grace = Duration::from_millis(250);
    let second = SqliteQueue::open_within(folder.path(), options(), grace).await;
    assert!(matches!(second, Err(QueueError::InUse(_))), "{second:?}");
}

#[tokio::test]
async fn f77_another_program_with_the_file_counts_as_a_second_one() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    open(folder.path()).await.close().await;
    let other = rusqlite::Connection::open(folder.path().join("queue.db")).expect("it is free");
    other
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .expect("SQL");
    other.execute_batch("BEGIN IMMEDIATE; COMMIT").expect("SQL");
    let queue = SqliteQueue::open(folder.path(), options()).await;
    assert!(matches!(queue, Err(QueueError::InUse(_))), "{queue:?}");
    drop(other);
    open(folder.path()).await;
}

#[tokio::test]
async fn a_dropped_queue_leaves_its_folder_free() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    push(&queue, 1).await;
    drop(queue);
    let queue = SqliteQueue::open(folder.path(), options())
        .await
        .expect("it is free");
    assert_eq!(waiting(&queue).await, [1].into());
}

#[tokio::test]
async fn a_closed_queue_refuses_everything() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    queue.close().await;
    assert_eq!(queue.push(super::event(1)).await, Err(QueueError::Closed));
    assert_eq!(queue.load(0, 1, 1).await, Err(QueueError::Closed));
    assert!(matches!(
        queue.health(),
        crate::live::queue::QueueHealth::Refusing(_)
    ));
    queue.close().await;
}
