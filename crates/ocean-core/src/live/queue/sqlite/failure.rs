//! What does an error of SQLite mean for the queue? One of four [`Failure`]s.

use rusqlite::{Error, ErrorCode};

use crate::live::queue::QueueError;

/// What has to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Make room; the file is as it was.
    Full,
    /// Begin a new file with what can be read of this one.
    Damaged,
    /// Wait for the other process.
    Busy,
    /// Close the file and open it again: after a failed `fsync` nobody knows what is on the disk.
    Io,
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            // Our statements are constant: one that no longer fits the tables, or a column of
            // another type, is damage to the schema or to a row.
            Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) | None => Self::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Io,
        }
    }
}

/// The error as callers see it. SQLite's messages name tables and columns, never values.
pub(super) fn storage(error: &Error) -> QueueError {
    match error.sqlite_error() {
        Some(code) => QueueError::Storage(code.to_string()),
        None => QueueError::Storage(error.to_string()),
    }
}
