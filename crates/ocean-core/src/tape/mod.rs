//! How is a run kept in a file and run again without a network?
//!
//! A [`TapeRecorder`] notes every request to the third-party system with its answer, and
//! everything that is read from the catalog; a [`Tape`] gives all of it back. What is written to
//! the catalog is not on it.
//!
//! ```
//! use ocean_core::http::{HttpClient, Masker};
//! use ocean_core::{Tape, TapeHeader, TapeRecorder};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("tape-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let file = folder.join("run.jsonl");
//! let recorder = TapeRecorder::create(&file, &TapeHeader::new("desk"), Masker::new(["s3cret"]))?;
//! let recording = recorder.record(HttpClient::builder("desk")).build()?;
//! recorder.finish()?;
//!
//! let tape = Tape::open(&file)?;
//! assert_eq!(tape.header().integration, "desk");
//! let replaying = tape.replay(HttpClient::builder("desk")).build()?;
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Format
//!
//! JSON Lines, gzipped when the file's name ends with `.gz`. Each line is an object with one
//! member that says what it is: `tape` (the first one), `exchange`, and for the catalog `mapping`,
//! `registered`, `clock`, `listed`, `found`, `blueprint` and `document`.
//! A body stands under `json` exactly as it was sent if it is JSON on one line, else under `text`,
//! or under `base64` if it is not text.
//!
//! # Guarantees
//!
//! - Configured secrets are not on a tape, whether plain, encoded for a URL or a form, in base64 or
//!   escaped; nor are headers of requests, cookies, users and passwords of URLs, values that are
//!   named like a credential in a URL, a form, JSON or XML, and what looks like a token.
//! - A credential that nobody configured has a stand-in of its own, the same wherever it stood, so
//!   that a replay signs in, and asks with what it was given, as the recorded run did. A request
//!   whose credential is made anew in each run is found without it, in the recorded order.
//! - While recording, only the bodies under way are in memory.
//! - A replayed client opens no socket; a request that is not on the tape fails and is named.
//!
//! # Caveats
//!
//! - What hides a secret changes the data: an expression that takes a secret apart gives something
//!   else on replay.
//! - The clock of this machine and the environment are not on a tape, so that `now` and `env` in
//!   expressions give what they give on replay.

mod body;
mod clean;
mod error;
mod line;
mod noted;
mod player;
mod reader;
mod recorder;
mod replayed;
mod run;
mod transport;

pub use self::error::TapeError;
pub use self::line::TapeHeader;
pub use self::noted::NotedCatalog;
pub use self::reader::Tape;
pub use self::recorder::TapeRecorder;
pub use self::replayed::ReplayedCatalog;

#[cfg(test)]
mod tests;
