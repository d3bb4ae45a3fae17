//! How does an event lie in a row, and how is damage to it noticed? By a checksum over everything.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crc32fast::Hasher;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row, params};

use crate::live::queue::{DeadLetter, NewEvent, QueuedEvent};

/// The columns that waiting events and dead letters share, in the order in which they are read.
/// The body is the last one: whatever lies behind a large body is slow to reach.
const EVENT: &str = "seq, path, delivery_id, headers, received_at, size, attempts, crc";

/// A row that is not what was written. What it holds is evidence, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

impl From<rusqlite::Error> for Damaged {
    /// Reading a column fails only when it holds another type than was written.
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

pub(super) fn waiting_columns() -> String {
    format!("{EVENT}, body")
}

pub(super) fn letter_columns() -> String {
    format!("{EVENT}, reason, died_at, body")
}

pub(super) fn insert_waiting(db: &Connection, queued: &QueuedEvent) -> rusqlite::Result<()> {
    let event = &queued.event;
    let headers = headers_text(event);
    let crc = checksum(queued, &headers, None);
    let sql = format!(
        "INSERT INTO waiting ({}) VALUES (?,?,?,?,?,?,?,?,?)",
        waiting_columns()
    );
    db.prepare_cached(&sql)?.execute(params![
        number(queued.seq),
        event.path,
        event.delivery_id,
        headers,
        instant(event.received_at),
        number(event.size()),
        queued.attempts,
        crc,
        &event.body[..],
    ])?;
    Ok(())
}

pub(super) fn insert_letter(db: &Connection, letter: &DeadLetter) -> rusqlite::Result<()> {
    let event = &letter.event;
    let headers = headers_text(event);
    let died_at = instant(letter.died_at);
    let crc = letter_checksum(letter, &headers);
    let columns = letter_columns();
    let sql = format!("INSERT INTO letters ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
    db.prepare_cached(&sql)?.execute(params![
        number(letter.seq),
        event.path,
        event.delivery_id,
        headers,
        instant(event.received_at),
        number(event.size()),
        letter.attempts,
        crc,
        letter.reason,
        died_at,
        &event.body[..],
    ])?;
    Ok(())
}

/// Reads a row of [`waiting_columns`].
pub(super) fn read_waiting(row: &Row<'_>) -> Result<QueuedEvent, Damaged> {
    let (queued, headers, crc) = read_event(row, 8)?;
    if crc != checksum(&queued, &headers, None) {
        return Err(Damaged);
    }
    Ok(queued)
}

/// Reads a row of [`letter_columns`].
pub(super) fn read_letter(row: &Row<'_>) -> Result<DeadLetter, Damaged> {
    let (queued, headers, crc) = read_event(row, 10)?;
    let letter = DeadLetter {
        seq: queued.seq,
        event: queued.event,
        reason: row.get(8)?,
        attempts: queued.attempts,
        died_at: time(row.get(9)?)?,
    };
    if crc != letter_checksum(&letter, &headers) {
        return Err(Damaged);
    }
    Ok(letter)
}

fn read_event(row: &Row<'_>, body: usize) -> Result<(QueuedEvent, String, u32), Damaged> {
    let headers: String = row.get(3)?;
    let body: Vec<u8> = row.get(body)?;
    let event = NewEvent {
        path: row.get(1)?,
        delivery_id: row.get(2)?,
        headers: serde_json::from_str(&headers).map_err(|_not_json| Damaged)?,
        body: body.into(),
        received_at: time(row.get(4)?)?,
    };
    if whole::<i64>(row, 5)? != number(event.size()) {
        return Err(Damaged);
    }
    let queued = QueuedEvent {
        seq: u64::try_from(whole::<i64>(row, 0)?).map_err(|_negative| Damaged)?,
        attempts: row.get(6)?,
        event,
    };
    Ok((queued, headers, row.get(7)?))
}

fn whole<T: FromSql>(row: &Row<'_>, column: usize) -> Result<T, Damaged> {
    Ok(row.get(column)?)
}

fn letter_checksum(letter: &DeadLetter, headers: &str) -> u32 {
    let queued = QueuedEvent {
        seq: letter.seq,
        attempts: letter.attempts,
        event: letter.event.clone(),
    };
    checksum(
        &queued,
        headers,
        Some((&letter.reason, instant(letter.died_at))),
    )
}

/// Over everything a row holds, with the length of each text before it, so that nothing can move
/// from one column to the next unnoticed.
fn checksum(queued: &QueuedEvent, headers: &str, death: Option<(&str, i64)>) -> u32 {
    let event = &queued.event;
    let mut hasher = Hasher::new();
    hasher.update(&queued.seq.to_le_bytes());
    hasher.update(&queued.attempts.to_le_bytes());
    hasher.update(&instant(event.received_at).to_le_bytes());
    add(&mut hasher, Some(event.path.as_bytes()));
    add(&mut hasher, event.delivery_id.as_deref().map(str::as_bytes));
    add(&mut hasher, Some(headers.as_bytes()));
    add(&mut hasher, Some(&event.body));
    if let Some((reason, died_at)) = death {
        hasher.update(&died_at.to_le_bytes());
        add(&mut hasher, Some(reason.as_bytes()));
    }
    hasher.finalize()
}

/// The checksum of a known delivery.
pub(super) fn delivery_checksum(seq: u64, path: &str, id: &str, accepted_at: i64) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&seq.to_le_bytes());
    hasher.update(&accepted_at.to_le_bytes());
    add(&mut hasher, Some(path.as_bytes()));
    add(&mut hasher, Some(id.as_bytes()));
    hasher.finalize()
}

/// The checksum of the queue's own numbers.
pub(super) fn numbers_checksum(numbers: &[u64]) -> u32 {
    let mut hasher = Hasher::new();
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    hasher.finalize()
}

fn add(hasher: &mut Hasher, text: Option<&[u8]>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    hasher.update(&length.to_le_bytes());
    hasher.update(text.unwrap_or_default());
}

fn headers_text(event: &NewEvent) -> String {
    serde_json::to_value(&event.headers)
        .unwrap_or_default()
        .to_string()
}

/// A number as SQLite holds it. None of ours comes near the end of its range.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Nanoseconds since 1970, negative before.
pub(super) fn instant(time: SystemTime) -> i64 {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => nanos(since),
        Err(before) => -nanos(before.duration()),
    }
}

fn time(nanos: i64) -> Result<SystemTime, Damaged> {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    let time = if nanos < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    time.ok_or(Damaged)
}
