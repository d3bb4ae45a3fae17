//! How is the file of a folder opened, whatever is in it? [`open`] ends with a file that works, or
//! says why there can be none.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rusqlite::Connection;

use super::check::{Checked, check};
use super::failure::{Failure, storage};
use super::fault::{Faults, Point};
use super::folder::Folder;
use super::ledger::{Ledger, Unsettled};
use super::salvage::{begin, rebuild};
use super::schema;
use super::store::Store;
use crate::live::queue::{QueueError, QueueOptions};

/// The first bytes of every file of SQLite.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Opens the file, begins one if there is none, and begins a new one with what can be read if
/// there is one that is no good. A file that makes its reader panic is one that is no good.
pub(super) fn open(
    folder: &Folder,
    options: &QueueOptions,
    faults: &Faults,
    ledger: &Ledger,
    unsettled: Option<Unsettled>,
) -> Result<Store, QueueError> {
    let attempt = || try_open(folder, options, faults, ledger, unsettled);
    // A panic leaves nothing half done: the ledger is told last, and a file is replaced as a whole.
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_panic| {
        rebuild(folder, "reading it panicked")?;
        catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_panic| {
            let why = "opening a new file panicked, too";
            Err(QueueError::Storage(why.to_owned()))
        })
    })
}

fn try_open(
    folder: &Folder,
    options: &QueueOptions,
    faults: &Faults,
    ledger: &Ledger,
    unsettled: Option<Unsettled>,
) -> Result<Store, QueueError> {
    faults
        .pass(Point::Reopen)
        .map_err(|error| storage(&error))?;
    match look(folder) {
        Look::Nothing => begin(folder)?,
        Look::Unreadable(why) => rebuild(folder, why)?,
        Look::Usable => {}
    }
    let (db, mut checked) = match open_checked(&folder.database(), options) {
        Err(error) if Failure::of(&error) == Failure::Damaged => {
            rebuild(folder, "it is damaged")?;
            open_checked(&folder.database(), options)
        }
        opened => opened,
    }
    .map_err(|error| match Failure::of(&error) {
        Failure::Busy => QueueError::InUse(folder.path().display().to_string()),
        _ => storage(&error),
    })?;
    // Whatever is left of the file: a number that was given once is known to those who handle its
    // event, and must not come again.
    checked.found.last_seq = checked.found.last_seq.max(ledger.last_seq());
    ledger.opened(&checked, unsettled);
    Ok(Store::new(
        db,
        checked.found,
        options.clone(),
        faults.clone(),
    ))
}

fn open_checked(path: &Path, options: &QueueOptions) -> rusqlite::Result<(Connection, Checked)> {
    let mut db = schema::open(path)?;
    // What a failed `fsync` left in the log is in memory only, and looks as if it were not. It is
    // written once more here, into the file, so that the log begins anew and what is acknowledged
    // from now on does not stand behind pages that the disk never saw.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))?;
    let checked = check(&mut db, options)?;
    Ok((db, checked))
}

/// What can be said about a file before SQLite sees it, which would take an empty one for new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Nothing,
    Unreadable(&'static str),
    Usable,
}

fn look(folder: &Folder) -> Look {
    let path = folder.database();
    match head(&path) {
        Ok(head) if head.is_empty() => Look::Unreadable("it is empty"),
        Ok(head) if head != MAGIC => Look::Unreadable("it is not a database"),
        Ok(_) => match schema::open_damaged(&path).and_then(|db| schema::version(&db)) {
            Ok(version) if version != schema::VERSION => Look::Unreadable("it has another version"),
            // Whatever else is wrong with it is found when it is checked.
            _ => Look::Usable,
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Look::Unreadable("it cannot be read")
        }
        Err(_) if folder.log().exists() => Look::Unreadable("it is gone, and its log is not"),
        Err(_) => Look::Nothing,
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path)?;
    io::Read::read_to_end(&mut io::Read::take(file, MAGIC.len() as u64), &mut head)?;
    Ok(head)
}
