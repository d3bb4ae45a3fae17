//! What are settings read from?
//!
//! [`Sources`] holds the inputs as plain values: a program fills it from its environment, its
//! working directory and its command line, a test from literals. Nothing in this module reads the
//! process environment or a file.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::names::APPLICATION;

/// The inputs of [`Settings::load`](super::Settings::load).
///
/// Of two sources that give the same setting, the earlier one in this list counts; nested settings
/// are merged key by key:
///
/// 1. the program itself and its command line: [`set`](Self::set), [`once`](Self::once)
/// 2. the environment: `OCEAN__PORT__CLIENT_ID`
/// 3. the `.env` file, with the same names
/// 4. `config.yaml`, with camelCase keys: `port.clientId`
/// 5. defaults
///
/// The three settings of `APPLICATION__` are different: environment and `.env` come before the
/// command line, and `config.yaml` has no say.
///
/// ```
/// use std::collections::BTreeMap;
/// use ocean_core::settings::Sources;
///
/// let environment = BTreeMap::from([("OCEAN__PORT__CLIENT_ID".to_owned(), "id".to_owned())]);
/// let sources = Sources::new(environment)
///     .config_yaml("eventListener:\n  type: POLLING\n")
///     .once();
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Sources {
    pub(super) environment: BTreeMap<String, String>,
    pub(super) dotenv: Option<String>,
    pub(super) config_yaml: Option<String>,
    pub(super) overrides: Vec<Override>,
}

/// One setting given by the program.
#[derive(Clone)]
pub(super) struct Override {
    pub(super) path: String,
    pub(super) value: Value,
    pub(super) name: String,
}

impl Override {
    pub(super) fn is_application(&self) -> bool {
        self.path.split('.').next() == Some(APPLICATION)
    }
}

impl Sources {
    /// A snapshot of the environment and nothing else.
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self {
            environment,
            ..Self::default()
        }
    }

    /// The text of the `.env` file.
    #[must_use]
    pub fn dotenv(mut self, text: impl Into<String>) -> Self {
        self.dotenv = Some(text.into());
        self
    }

    /// The text of `config.yaml`.
    #[must_use]
    pub fn config_yaml(mut self, text: impl Into<String>) -> Self {
        self.config_yaml = Some(text.into());
        self
    }

    /// Gives a setting by its path (`port.base_url`) on behalf of `name` (`--port-url`). A later
    /// call counts over an earlier one.
    #[must_use]
    pub fn set(
        mut self,
        path: impl Into<String>,
        value: impl Into<Value>,
        name: impl Into<String>,
    ) -> Self {
        self.overrides.push(Override {
            path: path.into(),
            value: value.into(),
            name: name.into(),
        });
        self
    }

    /// What `--once` means: one resync, then the process ends.
    #[must_use]
    pub fn once(self) -> Self {
        self.set("event_listener", json!({"type": "ONCE"}), "--once")
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let overrides: Vec<_> = self.overrides.iter().map(|given| &given.path).collect();
        f.debug_struct("Sources")
            .field("environment", &self.environment.len())
            .field("dotenv", &self.dotenv.is_some())
            .field("config_yaml", &self.config_yaml.is_some())
            .field("overrides", &overrides)
            .finish()
    }
}
