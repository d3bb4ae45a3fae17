//! How do results get to whoever reads them, when it is not known that somebody does?
//!
//! Start with [`Results`].

use std::io;

use crate::display;
use crate::failure::Failure;
use crate::logging::{Lines, Writer};

/// The way to stdout.
#[derive(Debug)]
pub(super) enum Results {
    /// A result is what the process was run for: it is written before anything else is done.
    Waiting,
    /// The process goes on, also when nobody reads.
    Queued {
        lines: Lines,
        /// Writes what is queued for as long as it lives.
        _writer: Writer,
    },
}

impl Results {
    /// Results of a process that stays up.
    pub(super) fn queued() -> Result<Self, Failure> {
        let (lines, writer) = Lines::write_to(io::stdout(), str::to_owned)
            .map_err(|error| Failure::bug("the system gives no threads", &error))?;
        Ok(Self::Queued {
            lines,
            _writer: writer,
        })
    }

    /// Tells one; secrets are masked already.
    pub(super) fn tell(&self, text: &str) {
        match self {
            Self::Waiting => display::result(text),
            Self::Queued { lines, .. } => lines.push(text.as_bytes()),
        }
    }
}
