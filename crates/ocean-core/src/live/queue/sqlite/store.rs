//! What can be done to an open file? Commit, read, and fold its log.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::{Faults, Point};
use super::ledger::{Ledger, Numbers, Unsettled};
use super::record::{Damaged, letter_columns, number, read_letter, read_waiting, waiting_columns};
use super::transaction::{Table, Transaction};
use crate::live::queue::{DeadLetter, QueueOptions, QueuedEvent};

/// After so many pages the log is folded into the file: 4 MiB, as SQLite itself would.
const LOG_PAGES: i64 = 1_000;

/// An open file and what it holds.
#[derive(Debug)]
pub(super) struct Store {
    db: Connection,
    numbers: Numbers,
    options: QueueOptions,
    faults: Faults,
}

/// A commit that failed.
#[derive(Debug)]
pub(super) struct Uncommitted {
    pub(super) error: rusqlite::Error,
    pub(super) unsettled: Option<Box<Unsettled>>,
}

impl From<rusqlite::Error> for Uncommitted {
    fn from(error: rusqlite::Error) -> Self {
        Self {
            error,
            unsettled: None,
        }
    }
}

/// Rows that were read, and the numbers of those that are not what was written.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) rows: Vec<T>,
    pub(super) damaged: Vec<u64>,
}

impl Store {
    pub(super) fn new(
        db: Connection,
        numbers: Numbers,
        options: QueueOptions,
        faults: Faults,
    ) -> Self {
        Self {
            db,
            numbers,
            options,
            faults,
        }
    }

    /// Does some work in one transaction; when this returns `Ok`, it is on the disk.
    pub(super) fn commit(
        &mut self,
        ledger: &Ledger,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Uncommitted> {
        let begun = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut transaction = Transaction::new(&begun, &self.options, self.numbers);
        work(&mut transaction)?;
        transaction.seal()?;
        let (tally, numbers) = (transaction.tally, transaction.numbers);
        self.faults.pass(Point::Commit)?;
        let committed = begun
            .commit()
            .and_then(|()| self.faults.pass(Point::Synced));
        committed.map_err(|error| Uncommitted {
            error,
            unsettled: Some(Box::new(Unsettled { tally, numbers })),
        })?;
        self.numbers = numbers;
        ledger.committed(&tally, numbers);
        Ok(())
    }

    /// Waiting events after a number: at most `events`, until `bytes` of bodies are reached.
    pub(super) fn waiting(
        &self,
        after: u64,
        events: usize,
        bytes: usize,
    ) -> rusqlite::Result<Found<QueuedEvent>> {
        let columns = waiting_columns();
        let sql = format!("SELECT {columns} FROM waiting WHERE seq > ? ORDER BY seq");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut cursor = statement.query([number(after)])?;
        let mut found = Found {
            rows: Vec::new(),
            damaged: Vec::new(),
        };
        let mut weight = 0;
        while found.rows.len() < events && (found.rows.is_empty() || weight < bytes) {
            let Some(row) = cursor.next()? else {
                break;
            };
            match read_waiting(row) {
                Ok(queued) => {
                    weight += queued.event.body.len();
                    found.rows.push(queued);
                }
                Err(Damaged) => found.damaged.push(row.get::<_, i64>(0)?.unsigned_abs()),
            }
        }
        Ok(found)
    }

    /// All dead letters.
    pub(super) fn letters(&self) -> rusqlite::Result<Found<DeadLetter>> {
        let sql = format!("SELECT {} FROM letters ORDER BY seq", letter_columns());
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut cursor = statement.query([])?;
        let mut found = Found {
            rows: Vec::new(),
            damaged: Vec::new(),
        };
        while let Some(row) = cursor.next()? {
            match read_letter(row) {
                Ok(letter) => found.rows.push(letter),
                Err(Damaged) => found.damaged.push(row.get::<_, i64>(0)?.unsigned_abs()),
            }
        }
        Ok(found)
    }

    /// Sets damaged rows aside.
    pub(super) fn set_aside(
        &mut self,
        ledger: &Ledger,
        table: Table,
        damaged: &[u64],
    ) -> Result<(), Uncommitted> {
        if damaged.is_empty() {
            return Ok(());
        }
        tracing::error!(
            table = table.name(),
            damaged = damaged.len(),
            "events of the queue are damaged and were set aside"
        );
        self.commit(ledger, |transaction| {
            damaged
                .iter()
                .try_for_each(|seq| transaction.set_aside(table, *seq))
        })
    }

    /// Folds the log into the file when it has grown.
    pub(super) fn fold_log(&self) -> rusqlite::Result<()> {
        let pages = "PRAGMA wal_checkpoint(NOOP)";
        let pages: i64 = self
            .db
            .prepare_cached(pages)?
            .query_row([], |row| row.get(1))?;
        if pages < LOG_PAGES {
            return Ok(());
        }
        self.db
            .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
            .query_row([], |_row| Ok(()))
    }

    /// Lets a test do what it likes to the connection.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }
}
