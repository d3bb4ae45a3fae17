//! What becomes of a file that is no good? It is set aside, and whatever can be read of it goes on
//! in a new one.

use std::io;
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
        salvaged = salvage(&folder.database(), new);
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
fn salvage(old: &Path, new: &Connection) -> Salvaged {
    let Ok(old) = schema::open_damaged(old) else {
        return Salvaged::default();
    };
    if let Ok(Some(numbers)) = stored_numbers(&old) {
        // They tell the check of the new file how many rows are missing from it.
        write_numbers(new, &numbers).ok();
    }
    let source = |table| Source { db: &old, table };
    Salvaged {
        waiting: source("waiting")
            .copy(|row| insert_waiting(new, &read_waiting(row)?).map_err(skip)),
        letters: source("letters").copy(|row| insert_letter(new, &read_letter(row)?).map_err(skip)),
        deliveries: source("deliveries").copy(|row| copy_delivery(new, row).map_err(skip)),
    }
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
}

impl Source<'_> {
    /// Reads from the front up to the damage, and then from the end back to it.
    fn copy(&self, write: impl Fn(&Row<'_>) -> Result<(), Damaged>) -> u64 {
        let mut last = i64::MIN;
        let mut copied = 0;
        let whole = self.walk("ASC", |seq, row| {
            last = seq;
            copied += u64::from(write(row).is_ok());
            true
        });
        if whole.is_err() {
            let back = self.walk("DESC", |seq, row| {
                let new = seq > last;
                copied += u64::from(new && write(row).is_ok());
                new
            });
            tracing::debug!(table = self.table, error = ?back.err(), "read a damaged table");
        }
        copied
    }

    fn walk(
        &self,
        order: &str,
        mut each: impl FnMut(i64, &Row<'_>) -> bool,
    ) -> rusqlite::Result<()> {
        // By their places, for the names of columns may be what is damaged.
        let sql = format!("SELECT * FROM {} ORDER BY rowid {order}", self.table);
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
