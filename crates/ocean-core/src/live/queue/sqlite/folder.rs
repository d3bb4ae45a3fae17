//! Whose folder is it, and what lies in it? A [`Folder`] belongs to one process, and to one user.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::live::queue::QueueError;

/// A folder that this process has for itself until the value is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The operating system forgets the lock when the file is closed, or the process dies.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, QueueError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        private_folder(&mut builder);
        builder
            .create(path)
            .map_err(|error| refused(path, &error))?;
        let lock = private_file(&path.join("queue.lock"), File::options().create(true))
            .map_err(|error| refused(path, &error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => QueueError::InUse(path.display().to_string()),
            TryLockError::Error(error) => refused(path, &error),
        })?;
        // The lock may be from better days: whether files can be made is seen by making one.
        can_write(&path.join("queue.probe")).map_err(|error| refused(path, &error))?;
        let path = path.to_owned();
        Ok(Self { path, _lock: lock })
    }

    /// Whether [`take`](Self::take) would succeed, for a folder that is there or could be made.
    pub(super) fn examine(path: &Path) -> Result<bool, QueueError> {
        let probe = format!("queue.probe-{}", std::process::id());
        if path.join("queue.lock").exists() {
            drop(Self::take(path)?);
            return Ok(true);
        }
        // Without a lock nobody has the folder. It is not locked either, because a process that
        // starts meanwhile would find the folder taken, or hold a lock that is removed below it.
        if path.is_dir() {
            can_write(&path.join(probe)).map_err(|error| refused(path, &error))?;
            return Ok(true);
        }
        let there = path.ancestors().find(|above| above.exists());
        // The last ancestor of a relative path is empty, and means the working folder.
        let there = there.unwrap_or_else(|| Path::new("."));
        can_write(&there.join(format!(".{probe}"))).map_err(|error| refused(path, &error))?;
        Ok(false)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the events.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("queue.db")
    }

    /// What was committed to it since the log was folded into the file.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("queue.db-wal")
    }

    /// A file that is being made, and becomes the database when it is whole.
    pub(super) fn draft(&self) -> PathBuf {
        self.path.join("queue.db.draft")
    }

    /// The space that is kept free.
    pub(super) fn reserve(&self) -> PathBuf {
        self.path.join("queue.reserve")
    }

    /// Makes an empty file for the draft.
    pub(super) fn begin_draft(&self) -> io::Result<PathBuf> {
        let draft = self.draft();
        for leftover in [draft.clone(), with_suffix(&draft, "-journal")] {
            ignore_missing(std::fs::remove_file(leftover))?;
        }
        private_file(&draft, File::options().create_new(true))?;
        Ok(draft)
    }

    /// Puts the draft in the place of the database, which keeps lying beside it under a name with
    /// the time. A crash at any line leaves a database, and the evidence.
    pub(super) fn replace_with_draft(&self) -> io::Result<Option<PathBuf>> {
        let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
        let aside = self.path.join(format!("queue.db.unreadable-{stamp}"));
        // Not every file system has links, and nothing but a file can be linked.
        let kept = std::fs::hard_link(self.database(), &aside)
            .or_else(|_no_link| std::fs::rename(self.database(), &aside));
        let had_file = ignore_missing(kept)?;
        // The new file must never meet the old log, whose pages are not its own.
        let had_log = ignore_missing(std::fs::rename(self.log(), with_suffix(&aside, "-wal")))?;
        std::fs::rename(self.draft(), self.database())?;
        sync_folder(&self.path)?;
        Ok((had_file || had_log).then_some(aside))
    }
}

/// Opens a file for writing that only its owner may read.
pub(super) fn private_file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true).open(path)
}

fn private_folder(builder: &mut DirBuilder) {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    #[cfg(not(unix))]
    let _no_modes_here = builder;
}

/// Makes the names in a folder durable; elsewhere than on Unix the system does that.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Whether there was anything to do it to.
fn ignore_missing(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether a file can be made here, by making one.
fn can_write(probe: &Path) -> io::Result<()> {
    private_file(probe, File::options().create(true).truncate(true))?;
    std::fs::remove_file(probe)
}

fn refused(path: &Path, error: &io::Error) -> QueueError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotADirectory
        | ErrorKind::AlreadyExists
        | ErrorKind::NotFound => QueueError::NotWritable(text),
        _ => QueueError::Storage(text),
    }
}
