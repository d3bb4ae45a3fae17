//! Does a file hold what it should? Every row is read once when it is opened.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::ledger::Numbers;
use super::record::{
    Damaged, letter_columns, numbers_checksum, read_letter, read_waiting, waiting_columns,
};
use super::transaction::{Table, Transaction, write_numbers};
use crate::live::queue::{NewEvent, QueueOptions};

/// What a check found, after it set the damaged rows aside.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) found: Numbers,
    /// How many events should wait, as far as that is known.
    pub(super) expected: u64,
    pub(super) damaged_letters: u64,
}

/// Reads every row, moves the damaged ones away, and says loudly what is not as it was left.
pub(super) fn check(db: &mut Connection, options: &QueueOptions) -> rusqlite::Result<Checked> {
    let stored = stored_numbers(db)?;
    let waiting = scan(db, Table::Waiting, &waiting_columns(), |row| {
        read_waiting(row).map(|queued| queued.event)
    })?;
    let letters = scan(db, Table::Letters, &letter_columns(), |row| {
        read_letter(row).map(|letter| letter.event)
    })?;
    let found = Numbers {
        last_seq: last_seq(db)?.max(stored.map_or(0, |stored| stored.last_seq)),
        commits: stored.map_or(0, |stored| stored.commits),
        waiting: waiting.intact,
        letters: letters.intact,
        waiting_bytes: waiting.bytes,
        letter_bytes: letters.bytes,
        deliveries: count(db, "SELECT count(*) FROM deliveries")?,
    };
    report(stored.as_ref(), &waiting, &letters);
    let checked = Checked {
        found,
        expected: stored.map_or(waiting.all(), |stored| stored.waiting),
        damaged_letters: letters.damaged.len() as u64,
    };
    let as_left = stored
        .is_some_and(|stored| stored.waiting == found.waiting && stored.letters == found.letters);
    if !as_left {
        repair(db, options, &checked, &waiting.damaged, &letters.damaged)?;
    }
    Ok(checked)
}

/// What one table holds.
#[derive(Debug, Default)]
struct Scan {
    intact: u64,
    bytes: u64,
    damaged: Vec<u64>,
}

impl Scan {
    fn all(&self) -> u64 {
        self.intact + self.damaged.len() as u64
    }
}

fn scan(
    db: &Connection,
    table: Table,
    columns: &str,
    read: impl Fn(&Row<'_>) -> Result<NewEvent, Damaged>,
) -> rusqlite::Result<Scan> {
    let mut statement = db.prepare(&format!("SELECT {columns} FROM {}", table.name()))?;
    let mut cursor = statement.query([])?;
    let mut scan = Scan::default();
    while let Some(row) = cursor.next()? {
        match read(row) {
            Ok(event) => {
                scan.intact += 1;
                scan.bytes += event.size();
            }
            Err(Damaged) => scan.damaged.push(row.get::<_, i64>(0)?.unsigned_abs()),
        }
    }
    Ok(scan)
}

/// The row of numbers, unless it is damaged.
pub(super) fn stored_numbers(db: &Connection) -> rusqlite::Result<Option<Numbers>> {
    let sql = "SELECT last_seq, commits, waiting, letters, crc FROM numbers";
    let row = db
        .query_row(sql, [], |row| Ok(read_numbers(row)))
        .optional()?;
    Ok(row.and_then(Result::ok))
}

fn read_numbers(row: &Row<'_>) -> Result<Numbers, Damaged> {
    let mut numbers = [0; 4];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = row.get::<_, i64>(column)?.unsigned_abs();
    }
    if row.get::<_, u32>(4)? != numbers_checksum(&numbers) {
        return Err(Damaged);
    }
    let [last_seq, commits, waiting, letters] = numbers;
    Ok(Numbers {
        last_seq,
        commits,
        waiting,
        letters,
        ..Numbers::default()
    })
}

/// The highest number that any table has seen.
fn last_seq(db: &Connection) -> rusqlite::Result<u64> {
    count(
        db,
        "SELECT max(coalesce((SELECT max(seq) FROM waiting), 0),
                    coalesce((SELECT max(seq) FROM letters), 0),
                    coalesce((SELECT max(seq) FROM deliveries), 0))",
    )
}

fn count(db: &Connection, sql: &str) -> rusqlite::Result<u64> {
    Ok(db
        .query_row(sql, [], |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}

fn report(stored: Option<&Numbers>, waiting: &Scan, letters: &Scan) {
    let Some(stored) = stored else {
        tracing::error!("the numbers of the queue are damaged: events may be missing unnoticed");
        return;
    };
    let missing = stored.waiting.saturating_sub(waiting.all());
    let missing_letters = stored.letters.saturating_sub(letters.all());
    if missing + missing_letters > 0 {
        tracing::error!(
            missing,
            missing_letters,
            last_seq = stored.last_seq,
            "events are missing from the queue"
        );
    }
    let (damaged, damaged_letters) = (waiting.damaged.len(), letters.damaged.len());
    if damaged + damaged_letters > 0 {
        tracing::error!(
            damaged,
            damaged_letters,
            "events of the queue are damaged and were set aside"
        );
    }
}

fn repair(
    db: &mut Connection,
    options: &QueueOptions,
    checked: &Checked,
    waiting: &[u64],
    letters: &[u64],
) -> rusqlite::Result<()> {
    let begun = db.transaction()?;
    let mut transaction = Transaction::new(&begun, options, checked.found);
    for seq in waiting {
        transaction.set_aside(Table::Waiting, *seq)?;
    }
    for seq in letters {
        transaction.set_aside(Table::Letters, *seq)?;
    }
    write_numbers(&begun, &checked.found)?;
    begun.commit()
}
