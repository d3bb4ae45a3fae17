//! What is wrong with the settings, said so that the reader knows what to change?
//!
//! Loading never stops at the first problem: [`SettingsFaults`] carries all of them, and prints
//! one line for each.

use std::error::Error;
use std::fmt;

use super::names;
use super::origin::{Origin, SettingOrigin};

/// One setting that keeps the process from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsFault {
    /// The path of the setting; empty for a file that cannot be read at all.
    pub path: String,
    /// Where to look: the variable, or the file and line.
    pub place: String,
    /// What was expected, what was found unless it is secret, and what to do.
    pub problem: String,
}

impl SettingsFault {
    /// A fault of a value that somebody gave.
    pub(super) fn at(origin: &Origin, path: &str, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            place: place(origin, path),
            problem: problem.into(),
        }
    }

    /// A fault of a value that nobody gave: its place is the variable that would give it.
    pub(super) fn missing(path: &str, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            place: names::variable(path),
            problem: problem.into(),
        }
    }

    /// A fault of a whole file.
    pub(super) fn file(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Something odd about the settings that does not keep the process from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsWarning {
    /// Where to look: the variable, or the file and line.
    pub place: String,
    /// What is odd and what was done about it.
    pub problem: String,
}

impl SettingsWarning {
    pub(super) fn at(origin: &Origin, path: &str, problem: impl Into<String>) -> Self {
        Self {
            place: place(origin, path),
            problem: problem.into(),
        }
    }

    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for SettingsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Everything that keeps these settings from being used; exit code 10.
///
/// Its `Display` is one line per fault. No line contains the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsFaults {
    /// The faults, in the order of the settings.
    pub faults: Vec<SettingsFault>,
    /// What was odd besides, often the cause of a fault: a mistyped name.
    pub warnings: Vec<SettingsWarning>,
    /// The settings that could be read, so that they can be shown beside the faults.
    pub origins: Vec<SettingOrigin>,
}

impl fmt::Display for SettingsFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for SettingsFaults {}

/// The origin, and the path wherever the origin does not already spell it.
fn place(origin: &Origin, path: &str) -> String {
    let spelled_out = origin
        .variable()
        .is_some_and(|variable| variable.eq_ignore_ascii_case(&names::variable(path)));
    if spelled_out || path.is_empty() {
        origin.to_string()
    } else {
        format!("{origin}: {path}")
    }
}
