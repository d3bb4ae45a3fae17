//! F57: the power fails. What the disk holds then is what was synced, and any part of the rest.
//!
//! The files are copied while the queue works, and the copies are torn at the borders of sectors.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use futures::future::join_all;

use super::{assert_equation, open, push, random, set_aside, sql, waiting};
use crate::live::queue::{EventQueue as _, SqliteQueue};

const SECTOR: usize = 512;

/// The two files of a queue as they are at one moment.
#[derive(Debug, Clone)]
struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    fn of(folder: &Path) -> Self {
        let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
        loop {
            let image = Self {
                database: read("queue.db"),
                log: read("queue.db-wal"),
            };
            // If the log was folded meanwhile, the two are not of one moment.
            let same_log = read("queue.db-wal").get(..32) == image.log.get(..32);
            if same_log && read("queue.db") == image.database {
                return image;
            }
        }
    }

    /// Opens a copy, which must be possible without help, and says what waits in it.
    async fn recover(&self) -> BTreeSet<u64> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("queue.db"), &self.database).expect("it can be written");
        fs::write(folder.path().join("queue.db-wal"), &self.log).expect("it can be written");
        let queue = open(folder.path()).await;
        let found = waiting(&queue).await;
        assert_equation(queue.counts());
        assert_eq!(queue.counts().damaged, 0);
        assert_eq!(set_aside(folder.path()), Vec::<PathBuf>::new());
        queue.close().await;
        found
    }
}

fn assert_all(acknowledged: &BTreeSet<u64>, found: &BTreeSet<u64>, when: &str) {
    let lost: Vec<_> = acknowledged.difference(found).collect();
    assert!(lost.is_empty(), "{when}: acknowledged and lost: {lost:?}");
}

#[tokio::test]
async fn f57_a_copy_at_any_moment_has_all_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    let mut random = random(57);
    let mut acknowledged = BTreeSet::new();
    for round in 0..40_u64 {
        let begun = round * 100..round * 100 + random.u64(1..60);
        let before = acknowledged.clone();
        let path = folder.path().to_owned();
        // The copy is made beside the pushes: blocking threads are not those of the queue.
        let copy = tokio::task::spawn_blocking(move || Image::of(&path));
        join_all(begun.clone().map(|id| push(&queue, id))).await;
        acknowledged.extend(begun);
        let image = copy.await.expect("it copies");
        assert_all(&before, &image.recover().await, "during pushes");
        assert_all(
            &acknowledged,
            &Image::of(folder.path()).recover().await,
            "after pushes",
        );
    }
}

#[tokio::test]
async fn f57_a_torn_tail_of_the_log_costs_nothing_that_was_acknowledged() {
    let mut random = random(58);
    for round in 0..30 {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let queue = open(folder.path()).await;
        let acknowledged: BTreeSet<_> = (0..random.u64(1..30)).collect();
        join_all(acknowledged.iter().map(|id| push(&queue, *id))).await;
        let safe = Image::of(folder.path()).log.len();
        join_all((100..100 + random.u64(1..30)).map(|id| push(&queue, id))).await;
        let image = Image::of(folder.path());
        assert!(image.log.len() > safe, "the second half is in the log");

        let mut cut = image.clone();
        let border = random.usize(safe..image.log.len()) / SECTOR * SECTOR;
        cut.log.truncate(border.max(safe));
        assert_all(
            &acknowledged,
            &cut.recover().await,
            &format!("round {round}, cut"),
        );

        let mut torn = image;
        // The sector in which the acknowledged part ends was written whole, before or after.
        for sector in torn.log[safe.next_multiple_of(SECTOR)..].chunks_mut(SECTOR) {
            match random.u8(0..4) {
                0 => sector.fill(0),
                1 => random.fill(sector),
                _ => {}
            }
        }
        assert_all(
            &acknowledged,
            &torn.recover().await,
            &format!("round {round}, torn"),
        );
    }
}

#[tokio::test]
async fn f57_a_power_cut_while_the_log_is_folded_costs_nothing() {
    let mut random = random(59);
    for round in 0..20 {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let queue = open(folder.path()).await;
        let acknowledged: BTreeSet<_> = (0..random.u64(20..120)).collect();
        join_all(acknowledged.iter().map(|id| push(&queue, *id))).await;
        let before = Image::of(folder.path());
        fold(&queue).await;
        let after = fs::read(folder.path().join("queue.db")).expect("it is there");

        let mut torn = before.clone();
        torn.database
            .resize(random.usize(before.database.len()..=after.len()), 0);
        for (old, new) in torn.database.chunks_mut(SECTOR).zip(after.chunks(SECTOR)) {
            if random.bool() {
                old.copy_from_slice(&new[..old.len()]);
            }
        }
        assert_all(
            &acknowledged,
            &torn.recover().await,
            &format!("round {round}"),
        );
    }
}

async fn fold(queue: &SqliteQueue) {
    sql(queue, "PRAGMA wal_checkpoint(PASSIVE)".to_owned()).await;
}
