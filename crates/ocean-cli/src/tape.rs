//! Is a run recorded, or replayed from what was recorded?

use std::collections::BTreeMap;

use ocean_core::http::{HttpClientBuilder, Masker};
use ocean_core::settings::{Origin, Settings, Sources};
use ocean_core::{Tape, TapeError, TapeHeader, TapeRecorder, error_chain};
use serde_json::Value;

use crate::app::CliApp;
use crate::arguments::TapeOptions;
use crate::exit::Exit;
use crate::failure::Failure;

/// What a replay says is the origin of its settings.
const FROM_TAPE: &str = "the tape";

/// What stands in the place of settings that are not on a tape.
const REDACTED: &str = "[REDACTED]";

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

/// What a run does with a tape.
#[derive(Debug, Clone, Default)]
pub(crate) enum TapeUse {
    /// There is none.
    #[default]
    None,
    /// What is read is recorded.
    Record(TapeRecorder),
    /// What was read is read again, without a network.
    Replay(Tape),
}

impl TapeUse {
    /// Opens the tape that is to be replayed, if one is.
    pub(crate) fn replayed(options: &TapeOptions) -> Result<Option<Tape>, Failure> {
        let tape = options.replay.as_ref().map(Tape::open).transpose();
        tape.map_err(|error| failure(&error))
    }

    /// Begins the tape that is to be recorded, if one is.
    pub(crate) fn recorded(
        options: &TapeOptions,
        app: &CliApp,
        settings: &Settings,
        masker: &Masker,
    ) -> Result<Self, Failure> {
        let Some(path) = &options.record else {
            return Ok(Self::None);
        };
        let header = TapeHeader::new(app.name).settings(of(settings));
        let recorder = TapeRecorder::create(path, &header, masker.clone());
        recorder.map(Self::Record).map_err(|error| failure(&error))
    }

    /// The client as it is used with the tape.
    pub(crate) fn http(&self, http: HttpClientBuilder) -> HttpClientBuilder {
        match self {
            Self::None => http,
            Self::Record(recorder) => recorder.record(http),
            Self::Replay(tape) => tape.replay(http),
        }
    }

    /// Writes what is left of a recording.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        match self {
            Self::Record(recorder) => recorder.finish().map_err(|error| failure(&error)),
            Self::None | Self::Replay(_) => Ok(()),
        }
    }
}

/// The settings of a recorded run; a replay reads no others, so that it needs none.
pub(crate) fn sources(tape: &Tape) -> Sources {
    let recorded = tape.header().settings.iter();
    let mut sources = Sources::new(BTreeMap::new());
    for secret in ["port.client_id", "port.client_secret"] {
        sources = sources.set(secret, REDACTED, FROM_TAPE);
    }
    for (path, value) in recorded {
        sources = sources.set(path.as_str(), value.clone(), FROM_TAPE);
    }
    sources
}

/// The settings that somebody gave, with a replacement for each secret.
fn of(settings: &Settings) -> BTreeMap<String, Value> {
    let explained = settings.explain();
    let masked = explained
        .iter()
        .find(|one| one.path == "port.client_secret");
    let masked = masked.map(|one| one.value_shown.clone());
    let given = explained.into_iter().filter(|one| {
        let group = one.path.split('.').next().unwrap_or_default();
        one.origin != Origin::Default && !OF_THE_PROCESS.contains(&group)
    });
    given
        .map(|one| {
            let is_secret = Some(&one.value_shown) == masked.as_ref();
            let value = if is_secret {
                Value::from(REDACTED)
            } else {
                serde_json::from_str(&one.value_shown).unwrap_or(Value::String(one.value_shown))
            };
            (one.path, value)
        })
        .collect()
}

fn failure(error: &TapeError) -> Failure {
    Failure::new(Exit::Usage, error_chain(error))
}
