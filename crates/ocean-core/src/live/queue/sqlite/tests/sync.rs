//! F60: the disk fails once, and with it what the operating system remembers.

use rusqlite::ffi;

use super::super::fault::{Faults, Point};
use super::{assert_equation, event, open, open_with, push, waiting};
use crate::live::queue::{Ending, EventQueue as _, Pushed, QueueError, QueueHealth};

#[tokio::test]
async fn f60_a_commit_that_failed_is_not_acknowledged_and_the_next_one_is() {
    for code in [
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_FULL,
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let faults = Faults::default();
        let queue = open_with(folder.path(), &faults).await;
        push(&queue, 1).await;
        faults.plan(Point::Commit, 0, 1, code);
        let refused = queue.push(event(2)).await;
        assert!(
            matches!(refused, Err(QueueError::Storage(_))),
            "{refused:?}"
        );
        while queue.push(event(3)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(waiting(&queue).await, [1, 3].into());
        assert_eq!(queue.counts().accepted, 2);
        assert_equation(queue.counts());
        assert_eq!(queue.health(), QueueHealth::Durable);
    }
}

#[tokio::test]
async fn f60_after_a_failed_sync_the_file_is_reopened_before_the_next_acknowledgement() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let faults = Faults::default();
    let queue = open_with(folder.path(), &faults).await;
    push(&queue, 1).await;
    faults.plan(Point::Synced, 0, 1, ffi::SQLITE_IOERR_FSYNC);
    faults.plan(Point::Reopen, 0, 2, ffi::SQLITE_CANTOPEN);
    for id in 2..5 {
        let refused = queue.push(event(id)).await;
        assert!(
            matches!(refused, Err(QueueError::Storage(_))),
            "{id}: {refused:?}"
        );
        assert!(matches!(queue.health(), QueueHealth::Refusing(_)));
    }
    push(&queue, 5).await;
    // The pages of the second one were in the log, and the log was written once more.
    assert_eq!(waiting(&queue).await, [1, 2, 5].into());
    assert_eq!(queue.counts().accepted, 3);
    assert_equation(queue.counts());
    queue.close().await;
    assert_eq!(waiting(&open(folder.path()).await).await, [1, 2, 5].into());
}

#[tokio::test]
async fn f60_an_ending_that_took_effect_although_it_failed_counts_once() {
    for point in [Point::Commit, Point::Synced] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let faults = Faults::default();
        let queue = open_with(folder.path(), &faults).await;
        let seq = push(&queue, 1).await;
        faults.plan(point, 0, 1, ffi::SQLITE_IOERR_FSYNC);
        let end = || queue.end(vec![(seq, Ending::Applied)]);
        end().await.expect_err("the disk said no");
        end().await.expect("the disk says yes again");
        let counts = queue.counts();
        assert_eq!(
            (counts.accepted, counts.applied, counts.pending),
            (1, 1, 0),
            "{point:?}"
        );
        assert_equation(counts);
    }
}

#[tokio::test]
async fn f60_a_repetition_of_a_failed_push_is_kept_once() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let faults = Faults::default();
    let queue = open_with(folder.path(), &faults).await;
    let delivery = || {
        let mut event = event(1);
        event.delivery_id = Some("delivery-1".to_owned());
        event
    };
    faults.plan(Point::Synced, 0, 1, ffi::SQLITE_IOERR_FSYNC);
    queue.push(delivery()).await.expect_err("the disk said no");
    assert_eq!(queue.push(delivery()).await, Ok(Pushed::Duplicate));
    assert_eq!(queue.counts().pending, 1);

    faults.plan(Point::Commit, 0, 1, ffi::SQLITE_IOERR_FSYNC);
    let other = || {
        let mut event = event(2);
        event.delivery_id = Some("delivery-2".to_owned());
        event
    };
    queue.push(other()).await.expect_err("the disk said no");
    assert!(matches!(queue.push(other()).await, Ok(Pushed::Accepted(_))));
    assert_eq!(queue.counts().pending, 2);
    assert_equation(queue.counts());
}
