//! What can be wrong with a tape?

use std::io;
use std::path::PathBuf;

/// A tape could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// The file could not be written.
    #[error("the tape `{path}` cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file could not be read.
    #[error("the tape `{path}` cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A line is not what a tape is made of.
    #[error("line {line} of `{path}` is no line of a tape")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The first line does not say that this is a tape.
    #[error("`{path}` is no tape: its first line does not say so")]
    NoTape {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("`{path}` is a tape of version {version}; this program reads version {known}")]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of the tape.
        version: u32,
        /// The version that is understood.
        known: u32,
    },
}
