//! How does the process end, and what does its exit code say?

use std::process::ExitCode;

use ocean_core::Outcome;

use crate::signals::Signal;

/// The end of a command; each has one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done,
    /// Our mistake, or that of the integration's author.
    Bug,
    /// The command line asks for something that does not exist.
    Usage,
    /// A plan has changes.
    Changes,
    /// Settings or mapping cannot be used.
    Invalid,
    /// Port or the third-party system refused the credentials.
    Refused,
    /// Something was not read, written or deleted that should have been.
    Incomplete,
    /// The state folder cannot be used.
    StateFolder,
    /// Somebody stopped the process.
    Stopped(Signal),
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Changes => 3,
            Self::Invalid => 10,
            Self::Refused => 11,
            Self::Incomplete => 12,
            Self::StateFolder => 13,
            Self::Stopped(signal) => signal.exit_code(),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl From<Outcome> for Exit {
    /// An outcome without a signal; that of a stopped run depends on which signal it was.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Done,
            Outcome::Unauthorized => Self::Refused,
            _ => Self::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_the_code_that_operators_rely_on() {
        let ends = [
            (Exit::Done, 0),
            (Exit::Bug, 1),
            (Exit::Usage, 2),
            (Exit::Changes, 3),
            (Exit::Invalid, 10),
            (Exit::Refused, 11),
            (Exit::Incomplete, 12),
            (Exit::StateFolder, 13),
            (Exit::Stopped(Signal::Interrupt), 130),
            (Exit::Stopped(Signal::Terminate), 143),
        ];
        for (end, code) in ends {
            assert_eq!(end.code(), code, "{end:?}");
        }
    }

    #[test]
    fn only_a_completed_resync_is_a_success() {
        assert_eq!(Exit::from(Outcome::Completed), Exit::Done);
        assert_eq!(Exit::from(Outcome::Incomplete), Exit::Incomplete);
        assert_eq!(Exit::from(Outcome::Unauthorized), Exit::Refused);
    }
}
