//! What is on the other side when it is a file? A [`Reel`]: a tape that is played, or recorded.

use std::fs;
use std::path::{Path, PathBuf};

use ocean_core::http::{HttpClientBuilder, Masker};
use ocean_core::{Tape, TapeHeader, TapeRecorder, error_chain};

use super::settings::{self, Effective};
use super::{Harness, HarnessError};

/// Whoever sets this variable to `record` records the tapes of all tests again.
const VARIABLE: &str = "OCEAN_TAPES";
const RECORD: &str = "record";

/// Which file, and what for.
#[derive(Debug, Clone)]
pub(super) enum Taping {
    Play(PathBuf),
    Record(PathBuf),
}

impl Taping {
    /// Plays it, unless somebody wants the tapes to be recorded again.
    pub(super) fn wanted(path: PathBuf) -> Self {
        if std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == RECORD) {
            Self::Record(path)
        } else {
            Self::Play(path)
        }
    }
}

/// What a bench has of a tape.
#[derive(Debug)]
pub(super) enum Reel {
    /// The source itself is asked.
    None,
    /// Nobody is asked.
    Played { tape: Tape, path: PathBuf },
    /// The source is asked, and what it says is kept.
    Recorded(TapeRecorder),
}

impl Reel {
    /// The tape of a harness, and the settings that go with it.
    pub(super) fn of(harness: &Harness) -> Result<(Self, Effective), HarnessError> {
        match &harness.tape {
            None => Ok((Self::None, settings::given(harness)?)),
            Some(Taping::Play(path)) => Self::played(harness, path),
            Some(Taping::Record(path)) => Self::recorded(harness, path),
        }
    }

    fn played(harness: &Harness, path: &Path) -> Result<(Self, Effective), HarnessError> {
        let tape = Tape::open(path);
        let tape = tape.map_err(|error| format!("{}; {}", error_chain(&error), advice(path)))?;
        let recorded = &tape.header().integration;
        if recorded != harness.name {
            let message = format!(
                "the tape `{}` is of the integration {recorded}, and this is {}",
                path.display(),
                harness.name
            );
            return Err(message.into());
        }
        let settings = settings::effective(harness, &tape.sources())?;
        let path = path.to_owned();
        Ok((Self::Played { tape, path }, settings))
    }

    fn recorded(harness: &Harness, path: &Path) -> Result<(Self, Effective), HarnessError> {
        let settings = settings::given(harness)?;
        let all = settings.all.as_ref();
        let header = TapeHeader::of_run(harness.name, all.ok_or(settings::NO_SPEC)?);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let recorder = TapeRecorder::create(path, &header, Masker::new(&settings.secrets))?;
        Ok((Self::Recorded(recorder), settings))
    }

    /// The client as it is used with the tape.
    pub(super) fn http(&self, http: HttpClientBuilder) -> HttpClientBuilder {
        match self {
            Self::None => http,
            Self::Played { tape, .. } => tape.replay(http),
            Self::Recorded(recorder) => recorder.record(http),
        }
    }

    /// Whether there is no tape. Examples are whole items, for which an integration may ask
    /// otherwise than for a resync, so that with a tape there are none.
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether everything that was asked for since is on the tape.
    pub(super) fn settle(&self) -> Result<(), HarnessError> {
        match self {
            Self::None => Ok(()),
            Self::Recorded(recorder) => Ok(recorder.flush()?),
            Self::Played { tape, path } => match tape.take_missed().as_slice() {
                [] => Ok(()),
                [first, others @ ..] => {
                    let others = match others.len() {
                        0 => String::new(),
                        1 => ", nor is one other request".to_owned(),
                        count => format!(", nor are {count} other requests"),
                    };
                    let path_shown = path.display();
                    let advice = advice(path);
                    Err(
                        format!("{first} is not on the tape `{path_shown}`{others}; {advice}")
                            .into(),
                    )
                }
            },
        }
    }
}

fn advice(path: &Path) -> String {
    format!(
        "record it with `{VARIABLE}={RECORD} cargo test`, or with the program: \
         `sail --once --record {}`",
        path.display()
    )
}
