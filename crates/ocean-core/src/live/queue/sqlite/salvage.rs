//! What becomes of a file that is no good? It is set aside, and whatever can be read of it goes on
//! in a new one.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rusqlite::{Connection, Row};

use super::check::stored_numbers;
use super::failure::storage;
use super::folder::Folder;
use super::ledger::Numbers;
use super::record::{Damaged, insert_letter, insert_waiting, read_letter, read_waiting};
use super::schema;
use super::transaction::write_numbers;
use crate::live::queue::QueueError;

/// Makes the first file of a folder.
pub(super) fn begin(folder: &Folder) -> Result<(), QueueError> {
    draft(folder, |new| write_numbers(new, &Numbers::default()))?;
    folder
        .replace_with_draft()
        .map_err(|error| failed(&error))?;
    Ok(())
}

/// Begins a new file with the intact rows of the old one, which is renamed and stays.
pub(super) fn rebuild(folder: &Folder, why: &str) -> Result<(), QueueError> {
    let mut salvaged = Salvaged::default();
    draft(folder, |new| {
        // What was copied before a panic is intact, and goes on.
        let copied = catch_unwind(AssertUnwindSafe(|| {
            salvage(&folder.database(), new, &mut salvaged);
        }));
        if copied.is_err() {
            tracing::error!("reading a damaged file of the queue panicked");
        }
        Ok(())
    })?;
    let aside = folder
        .replace_with_draft()
        .map_err(|error| failed(&error))?;
    tracing::error!(
        why,
        aside = ?aside,
        waiting = salvaged.waiting,
        dead_letters = salvaged.letters,
        deliveries = salvaged.deliveries,
        "the file of the queue is no good and was set aside; what could be read of it goes on"
    );
    Ok(())
}

fn draft(
    folder: &Folder,
    fill: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), QueueError> {
    let path = folder.begin_draft().map_err(|error| failed(&error))?;
    let filled = schema::create(&path).and_then(|mut new| {
        let begun = new.transaction()?;
        fill(&begun)?;
        begun.commit()
    });
    filled.map_err(|error| storage(&error))
}

/// How many rows were saved.
#[derive(Debug, Default)]
struct Salvaged {
    waiting: u64,
    letters: u64,
    deliveries: u64,
}

/// Copies what can be read. No error ends it: each table is worth a try.
fn salvage(old: &Path, new: &Connection, salvaged: &mut Salvaged) {
    let Ok(old) = schema::open_damaged(old) else {
        return;
    };
    if let Ok(Some(numbers)) = stored_numbers(&old) {
        // They tell the check of the new file how many rows are missing from it.
        write_numbers(new, &numbers).ok();
    }
    let source = |table, columns| Source {
        db: &old,
        table,
        columns,
    };
    source("waiting", 9).copy(&mut salvaged.waiting, |row| {
        insert_waiting(new, &read_waiting(row)?).map_err(skip)
    });
    source("letters", 11).copy(&mut salvaged.letters, |row| {
        insert_letter(new, &read_letter(row)?).map_err(skip)
    });
    source("deliveries", 5).copy(&mut salvaged.deliveries, |row| {
        copy_delivery(new, row).map_err(skip)
    });
}

/// A row that cannot be written is none that was read twice, or none at all.
fn skip(_unwritable: rusqlite::Error) -> Damaged {
    Damaged
}

/// Its checksum is looked at when it is asked for.
fn copy_delivery(new: &Connection, row: &Row<'_>) -> rusqlite::Result<()> {
    let values: [rusqlite::types::Value; 5] = [
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ];
    new.prepare_cached(
        "INSERT INTO deliveries (seq, path, delivery_id, accepted_at, crc) VALUES (?,?,?,?,?)",
    )?
    .execute(values)?;
    Ok(())
}

/// A table of a damaged file.
struct Source<'a> {
    db: &'a Connection,
    table: &'static str,
    /// How many it was made with.
    columns: usize,
}

impl Source<'_> {
    /// Reads from the front up to the damage, and then from the end back to it; counts what was
    /// written.
    fn copy(&self, copied: &mut u64, write: impl Fn(&Row<'_>) -> Result<(), Damaged>) {
        let mut last = i64::MIN;
        let whole = self.walk("ASC", |seq, row| {
            last = seq;
            *copied += u64::from(write(row).is_ok());
            true
        });
        if whole.is_err() {
            let back = self.walk("DESC", |seq, row| {
                let new = seq > last;
                *copied += u64::from(new && write(row).is_ok());
                new
            });
            tracing::debug!(table = self.table, error = ?back.err(), "read a damaged table");
        }
    }

    fn walk(
        &self,
        order: &str,
        mut each: impl FnMut(i64, &Row<'_>) -> bool,
    ) -> rusqlite::Result<()> {
        // By their places and under names of our own, for the names of columns may be what is
        // damaged, and one that is not UTF-8 makes rusqlite panic. The number of a row stands in
        // its key, too, whatever has become of the column that shows it.
        let names: Vec<_> = (1..self.columns).map(|place| format!("c{place}")).collect();
        let (table, names) = (self.table, names.join(", "));
        let sql = format!(
            "WITH found (seq, c0, {names}) AS (SELECT rowid, * FROM {table})
             SELECT seq, {names} FROM found ORDER BY seq {order}"
        );
        let mut statement = self.db.prepare(&sql)?;
        let mut cursor = statement.query([])?;
        while let Some(row) = cursor.next()? {
            if !each(row.get(0)?, row) {
                break;
            }
        }
        Ok(())
    }
}

fn failed(error: &io::Error) -> QueueError {
    QueueError::Storage(error.to_string())
}
