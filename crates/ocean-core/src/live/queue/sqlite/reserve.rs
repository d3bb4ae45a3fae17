//! How does work that makes room go on when the disk is full? With space kept for it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::fault::{Faults, Point};
use super::folder::private_file;

/// A file whose only worth is its size: it is deleted when the disk is full, so that what ended can
/// be noted, and written again before the next event is accepted.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    bytes: u64,
    faults: Faults,
}

impl Reserve {
    pub(super) fn new(path: PathBuf, bytes: u64, faults: Faults) -> Self {
        Self {
            path,
            bytes,
            faults,
        }
    }

    /// Whether the space is kept.
    pub(super) fn is_held(&self) -> bool {
        self.bytes == 0
            || std::fs::metadata(&self.path).is_ok_and(|found| found.len() == self.bytes)
    }

    /// Gives the space to whoever is writing.
    pub(super) fn release(&self) {
        // Without a file there is nothing to give, and a file that stays helps nobody less.
        std::fs::remove_file(&self.path).ok();
    }

    /// Takes the space again.
    pub(super) fn hold(&self) -> io::Result<()> {
        if self.is_held() {
            return Ok(());
        }
        let held = self.write();
        if held.is_err() {
            self.release();
        }
        held
    }

    fn write(&self) -> io::Result<()> {
        self.faults.pass(Point::Reserve).map_err(io::Error::other)?;
        let mut file = private_file(&self.path, File::options().create(true).truncate(true))?;
        // File systems that compress, or that leave out zeros, would keep nothing for zeros.
        let mut chunk = [0_u8; 64 * 1024];
        let mut left = self.bytes;
        while left > 0 {
            fastrand::fill(&mut chunk);
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            file.write_all(chunk.get(..length).unwrap_or_default())?;
            left -= length as u64;
        }
        file.sync_all()
    }
}
