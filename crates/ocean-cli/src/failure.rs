//! Why could a command not do what was asked?

use std::error::Error as StdError;

use ocean_core::http::{HttpError, Masker};
use ocean_core::settings::SettingsFaults;
use ocean_core::{ErrorClass, Progress, ResyncError, error_chain};
use ocean_port::Error as PortError;

use crate::exit::Exit;
use crate::signals::Signals;

/// The end of a command that could not go on: what to print, and how to end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The settings have these faults.
    Settings(SettingsFaults),
    /// Anything else, in one sentence and perhaps a hint what to do.
    Told {
        exit: Exit,
        message: String,
        hint: Option<String>,
    },
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Told {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// An error that only a mistake in the program can explain.
    pub(crate) fn bug(what: &str, error: &(dyn StdError + 'static)) -> Self {
        Self::new(Exit::Bug, format!("{what}: {}", error_chain(error)))
    }

    #[must_use]
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Told { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// Without the secrets that a foreign system's words may repeat.
    #[must_use]
    pub(crate) fn masked(self, masker: &Masker) -> Self {
        match self {
            // A fault names where a value comes from and never shows a secret one.
            Self::Settings(faults) => Self::Settings(faults),
            Self::Told {
                exit,
                message,
                hint,
            } => Self::Told {
                exit,
                message: masker.full(&message).into_owned(),
                hint: hint.map(|hint| masker.full(&hint).into_owned()),
            },
        }
    }

    /// Stopped by a signal while Port was prepared.
    pub(crate) fn stopped_early(signals: &Signals) -> Self {
        let message = "stopped before the resync began; no entity was written or deleted, but the \
                       integration and its blueprints may be prepared in part";
        Self::stopped(signals, message).hint("the next start finishes what is missing")
    }

    /// Stopped by a signal, and not at an end when the grace period was over.
    pub(crate) fn stopped_late(signals: &Signals, progress: &Progress) -> Self {
        // Nothing is deleted before the entities of the integration are listed, which counts.
        let reconciliation = progress.reconciliation();
        if reconciliation.fetched() == 0 {
            let message = "stopped before what was being written had ended; nothing was deleted";
            return Self::stopped(signals, message);
        }
        let message = format!(
            "stopped while stale entities were looked for and deleted; {} are known to be \
             deleted, and more may be",
            reconciliation.written()
        );
        Self::stopped(signals, message)
    }

    fn stopped(signals: &Signals, message: impl Into<String>) -> Self {
        let exit = signals.received().map_or(Exit::Incomplete, Exit::Stopped);
        Self::new(exit, message)
    }

    /// What went wrong, without what to do about it.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Settings(faults) => faults.to_string(),
            Self::Told { message, .. } => message.clone(),
        }
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) => Exit::Invalid,
            Self::Told { exit, .. } => *exit,
        }
    }
}

impl From<SettingsFaults> for Failure {
    fn from(faults: SettingsFaults) -> Self {
        Self::Settings(faults)
    }
}

/// Port could not be prepared for the run.
impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        match &error {
            PortError::OtherInstallation { .. } => Self::new(Exit::Invalid, error_chain(&error))
                .hint(
                    "set OCEAN__RUNTIME to how it is registered, or OCEAN__INTEGRATION__IDENTIFIER \
                     to another name",
                ),
            PortError::InvalidConfig { .. } | PortError::Http(HttpError::Setup { .. }) => {
                Self::new(Exit::Invalid, error_chain(&error))
            }
            _ => Self::of_port(error.class(), &error),
        }
    }
}

impl From<ResyncError> for Failure {
    fn from(error: ResyncError) -> Self {
        match &error {
            ResyncError::Catalog(cause) => Self::of_port(cause.class(), &error),
            _ => Self::new(Exit::Invalid, error_chain(&error)).hint(
                "correct the mapping of the integration in Port; nothing was read or written",
            ),
        }
    }
}

impl Failure {
    /// Port did not do what was asked.
    pub(crate) fn of_port(class: ErrorClass, error: &(dyn StdError + 'static)) -> Self {
        if class == ErrorClass::Unauthorized {
            let message = format!("Port refused the credentials: {}", innermost(error));
            return Self::new(Exit::Refused, message).hint(
                "check OCEAN__PORT__CLIENT_ID and OCEAN__PORT__CLIENT_SECRET, \
                 and OCEAN__PORT__BASE_URL if your organization is not in the EU",
            );
        }
        let message = format!("Port could not be used: {}", error_chain(error));
        Self::new(Exit::Incomplete, message)
    }
}

/// The refusal itself, without the request that could not be sent because of it.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| {
        (*error).source()
    });
    causes.last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ocean_core::http::Proxies;
    use ocean_port::{PortClient, PortConfig};

    use super::*;

    #[test]
    fn a_client_of_port_that_cannot_be_made_is_a_fault_of_the_settings() {
        let config = || PortConfig::new("id", "s3cret", "prod", "desk", "1");
        let pem = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----";
        let proxy = |name: &str| (name == "HTTPS_PROXY").then(|| "http://[".to_owned());
        for config in [
            config().ca_pem(pem),
            config().proxies(Proxies::from_env(proxy)),
        ] {
            let failure = Failure::from(PortClient::new(config).unwrap_err());
            assert_eq!(failure.exit(), Exit::Invalid, "{failure:?}");
        }
    }

    #[test]
    fn a_failure_is_told_without_secrets() {
        let masker = Masker::new(["s3cret"]);
        let failure = Failure::new(Exit::Incomplete, "no s3cret").hint("nor here: s3cret");
        let shown = format!("{:?}", failure.masked(&masker));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
