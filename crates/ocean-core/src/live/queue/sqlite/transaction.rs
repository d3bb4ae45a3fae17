//! What can be done to the queue within one commit? The methods of [`Transaction`].

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, Params, ffi, params};

use super::ledger::{Numbers, Tally};
use super::record::{
    Damaged, delivery_checksum, insert_letter, insert_waiting, instant, letter_columns, number,
    numbers_checksum, read_letter, read_waiting, waiting_columns,
};
use crate::live::queue::options::bounded_reason;
use crate::live::queue::{
    DeadLetter, Ending, NewEvent, Pushed, QueueError, QueueOptions, QueuedEvent,
};

/// A transaction that has begun, with what the numbers will be if it commits.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    db: &'a Connection,
    options: &'a QueueOptions,
    pub(super) numbers: Numbers,
    pub(super) tally: Tally,
}

/// The two tables that hold events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Waiting,
    Letters,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Letters => "letters",
        }
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn new(db: &'a Connection, options: &'a QueueOptions, numbers: Numbers) -> Self {
        Self {
            db,
            options,
            numbers,
            tally: Tally::default(),
        }
    }

    /// Lets an event wait, unless it repeats another or there is no room.
    pub(super) fn push(
        &mut self,
        event: &NewEvent,
    ) -> rusqlite::Result<Result<Pushed, QueueError>> {
        if self.repeats(event)? {
            self.tally.duplicates += 1;
            return Ok(Ok(Pushed::Duplicate));
        }
        if let Err(full) = self.numbers.kept().room_for(event.size(), self.options) {
            return Ok(Err(full));
        }
        let seq = self.accept(event.clone())?;
        self.note_delivery(seq, event)?;
        Ok(Ok(Pushed::Accepted(seq)))
    }

    fn accept(&mut self, event: NewEvent) -> rusqlite::Result<u64> {
        let queued = QueuedEvent {
            seq: self.numbers.last_seq + 1,
            attempts: 0,
            event,
        };
        insert_waiting(self.db, &queued)?;
        self.numbers.last_seq = queued.seq;
        self.numbers.waiting += 1;
        self.numbers.waiting_bytes += queued.event.size();
        self.tally.accepted += 1;
        Ok(queued.seq)
    }

    fn repeats(&self, event: &NewEvent) -> rusqlite::Result<bool> {
        let Some(id) = &event.delivery_id else {
            return Ok(false);
        };
        let sql = "SELECT seq, accepted_at, crc FROM deliveries WHERE path = ? AND delivery_id = ?";
        let known = self
            .db
            .prepare_cached(sql)?
            .query_row(params![event.path, id], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, u32>(2)?,
                ))
            })
            .optional()?;
        Ok(known.is_some_and(|(seq, accepted_at, crc)| {
            // A damaged identifier must not refuse an event that is new.
            let intact = delivery_checksum(seq.unsigned_abs(), &event.path, id, accepted_at) == crc;
            let age = instant(event.received_at).saturating_sub(accepted_at);
            intact && age < self.window()
        }))
    }

    /// The window in nanoseconds.
    fn window(&self) -> i64 {
        i64::try_from(self.options.window.as_nanos()).unwrap_or(i64::MAX)
    }

    fn note_delivery(&mut self, seq: u64, event: &NewEvent) -> rusqlite::Result<()> {
        let Some(id) = &event.delivery_id else {
            return Ok(());
        };
        let accepted_at = instant(event.received_at);
        let crc = delivery_checksum(seq, &event.path, id, accepted_at);
        let outdated = "DELETE FROM deliveries WHERE path = ? AND delivery_id = ?";
        self.forget_delivery(outdated, params![event.path, id])?;
        self.db
            .prepare_cached(
                "INSERT INTO deliveries (seq, path, delivery_id, accepted_at, crc)
                 VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![number(seq), event.path, id, accepted_at, crc])?;
        self.numbers.deliveries += 1;
        self.forget_deliveries(accepted_at)
    }

    /// Forgets those that are too old, from the oldest on, and those that are too many.
    fn forget_deliveries(&mut self, now: i64) -> rusqlite::Result<()> {
        let sql = "SELECT seq, accepted_at FROM deliveries ORDER BY seq LIMIT 1";
        let mut oldest = self.db.prepare_cached(sql)?;
        let mut next = || {
            let row = oldest.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
            row.optional()
        };
        while let Some((seq, accepted_at)) = next()? {
            let recent = now.saturating_sub(accepted_at) < self.window();
            if recent && self.numbers.deliveries <= self.options.window_ids as u64 {
                break;
            }
            self.forget_delivery("DELETE FROM deliveries WHERE seq = ?", [seq])?;
        }
        Ok(())
    }

    fn forget_delivery(&mut self, sql: &str, which: impl Params) -> rusqlite::Result<()> {
        let forgotten = self.db.prepare_cached(sql)?.execute(which)?;
        self.numbers.deliveries = self.numbers.deliveries.saturating_sub(forgotten as u64);
        Ok(())
    }

    /// Ends a waiting event, if it waits.
    pub(super) fn end(&mut self, seq: u64, ending: &Ending) -> rusqlite::Result<()> {
        let ended = match ending {
            Ending::Applied => &mut self.tally.applied,
            Ending::Filtered => &mut self.tally.filtered,
            Ending::Dead { reason, attempts } => return self.bury(seq, reason, *attempts),
        };
        let size: Option<i64> = self
            .db
            .prepare_cached("DELETE FROM waiting WHERE seq = ? RETURNING size")?
            .query_row([number(seq)], |row| row.get(0))
            .optional()?;
        if let Some(size) = size {
            *ended += 1;
            self.forget_waiting(size.unsigned_abs());
        }
        Ok(())
    }

    fn forget_waiting(&mut self, size: u64) {
        self.numbers.waiting = self.numbers.waiting.saturating_sub(1);
        self.numbers.waiting_bytes = self.numbers.waiting_bytes.saturating_sub(size);
    }

    fn bury(&mut self, seq: u64, reason: &str, attempts: u32) -> rusqlite::Result<()> {
        let Some(queued) = self.waiting(seq)? else {
            return Ok(());
        };
        let size = queued.event.size();
        let letter = DeadLetter {
            seq,
            event: queued.event,
            reason: bounded_reason(reason.to_owned()),
            attempts,
            died_at: SystemTime::now(),
        };
        self.delete(Table::Waiting, seq)?;
        insert_letter(self.db, &letter)?;
        self.forget_waiting(size);
        self.numbers.letters += 1;
        self.numbers.letter_bytes += size;
        self.tally.dead += 1;
        Ok(())
    }

    /// A waiting event; a damaged one is set aside instead.
    fn waiting(&mut self, seq: u64) -> rusqlite::Result<Option<QueuedEvent>> {
        let sql = format!("SELECT {} FROM waiting WHERE seq = ?", waiting_columns());
        let found = self
            .db
            .prepare_cached(&sql)?
            .query_row([number(seq)], |row| Ok(read_waiting(row)))
            .optional()?;
        match found {
            Some(Err(Damaged)) => self.set_aside(Table::Waiting, seq).map(|()| None),
            Some(Ok(queued)) => Ok(Some(queued)),
            None => Ok(None),
        }
    }

    pub(super) fn note_attempts(&mut self, seq: u64, attempts: u32) -> rusqlite::Result<()> {
        if let Some(mut queued) = self.waiting(seq)? {
            queued.attempts = attempts;
            self.delete(Table::Waiting, seq)?;
            insert_waiting(self.db, &queued)?;
        }
        Ok(())
    }

    /// Lets dead letters wait again.
    pub(super) fn replay(&mut self, seqs: Option<&[u64]>) -> rusqlite::Result<usize> {
        let letters = self.take_letters(seqs)?;
        let replayed = letters.len();
        for letter in letters {
            self.accept(letter.event)?;
        }
        Ok(replayed)
    }

    /// Takes dead letters out of their table, oldest first; damaged ones are set aside instead.
    pub(super) fn take_letters(
        &mut self,
        seqs: Option<&[u64]>,
    ) -> rusqlite::Result<Vec<DeadLetter>> {
        let mut seqs = match seqs {
            Some(seqs) => seqs.to_vec(),
            None => self.letter_seqs()?,
        };
        seqs.sort_unstable();
        let mut taken = Vec::new();
        for seq in seqs {
            match self.letter(seq)? {
                Some(Ok(letter)) => {
                    self.delete(Table::Letters, seq)?;
                    let size = letter.event.size();
                    self.numbers.letters = self.numbers.letters.saturating_sub(1);
                    self.numbers.letter_bytes = self.numbers.letter_bytes.saturating_sub(size);
                    taken.push(letter);
                }
                Some(Err(Damaged)) => self.set_aside(Table::Letters, seq)?,
                None => {}
            }
        }
        Ok(taken)
    }

    fn letter_seqs(&self) -> rusqlite::Result<Vec<u64>> {
        let mut all = self
            .db
            .prepare_cached("SELECT seq FROM letters ORDER BY seq")?;
        let seqs = all.query_map([], |row| row.get::<_, i64>(0))?;
        seqs.map(|seq| seq.map(i64::unsigned_abs)).collect()
    }

    fn letter(&self, seq: u64) -> rusqlite::Result<Option<Result<DeadLetter, Damaged>>> {
        let sql = format!("SELECT {} FROM letters WHERE seq = ?", letter_columns());
        self.db
            .prepare_cached(&sql)?
            .query_row([number(seq)], |row| Ok(read_letter(row)))
            .optional()
    }

    /// Moves a damaged row to the quarantine, as it is, and forgets its delivery, so that the
    /// sender can send it again.
    pub(super) fn set_aside(&mut self, table: Table, seq: u64) -> rusqlite::Result<()> {
        let name = table.name();
        let death = match table {
            Table::Waiting => "NULL, NULL",
            Table::Letters => "reason, died_at",
        };
        let moved = self.db.execute(
            &format!(
                "INSERT INTO quarantine (origin, seq, path, delivery_id, headers, received_at,
                     size, attempts, crc, reason, died_at, body)
                 SELECT '{name}', seq, path, delivery_id, headers, received_at, size, attempts,
                     crc, {death}, body FROM {name} WHERE seq = ?"
            ),
            [number(seq)],
        )?;
        self.delete(table, seq)?;
        if moved == 0 {
            return Err(unfindable());
        }
        self.forget_delivery("DELETE FROM deliveries WHERE seq = ?", [number(seq)])?;
        self.tally.damaged += 1;
        // The row's own size cannot be trusted; that of the others can.
        let sql = format!("SELECT coalesce(sum(size), 0) FROM {name}");
        let bytes = self
            .db
            .query_row(&sql, [], |row| row.get::<_, i64>(0))?
            .unsigned_abs();
        match table {
            Table::Waiting => {
                self.tally.dead += 1;
                self.numbers.waiting = self.numbers.waiting.saturating_sub(1);
                self.numbers.waiting_bytes = bytes;
            }
            Table::Letters => {
                self.numbers.letters = self.numbers.letters.saturating_sub(1);
                self.numbers.letter_bytes = bytes;
            }
        }
        Ok(())
    }

    fn delete(&self, table: Table, seq: u64) -> rusqlite::Result<()> {
        let sql = format!("DELETE FROM {} WHERE seq = ?", table.name());
        match self.db.prepare_cached(&sql)?.execute([number(seq)])? {
            0 => Err(unfindable()),
            _ => Ok(()),
        }
    }

    /// Writes what the tables hold now; the last thing before a commit.
    pub(super) fn seal(&mut self) -> rusqlite::Result<()> {
        self.numbers.commits += 1;
        write_numbers(self.db, &self.numbers)
    }
}

/// Replaces the row of numbers.
pub(super) fn write_numbers(db: &Connection, numbers: &Numbers) -> rusqlite::Result<()> {
    let row = [
        numbers.last_seq,
        numbers.commits,
        numbers.waiting,
        numbers.letters,
    ];
    let [last_seq, commits, waiting, letters] = row.map(number);
    let crc = numbers_checksum(&row);
    db.prepare_cached(
        "INSERT OR REPLACE INTO numbers (rowid, last_seq, commits, waiting, letters, crc)
         VALUES (1, ?, ?, ?, ?, ?)",
    )?
    .execute(params![last_seq, commits, waiting, letters, crc])?;
    Ok(())
}

/// A row that was read and cannot be found by its number: the tree above it is damaged.
fn unfindable() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None)
}
