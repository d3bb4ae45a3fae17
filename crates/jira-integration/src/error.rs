//! What can go wrong between us and Jira, and which of it is worth another try.

use std::error::Error as StdError;

use ocean_core::SourceError;
use ocean_core::http::HttpError;
use serde::Deserialize;

/// Why Jira could not be read, or not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JiraError {
    /// The host in the settings is not an address we can talk to.
    #[error("setting `jira_host` is not a usable address: {reason}")]
    InvalidHost {
        /// What is wrong with it.
        reason: String,
    },
    /// The access token is good for other sites only.
    #[error("the access token gives no access to {host}")]
    NotAccessible {
        /// The configured site.
        host: String,
    },
    /// Jira understood what webhook it should register and did not do so.
    #[error("jira did not register the webhook: {reason}")]
    NotRegistered {
        /// What it said.
        reason: String,
    },
    /// A request could not be built, for example because the credentials hold a line break.
    #[error("a request to jira could not be built")]
    InvalidRequest(#[source] Box<dyn StdError + Send + Sync>),
    /// Jira could not be asked, refused, or answered something else than was asked for.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An item of Jira's answer cannot be represented, for example because of its nesting.
    #[error("jira sent an item that cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// Jira's answer lacks what it must have.
    #[error("jira sent {what}")]
    Unexpected {
        /// What it sent.
        what: &'static str,
    },
}

impl JiraError {
    pub(crate) fn invalid_request(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::InvalidRequest(error.into())
    }

    /// Whether what was asked for is refused to us, or not there.
    pub(crate) fn is_refusal(&self) -> bool {
        self.has_status(http::StatusCode::FORBIDDEN) || self.has_status(http::StatusCode::NOT_FOUND)
    }

    /// Whether Jira understood the request and found fault with it.
    pub(crate) fn is_bad_request(&self) -> bool {
        self.has_status(http::StatusCode::BAD_REQUEST)
    }

    /// Whether the site does not know the kind of request at all.
    pub(crate) fn is_unknown_operation(&self) -> bool {
        self.has_status(http::StatusCode::NOT_FOUND)
            || self.has_status(http::StatusCode::METHOD_NOT_ALLOWED)
    }

    /// Whether Jira itself says that what was asked for does not exist, or not for us. The 404 of
    /// a proxy in between does not count.
    pub(crate) fn is_gone(&self) -> bool {
        self.refusal(http::StatusCode::NOT_FOUND).is_some()
    }

    /// Whether Jira found fault with the request in words that contain `text`.
    pub(crate) fn refuses_with(&self, text: &str) -> bool {
        let refusal = self.refusal(http::StatusCode::BAD_REQUEST);
        refusal.is_some_and(|refusal| refusal.messages.iter().any(|said| said.contains(text)))
    }

    fn refusal(&self, status: http::StatusCode) -> Option<Refusal> {
        // What is said to refused credentials, as to nobody, is not about what was asked for.
        let Self::Http(HttpError::Status { response }) = self else {
            return None;
        };
        let wanted = response.status() == status;
        wanted.then(|| serde_json::from_slice(response.body()).ok())?
    }

    fn has_status(&self, status: http::StatusCode) -> bool {
        matches!(self, Self::Http(error) if error.status() == Some(status))
    }
}

/// How Jira says why it does not answer.
#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(rename = "errorMessages")]
    messages: Vec<String>,
}

impl From<JiraError> for SourceError {
    fn from(error: JiraError) -> Self {
        match error {
            JiraError::Http(error) => error.into(),
            error => Self::permanent(error),
        }
    }
}

/// The result of asking Jira.
pub type Result<T, E = JiraError> = std::result::Result<T, E>;
