//! Which settings did the recorded run have?

use std::collections::BTreeMap;

use serde_json::Value;

use super::clean::REDACTED;
use super::line::TapeHeader;
use super::reader::Tape;
use crate::settings::{Origin, Settings, Sources};

/// What a replay says is the origin of its settings.
const FROM_TAPE: &str = "the tape";

/// Settings that are about the process and not about what it reads.
const OF_THE_PROCESS: [&str; 8] = [
    "actions_processor",
    "application",
    "base_url",
    "event_listener",
    "live_events",
    "metrics",
    "resync",
    "state_dir",
];

impl TapeHeader {
    /// The header of a run of this integration with these settings: those that somebody gave and
    /// that are about what is read, with a replacement for each secret.
    pub fn of_run(integration: impl Into<String>, settings: &Settings) -> Self {
        let explained = settings.explain();
        let masked = explained
            .iter()
            .find(|one| one.path == "port.client_secret");
        let masked = masked.map(|one| one.value_shown.clone());
        let given = explained.into_iter().filter(|one| {
            let group = one.path.split('.').next().unwrap_or_default();
            one.origin != Origin::Default && !OF_THE_PROCESS.contains(&group)
        });
        let given = given.map(|one| {
            let is_secret = Some(&one.value_shown) == masked.as_ref();
            let value = if is_secret {
                Value::from(REDACTED)
            } else {
                serde_json::from_str(&one.value_shown).unwrap_or(Value::String(one.value_shown))
            };
            (one.path, value)
        });
        Self::new(integration).settings(given.collect())
    }
}

impl Tape {
    /// The settings of the recorded run; a replay reads no others, so that it needs none. In the
    /// place of each secret stands `[REDACTED]`.
    #[must_use]
    pub fn sources(&self) -> Sources {
        let mut sources = Sources::new(BTreeMap::new());
        for secret in ["port.client_id", "port.client_secret"] {
            sources = sources.set(secret, REDACTED, FROM_TAPE);
        }
        for (path, value) in &self.header().settings {
            sources = sources.set(path.as_str(), value.clone(), FROM_TAPE);
        }
        sources
    }
}
