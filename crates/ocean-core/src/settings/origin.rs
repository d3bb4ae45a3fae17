//! Where did the value of a setting come from?

use std::fmt;

/// The place a value was given at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The command line or the program itself, by the name it goes by (`--once`).
    Override(String),
    /// A variable of the process environment, spelled as it was there.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A variable of the `.env` file.
    DotEnv {
        /// Its name.
        variable: String,
        /// Its line, from 1.
        line: u64,
    },
    /// A key of `config.yaml`.
    ConfigFile {
        /// Its line, from 1.
        line: u64,
        /// The environment variable that the line takes its value from, if it does.
        provider: Option<String>,
    },
    /// Nobody gave one.
    Default,
}

impl Origin {
    /// The variable, for the origins that have one.
    pub(super) fn variable(&self) -> Option<&str> {
        match self {
            Self::Environment { variable } | Self::DotEnv { variable, .. } => Some(variable),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Override(name) => f.write_str(name),
            Self::Environment { variable } => f.write_str(variable),
            Self::DotEnv { variable, line } => write!(f, ".env:{line}: {variable}"),
            Self::ConfigFile {
                line,
                provider: None,
            } => write!(f, "config.yaml:{line}"),
            Self::ConfigFile {
                line,
                provider: Some(variable),
            } => write!(f, "config.yaml:{line} (from env {variable})"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One effective setting, as `config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingOrigin {
    /// Its path: `port.client_id`.
    pub path: String,
    /// Its value as text; a secret is masked, and something unset is `null`.
    pub value_shown: String,
    /// Where the value came from.
    pub origin: Origin,
}
