//! F61: bits flip in a file that lies still.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{assert_equation, dead, event, id_of, open, push, random, set_aside, sql, waiting};
use crate::live::queue::{EventQueue as _, Pushed, QueueCounts, QueueError};

const EVENTS: u64 = 12;
const LETTERS: u64 = 3;

/// A file with events, the last of which are dead letters.
async fn filled() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..EVENTS + LETTERS {
        let mut event = event(id);
        event.delivery_id = Some(format!("delivery-{id}"));
        let pushed = queue.push(event).await;
        let Ok(Pushed::Accepted(seq)) = pushed else {
            panic!("{pushed:?}");
        };
        if id >= EVENTS {
            queue.end(vec![(seq, dead())]).await.expect("it ends");
        }
    }
    queue.close().await;
    fs::read(folder.path().join("queue.db")).expect("it was closed, so this is all")
}

/// What a queue finds in a file.
#[derive(Debug)]
struct Found {
    waiting: BTreeSet<u64>,
    letters: BTreeSet<u64>,
    counts: QueueCounts,
    set_aside: usize,
}

/// Opens a file, which must be possible, and reads it, in which nothing may be altered.
async fn find(file: &[u8]) -> Found {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("queue.db"), file).expect("it can be written");
    let queue = open(folder.path()).await;
    let delivered = queue
        .load(0, usize::MAX, usize::MAX)
        .await
        .expect("it can be read");
    let letters = queue.dead_letters().await.expect("it can be read");
    let id = |event: &crate::live::queue::NewEvent| {
        let mut plain = event.clone();
        let delivery = plain.delivery_id.take();
        let id = id_of(&plain).expect("no altered event is delivered");
        assert_eq!(delivery, Some(format!("delivery-{id}")));
        id
    };
    let found = Found {
        waiting: delivered.iter().map(|queued| id(&queued.event)).collect(),
        letters: letters.iter().map(|letter| id(&letter.event)).collect(),
        counts: queue.counts(),
        set_aside: set_aside(folder.path()).len(),
    };
    assert_eq!(
        found.waiting.len(),
        delivered.len(),
        "none is delivered twice"
    );
    assert_equation(found.counts);
    // Damage to a page that no event is on shows when something is written there: whoever pushed is
    // asked to push again, and that succeeds.
    if let Err(refused) = queue.push(event(1_000)).await {
        assert!(matches!(refused, QueueError::Storage(_)), "{refused}");
        queue.push(event(1_000)).await.expect("and it goes on");
    }
    assert_equation(queue.counts());
    queue.close().await;
    found
}

/// The file with one bit flipped at a distance from a text, wherever that lies: pages that were
/// split still hold what they held before.
fn flip(file: &[u8], text: &str, distance: usize, bit: u8) -> Vec<u8> {
    let mut flipped = file.to_vec();
    let windows = file.windows(text.len()).enumerate();
    for (at, _) in windows.filter(|(_, window)| *window == text.as_bytes()) {
        flipped[at + distance] ^= 1 << bit;
    }
    assert_ne!(flipped, file, "it is there");
    flipped
}

#[tokio::test]
async fn f61_a_flipped_bit_costs_its_event_and_no_other() {
    let file = filled().await;
    let mut random = random(61);
    for id in 0..EVENTS + LETTERS {
        for _ in 0..3 {
            let body = format!("event {id} x");
            let flipped = flip(&file, &body, random.usize(0..380), random.u8(0..8));
            let found = find(&flipped).await;
            let mut waiting: BTreeSet<_> = (0..EVENTS).collect();
            let mut letters: BTreeSet<_> = (EVENTS..EVENTS + LETTERS).collect();
            waiting.remove(&id);
            letters.remove(&id);
            assert_eq!((&found.waiting, &found.letters), (&waiting, &letters));
            assert_eq!(found.counts.damaged, 1, "{found:?}");
            assert_eq!(found.counts.accepted, EVENTS, "{found:?}");
            assert_eq!(found.set_aside, 0, "{found:?}");
        }
    }
}

#[tokio::test]
async fn f61_a_flipped_bit_anywhere_never_alters_an_event_nor_loses_one_unnoticed() {
    let file = filled().await;
    let mut random = random(62);
    let sweep = std::env::var_os("OCEAN_FLIP_STEP");
    let step = sweep.map_or(151, |text| {
        text.to_string_lossy().parse().expect("a number")
    });
    for at in (0..file.len()).step_by(step) {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << random.u8(0..8);
        let found = find(&flipped).await;
        let lost = EVENTS - found.waiting.len() as u64;
        // Without the first page nobody knows what was in the file; then it lies beside the new one.
        let noticed = found.counts.dead == lost || found.set_aside > 0;
        assert!(noticed, "byte {at}: {found:?}");
    }
}

#[tokio::test]
async fn f61_the_evidence_of_a_damaged_event_is_kept_and_it_may_be_sent_again() {
    let file = filled().await;
    let flipped = flip(&file, "event 3 x", 9, 0);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("queue.db"), &flipped).expect("it can be written");
    let queue = open(folder.path()).await;
    assert_eq!(queue.counts().damaged, 1);
    let mut again = event(3);
    again.delivery_id = Some("delivery-3".to_owned());
    assert!(matches!(queue.push(again).await, Ok(Pushed::Accepted(_))));
    queue.close().await;
    assert_eq!(quarantined(folder.path()), [("waiting".to_owned(), 4)]);
}

#[tokio::test]
async fn f61_damage_while_the_queue_runs_is_noticed_when_the_event_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..6 {
        push(&queue, id).await;
    }
    // The third is read in passing, the fourth when it is to become a dead letter.
    for seq in [3, 4] {
        let damage = format!(
            "UPDATE waiting SET body = 'event' || substr(body, 7) WHERE seq = {seq} RETURNING 1"
        );
        sql(&queue, damage).await;
    }
    queue
        .end(vec![(4, dead()), (5, dead())])
        .await
        .expect("the others end");
    assert_eq!(waiting(&queue).await, [0, 1, 5].into());
    let counts = queue.counts();
    assert_eq!((counts.damaged, counts.dead, counts.pending), (2, 3, 3));
    assert_eq!(counts.dead_letters, 1);
    assert_equation(counts);

    let damage = "UPDATE letters SET reason = 'none' RETURNING 1";
    sql(&queue, damage.to_owned()).await;
    assert_eq!(queue.replay(None).await, Ok(0));
    assert_eq!(queue.counts().damaged, 3);
    assert_eq!(queue.counts().dead_letters, 0);
    assert_equation(queue.counts());
    queue.close().await;
    let evidence = [("waiting", 4), ("waiting", 3), ("letters", 5)];
    assert_eq!(
        quarantined(folder.path()),
        evidence.map(|(from, seq)| (from.to_owned(), seq))
    );
}

#[tokio::test]
async fn f61_a_missing_event_is_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let queue = open(folder.path()).await;
    for id in 0..6 {
        push(&queue, id).await;
    }
    sql(
        &queue,
        "DELETE FROM waiting WHERE seq = 2 RETURNING 1".to_owned(),
    )
    .await;
    queue.close().await;
    let queue = open(folder.path()).await;
    let counts = queue.counts();
    assert_eq!(
        (counts.accepted, counts.dead, counts.damaged, counts.pending),
        (6, 1, 1, 5)
    );
    queue.close().await;
    let queue = open(folder.path()).await;
    assert_eq!(queue.counts().damaged, 0, "it is said once");
}

fn quarantined(folder: &Path) -> Vec<(String, i64)> {
    let db = rusqlite::Connection::open(folder.join("queue.db")).expect("the queue is closed");
    let mut rows = db
        .prepare("SELECT origin, seq FROM quarantine ORDER BY rowid")
        .expect("SQL");
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("SQL");
    rows.collect::<Result<_, _>>().expect("they can be read")
}
