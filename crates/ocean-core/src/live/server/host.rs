//! What does the server need of the process it runs in? A [`ServerHost`].

use http::HeaderMap;
use serde_json::{Map, Value};

/// Tells the server about the process, and takes the orders that come in over HTTP.
///
/// All methods are called on a thread of the async runtime, for every such request: they must
/// return at once.
pub trait ServerHost: Send + Sync + 'static {
    /// How the process is. [`HealthCheck::Ready`] fails only when an event would be refused; that
    /// another system is down belongs into the details.
    fn health(&self, check: HealthCheck) -> Health;

    /// What `/metrics` shows, as OpenMetrics text. By default there is no such route.
    fn metrics(&self) -> Option<String> {
        None
    }

    /// Asks for a resync, on behalf of `POST /resync`. The implementation authenticates the
    /// headers and merges requests into one run. By default there is no such route.
    fn request_resync(&self, _headers: &HeaderMap) -> ResyncAnswer {
        ResyncAnswer::NotOffered
    }
}

/// Which question about health is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthCheck {
    /// `/health/live`: would a restart help?
    Live,
    /// `/health/ready`: can events be sent here?
    Ready,
}

/// The answer to a [`HealthCheck`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Health {
    /// Whether the check passes; the status is 200 or 503.
    pub ok: bool,
    /// What the body tells besides `status` and `check`.
    pub details: Map<String, Value>,
}

impl Health {
    /// The check passes or not.
    #[must_use]
    pub fn new(ok: bool) -> Self {
        Self {
            ok,
            details: Map::new(),
        }
    }

    /// Tells something more in the body.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }
}

/// What became of a request for a resync.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResyncAnswer {
    /// There will be one.
    Requested,
    /// The request did not prove that it may ask.
    Unauthenticated,
    /// There will be none, for example because the process stops.
    Unavailable,
    /// This process does not take such requests.
    NotOffered,
}
