//! Is a run recorded, or replayed from what was recorded?

use ocean_core::http::{HttpClientBuilder, Masker};
use ocean_core::settings::Settings;
use ocean_core::{Tape, TapeError, TapeHeader, TapeRecorder, error_chain};

use crate::app::CliApp;
use crate::arguments::TapeOptions;
use crate::exit::Exit;
use crate::failure::Failure;

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
        let header = TapeHeader::of_run(app.name, settings);
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

fn failure(error: &TapeError) -> Failure {
    let failure = Failure::new(Exit::Usage, error_chain(error));
    match error {
        TapeError::Read { .. } | TapeError::NoTape { .. } => {
            failure.hint("a tape is made by `--record FILE`")
        }
        _ => failure,
    }
}
