//! F59: the disk is full, and then it is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use futures::future::join;
use rusqlite::ffi;

use super::super::fault::{Faults, Point};
use super::{assert_equation, dead, event, open, open_with, options, push, sql, waiting};
use crate::live::queue::{Ending, EventQueue as _, Pushed, QueueError, QueueHealth, SqliteQueue};

/// Pushes until one is refused; what was acknowledged, with the sequence numbers.
async fn push_until_full(queue: &SqliteQueue, first: u64) -> Vec<(u64, u64)> {
    let mut acknowledged = Vec::new();
    for id in first..first + 1_000_000 {
        match queue.push(event(id)).await {
            Ok(Pushed::Accepted(seq)) => acknowledged.push((id, seq)),
            Err(QueueError::Storage(why)) => {
                assert!(why.contains("full"), "{why}");
                return acknowledged;
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    panic!("the disk is never full");
}

async fn push_until_accepted(queue: &SqliteQueue, id: u64) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match queue.push(event(id)).await {
            Ok(Pushed::Accepted(seq)) => return seq,
            refused => assert!(Instant::now() < deadline, "{refused:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn ids(acknowledged: &[(u64, u64)]) -> BTreeSet<u64> {
    acknowledged.iter().map(|(id, _)| *id).collect()
}

#[tokio::test]
async fn f59_a_full_disk_refuses_keeps_what_it_has_and_recovers_without_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    sql(&queue, "PRAGMA max_page_count = 60".to_owned()).await;
    let acknowledged = push_until_full(&queue, 0).await;
    assert!(
        matches!(queue.health(), QueueHealth::Refusing(_)),
        "{:?}",
        queue.health()
    );
    assert_eq!(waiting(&queue).await, ids(&acknowledged));
    assert_eq!(queue.counts().accepted, acknowledged.len() as u64);

    // Making room goes on, and so does noting what failed.
    let (gone, rest) = acknowledged.split_at(acknowledged.len() / 2);
    queue
        .note_attempts(rest[0].1, 2)
        .await
        .expect("it replaces a row");
    queue
        .end(vec![(rest[0].1, dead())])
        .await
        .expect("it moves a row");
    let endings = gone
        .iter()
        .map(|(_, seq)| (*seq, Ending::Applied))
        .collect();
    queue.end(endings).await.expect("it makes room");
    assert_eq!(waiting(&queue).await, ids(&rest[1..]));
    assert_equation(queue.counts());

    // With the room that was made, and then with that of a larger disk.
    push_until_accepted(&queue, 1_000_000).await;
    push_until_full(&queue, 2_000_000).await;
    sql(&queue, "PRAGMA max_page_count = 100000".to_owned()).await;
    push_until_accepted(&queue, 3_000_000).await;
    assert_eq!(queue.health(), QueueHealth::Durable);
    assert_equation(queue.counts());
    let before = waiting(&queue).await;
    queue.close().await;
    assert_eq!(waiting(&open(folder.path()).await).await, before);
}

#[tokio::test]
async fn f59_of_one_commit_only_what_needs_room_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let faults = Faults::default();
    let queue = open_with(folder.path(), &faults).await;
    let seq = push(&queue, 1).await;
    let reserve = folder.path().join("queue.reserve");
    assert!(reserve.exists());
    faults.plan(Point::Commit, 0, 1, ffi::SQLITE_FULL);
    faults.plan(Point::Reserve, 0, 1, ffi::SQLITE_FULL);
    // Both are sent before the thread of the queue has seen the first, or the disk is full for it.
    let ending = queue.end(vec![(seq, Ending::Applied)]);
    let (pushed, ended) = join(queue.push(event(2)), ending).await;
    assert!(matches!(pushed, Err(QueueError::Storage(_))), "{pushed:?}");
    assert_eq!(ended, Ok(()));
    assert!(!reserve.exists(), "the space is given up");

    push_until_accepted(&queue, 3).await;
    assert!(reserve.exists(), "and taken again before the next event is");
    faults.plan(Point::Commit, 0, 1, ffi::SQLITE_FULL);
    let seqs: Vec<_> = queue.load(0, 9, 9_999).await.expect("it can be read");
    let endings = seqs
        .iter()
        .map(|queued| (queued.seq, Ending::Applied))
        .collect();
    queue
        .end(endings)
        .await
        .expect("it is tried once more with the reserve");
    assert_equation(queue.counts());
    assert_eq!(queue.counts().applied, 2);
}

#[tokio::test]
async fn f59_health_recovers_although_nobody_pushes() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    sql(&queue, "PRAGMA max_page_count = 40".to_owned()).await;
    push_until_full(&queue, 0).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while queue.health() != QueueHealth::Durable {
        assert!(Instant::now() < deadline, "{:?}", queue.health());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A small file system of its own, which is gone with the value.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
            .arg(at)
            .status()
            .is_ok_and(|status| status.success());
        mounted.then(|| Self(at.to_owned()))
    }

    fn fill(&self) {
        // The first write that does not fit ends it; what fitted stays.
        fs::write(self.0.join("filler"), vec![1; 16 << 20]).expect_err("the disk is small");
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("it was filled");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[tokio::test]
#[ignore = "it mounts a file system, which only root may"]
async fn f59_a_full_file_system_is_survived_with_restarts_too() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let disk = Disk::mount(folder.path()).expect("root may mount");
    let options = options().reserve_bytes(1 << 20);
    let open = || SqliteQueue::open(folder.path().join("state"), options.clone());
    let queue = open().await.expect("the disk has room");
    let mut acknowledged = Vec::new();
    for id in 0..50 {
        if let Ok(Pushed::Accepted(seq)) = queue.push(event(id)).await {
            acknowledged.push((id, seq));
        }
    }
    disk.fill();
    acknowledged.extend(push_until_full(&queue, 1_000).await);
    assert_eq!(waiting(&queue).await, ids(&acknowledged));
    let (gone, rest) = acknowledged.split_at(acknowledged.len() / 2);
    let endings = gone
        .iter()
        .map(|(_, seq)| (*seq, Ending::Applied))
        .collect();
    queue.end(endings).await.expect("the reserve lets it");
    queue.close().await;

    let queue = open().await.expect("a full disk can be read");
    assert_eq!(waiting(&queue).await, ids(rest));
    queue
        .end(vec![(rest[0].1, Ending::Filtered)])
        .await
        .expect("the reserve lets it");
    disk.free();
    push_until_accepted(&queue, 1_000_000).await;
    assert_eq!(queue.health(), QueueHealth::Durable);
    assert_equation(queue.counts());
    queue.close().await;
}
