//! What stands in the place of a credential that nobody configured?

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::REDACTED;

/// What a stand-in begins with, in characters that no encoding changes.
const PREFIX: &str = "REDACTED-";

/// The first stand-in of values that are digits, so that what reads a number finds one.
const FIRST_NUMBER: usize = 1_000_000_000;

/// Gives each value a stand-in of its own, the same wherever it stands: what a token endpoint
/// answers and what is then sent are told to be the same, and two tokens to be two.
#[derive(Debug, Clone)]
pub(super) enum StandIns {
    /// While recording: numbered as they come.
    Numbered(Arc<Mutex<HashMap<String, usize>>>),
    /// While replaying: what is asked for came off the tape, or is configured.
    Kept,
    /// For requests whose credentials are made anew in each run: one for all.
    Same,
}

impl StandIns {
    pub(super) fn numbered() -> Self {
        Self::Numbered(Arc::default())
    }

    /// The stand-in of a credential.
    pub(super) fn of(&self, credential: &str) -> String {
        match self {
            _ if credential.is_empty() => String::new(),
            Self::Same => "*".to_owned(),
            Self::Kept => credential.to_owned(),
            Self::Numbered(known) => {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if credential == REDACTED || is_stand_in(credential, known.len()) {
                    return credential.to_owned();
                }
                let next = known.len() + 1;
                let number = *known.entry(credential.to_owned()).or_insert(next);
                shown(credential, number)
            }
        }
    }

    /// The stand-in of a value that was met as a credential elsewhere.
    pub(super) fn if_known(&self, value: &str) -> Option<String> {
        let Self::Numbered(known) = self else {
            return None;
        };
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(value).map(|number| shown(value, *number))
    }
}

fn shown(credential: &str, number: usize) -> String {
    if credential.bytes().all(|byte| byte.is_ascii_digit()) {
        (FIRST_NUMBER + number).to_string()
    } else {
        format!("{PREFIX}{number}")
    }
}

/// Whether it is one of so many stand-ins, which is met again when a text is cleaned twice.
fn is_stand_in(text: &str, given: usize) -> bool {
    let number = match text.strip_prefix(PREFIX) {
        Some(number) => number.parse().ok(),
        None => text
            .parse()
            .ok()
            .and_then(|number: usize| number.checked_sub(FIRST_NUMBER)),
    };
    number.is_some_and(|number: usize| (1..=given).contains(&number))
}
