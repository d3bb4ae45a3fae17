//! What can go wrong between this machine and Port.
//!
//! Start with [`Error`]; the engine sees it as a [`CatalogError`].

use std::error::Error as StdError;

use http::StatusCode;
use ocean_core::http::HttpError;
use ocean_core::{CatalogError, ErrorClass};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The result of a call to Port.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call to Port failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot be used.
    #[error("setting `{setting}` cannot be used: {reason}")]
    InvalidConfig {
        /// Its name.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What was to be sent cannot be sent.
    #[error("the request cannot be built: {reason}")]
    InvalidRequest {
        /// What is wrong with it.
        reason: String,
    },
    /// Port did not answer, or not with what was asked for, after all retries.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A streamed answer broke off or is not what it should be.
    #[error("the answer to the {what} cannot be used")]
    BrokenAnswer {
        /// What was asked for.
        what: &'static str,
        /// What is wrong with it.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Port does not know the integration: it was never registered, or was deleted.
    #[error("integration `{identifier}` does not exist at port")]
    NotRegistered {
        /// Its identifier.
        identifier: String,
    },
    /// Port's answer does not tell the time.
    #[error("port's answer has no readable `Date` header")]
    NoDate,
    /// Port does not say where it wants raw items.
    #[error("port does not say where raw items are to be sent")]
    NoIngestUrl,
    /// The integration is registered for another way of running it.
    #[error("the integration is registered as `{registered}` and cannot be run as `{runtime}`")]
    OtherInstallation {
        /// How it is registered.
        registered: String,
        /// How this process is run.
        runtime: &'static str,
    },
    /// Port was to make the resources of the integration, and has not.
    #[error("port has not made a mapping for the integration in time")]
    NoMapping,
    /// The default blueprints could not be made; those that were begun were removed again.
    #[error("default blueprint `{blueprint}` could not be made{}", left(.left_over))]
    Provisioning {
        /// The one that failed.
        blueprint: String,
        /// Those that could not be removed again.
        left_over: Vec<String>,
        /// Why.
        source: Box<Self>,
    },
}

impl Error {
    pub(crate) fn invalid_config(setting: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidConfig {
            setting,
            reason: reason.into(),
        }
    }

    pub(crate) fn invalid_request(error: impl ToString) -> Self {
        Self::InvalidRequest {
            reason: error.to_string(),
        }
    }

    pub(crate) fn broken_answer(
        what: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::BrokenAnswer {
            what,
            source: source.into(),
        }
    }

    /// Whether it may pass, stays, or means that Port refuses the credentials.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Http(error) => error.class(),
            Self::BrokenAnswer { .. } => ErrorClass::Retryable,
            Self::Provisioning { source, .. } => source.class(),
            Self::InvalidConfig { .. }
            | Self::InvalidRequest { .. }
            | Self::NotRegistered { .. }
            | Self::NoDate
            | Self::NoIngestUrl
            | Self::NoMapping
            | Self::OtherInstallation { .. } => ErrorClass::Permanent,
        }
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        self.class() == ErrorClass::Unauthorized
    }

    /// Whether there is no way to put it into a request, today or later.
    pub(crate) const fn is_unsendable(&self) -> bool {
        matches!(
            self,
            Self::InvalidRequest { .. } | Self::Http(HttpError::InvalidRequest { .. })
        )
    }

    /// The status of Port's refusal.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Http(error) => error.status(),
            _ => None,
        }
    }

    /// Whether Port refuses to make what it has already.
    ///
    /// It is not the same for everything that is made: 409, or 422 with a reason that says so.
    pub(crate) fn is_taken(&self) -> bool {
        let Self::Http(error) = self else {
            return false;
        };
        match error.status() {
            Some(StatusCode::CONFLICT) => true,
            Some(StatusCode::UNPROCESSABLE_ENTITY) => error
                .response()
                .and_then(|response| response.json::<Refusal>().ok())
                .is_some_and(|refusal| refusal.is_taken()),
            _ => false,
        }
    }

    /// Whether Port itself says that there is no such thing.
    ///
    /// The 404 of a proxy, or of a wrong address, says nothing about what Port holds; Port's own
    /// always has a JSON object.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            Self::Http(error) if error.status() == Some(StatusCode::NOT_FOUND) => error
                .response()
                .is_some_and(|response| response.json::<Map<String, Value>>().is_ok()),
            _ => false,
        }
    }
}

/// Why Port refuses, in its words.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Value,
    message: Value,
}

impl Refusal {
    fn is_taken(&self) -> bool {
        let says = |part: &Value, text| part.as_str().is_some_and(|said| said.contains(text));
        says(&self.error, "identifier_taken") || says(&self.message, "already exists")
    }
}

impl From<Error> for CatalogError {
    fn from(error: Error) -> Self {
        Self::new(error.class(), "port failed").caused_by(error)
    }
}

fn left(left_over: &[String]) -> String {
    match left_over {
        [] => String::new(),
        names => format!(
            ", and these could not be removed again: {}",
            names.join(", ")
        ),
    }
}
