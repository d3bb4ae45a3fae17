//! What does the file look like, and how is it opened so that a commit is durable?

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// The layout below. A file with another version is set aside.
pub(super) const VERSION: i32 = 1;

const LAYOUT: &str = "
    CREATE TABLE waiting (
        seq INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        delivery_id TEXT,
        headers TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        size INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE TABLE letters (
        seq INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        delivery_id TEXT,
        headers TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        size INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        reason TEXT NOT NULL,
        died_at INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    -- Damaged rows as they were found: nothing is promised about any column.
    CREATE TABLE quarantine (
        found_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
        origin TEXT NOT NULL,
        seq, path, delivery_id, headers, received_at, size, attempts, crc, reason, died_at, body
    );
    CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        accepted_at INTEGER NOT NULL,
        crc INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX deliveries_by_id ON deliveries (path, delivery_id);
    -- One row: what the other tables have to hold, so that a loss is noticed.
    CREATE TABLE numbers (
        last_seq INTEGER NOT NULL,
        commits INTEGER NOT NULL,
        waiting INTEGER NOT NULL,
        letters INTEGER NOT NULL,
        crc INTEGER NOT NULL
    );
";

/// Opens a file that exists, for as long as the connection lives alone.
///
/// With WAL and `synchronous=FULL` a commit is one `fsync` of the log, before which nothing is
/// acknowledged. Exclusive locking keeps other programs off the file and needs no shared memory.
/// The log is folded into the file by the queue itself, after answers are sent and not before.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Opens a damaged file to read what can be read, and changes nothing about it.
pub(super) fn open_damaged(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path)?;
    // A file that lost its end is refused by anybody who does not say that he repairs it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

/// Makes a new, empty file with the layout, durable.
pub(super) fn create(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.execute_batch(&format!(
        "BEGIN; {LAYOUT} PRAGMA user_version = {VERSION}; COMMIT;"
    ))?;
    Ok(db)
}

/// The version of an open file.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    // Another process is waited for elsewhere, and not on the thread that answers.
    db.busy_timeout(Duration::ZERO)?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(db)
}
