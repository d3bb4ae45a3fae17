//! What can go wrong with a call, and what does it mean for the caller? [`HttpError`].

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};

use super::auth::AuthError;
use super::deadline::Deadline;
use super::paging::Doubt;
use super::redact::RedactedUri;
use super::response::Response;
use super::transport::{TransportError, TransportErrorKind};
use crate::error::{ErrorClass, SourceError};

/// A call that failed for good: whatever could be tried again was.
///
/// Messages name the client, the method, the URL without secrets, the attempts and the time; they
/// hold no credentials and at most a few hundred masked bytes of a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A deadline passed.
    #[error("{call}: the {deadline} deadline passed")]
    Timeout {
        /// The call.
        call: Box<CallContext>,
        /// Which one.
        deadline: Deadline,
    },
    /// There was no connection.
    #[error("{call}: the connection failed")]
    Connect {
        /// The call.
        call: Box<CallContext>,
        /// Why.
        source: TransportError,
    },
    /// The connection broke before the answer was complete.
    #[error("{call}: the answer is not complete")]
    Interrupted {
        /// The call.
        call: Box<CallContext>,
        /// How.
        source: TransportError,
    },
    /// The answer is an error; [`response`](Self::response) has its body.
    #[error("{}: status {}: {}", response.call(), response.status().as_u16(), response.excerpt())]
    Status {
        /// The answer.
        response: Box<Response>,
    },
    /// The credentials are refused, also after they were renewed.
    #[error("{}: the credentials are refused: {}", response.call(), response.excerpt())]
    Unauthorized {
        /// The answer.
        response: Box<Response>,
    },
    /// There are no credentials to send.
    #[error("{call}: no credentials")]
    Authorize {
        /// The call.
        call: Box<CallContext>,
        /// Why.
        source: AuthError,
    },
    /// The answer is not what it should be.
    #[error("{call}: unexpected answer at `{path}` ({content_type}): {excerpt}")]
    Decode {
        /// The call.
        call: Box<CallContext>,
        /// Where in the JSON; `.` is the whole.
        path: String,
        /// What the answer claims to be.
        content_type: String,
        /// Its start, masked.
        excerpt: String,
        /// What was expected.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A listing is not known to be complete.
    #[error("{call}: {doubt}")]
    Listing {
        /// The call that raised the doubt.
        call: Box<CallContext>,
        /// Why.
        doubt: Doubt,
    },
    /// The answer is larger than the client accepts.
    #[error("{call}: the answer has more than {limit} bytes")]
    TooLarge {
        /// The call.
        call: Box<CallContext>,
        /// The limit, in bytes after decompression.
        limit: u64,
    },
    /// The server asked for a longer pause than the client waits for.
    #[error("{call}: the server asked to wait until {}", at(*until))]
    PausedTooLong {
        /// The call.
        call: Box<CallContext>,
        /// When it may be tried again.
        until: SystemTime,
    },
    /// A redirect led to another host, to an insecure one, or too far.
    #[error("{call}: the redirect was not followed")]
    Redirect {
        /// The call.
        call: Box<CallContext>,
        /// Where it led.
        source: TransportError,
    },
    /// The request cannot be sent, for example because its URL has no host.
    #[error("{call}: nothing was sent")]
    InvalidRequest {
        /// The call.
        call: Box<CallContext>,
        /// Why.
        source: TransportError,
    },
    /// The client cannot be made.
    #[error("the settings of the {client} client are not usable")]
    Setup {
        /// The client's name.
        client: Arc<str>,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl HttpError {
    /// Whether it may pass, will not pass, or is about credentials.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::Listing { .. }
            | Self::PausedTooLong { .. }
            // A maintenance page in place of JSON may stay for longer than the quick attempts.
            | Self::Decode { .. } => ErrorClass::Retryable,
            Self::Connect { source, .. } => match source.kind() {
                TransportErrorKind::Unreachable => ErrorClass::Permanent,
                _ => ErrorClass::Retryable,
            },
            Self::Status { response } => class_of_status(response.status()),
            Self::Unauthorized { .. } => ErrorClass::Unauthorized,
            Self::Authorize { source, .. } => source
                .get_ref()
                .downcast_ref::<Self>()
                .map_or(ErrorClass::Permanent, Self::class),
            Self::TooLarge { .. }
            | Self::Redirect { .. }
            | Self::InvalidRequest { .. }
            | Self::Setup { .. } => ErrorClass::Permanent,
        }
    }

    /// The answer, when there was one and its status made it an error.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Status { response } | Self::Unauthorized { response } => Some(response),
            _ => None,
        }
    }

    /// The status of [`response`](Self::response).
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(Response::status)
    }

    /// Whether the answer says that there is nothing at this address: 404, or 410.
    ///
    /// Of an object that was just listed, or that an event names, that is how most systems say that
    /// it is gone. Of a listing it is not: a wrong address and an account without rights get the
    /// same answer, so let it be an error there.
    ///
    /// ```no_run
    /// # async fn example(http: ocean_core::http::HttpClient) -> Result<Option<serde_json::Value>, ocean_core::http::HttpError> {
    /// match http.get("https://desk.example/tickets/7").await {
    ///     Ok(answer) => Ok(Some(answer.json()?)),
    ///     Err(error) if error.is_not_found() => Ok(None),
    ///     Err(error) => Err(error),
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let status = self.status();
        status.is_some_and(|status| matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// The call; `None` only for [`HttpError::Setup`].
    #[must_use]
    pub fn call(&self) -> Option<&CallContext> {
        match self {
            Self::Timeout { call, .. }
            | Self::Connect { call, .. }
            | Self::Interrupted { call, .. }
            | Self::Authorize { call, .. }
            | Self::Decode { call, .. }
            | Self::Listing { call, .. }
            | Self::TooLarge { call, .. }
            | Self::PausedTooLong { call, .. }
            | Self::Redirect { call, .. }
            | Self::InvalidRequest { call, .. } => Some(call),
            Self::Status { response } | Self::Unauthorized { response } => Some(response.call()),
            Self::Setup { .. } => None,
        }
    }

    pub(super) fn from_transport(call: CallContext, source: TransportError) -> Self {
        let call = Box::new(call);
        match source.kind() {
            TransportErrorKind::ConnectTimeout => Self::Timeout {
                call,
                deadline: Deadline::Connect,
            },
            TransportErrorKind::Connect | TransportErrorKind::Unreachable => {
                Self::Connect { call, source }
            }
            TransportErrorKind::Interrupted => Self::Interrupted { call, source },
            TransportErrorKind::Redirect => Self::Redirect { call, source },
            TransportErrorKind::InvalidRequest => Self::InvalidRequest { call, source },
        }
    }
}

fn class_of_status(status: StatusCode) -> ErrorClass {
    match status {
        StatusCode::UNAUTHORIZED => ErrorClass::Unauthorized,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => ErrorClass::Retryable,
        status if status.is_server_error() => ErrorClass::Retryable,
        _ => ErrorClass::Permanent,
    }
}

impl From<HttpError> for SourceError {
    fn from(error: HttpError) -> Self {
        let pause = match &error {
            HttpError::PausedTooLong { until, .. } => Some(*until),
            _ => None,
        };
        let error = Self::new(error.class(), error);
        match pause {
            Some(until) => error.not_before(until),
            None => error,
        }
    }
}

/// Which call it was, without anything secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallContext {
    /// The client's name.
    pub client: Arc<str>,
    /// The method.
    pub method: Method,
    /// The URL, shown with its secrets hidden.
    pub(super) url: RedactedUri,
    /// How many requests were sent.
    pub attempts: u32,
    /// How long the caller waited.
    pub elapsed: Duration,
    /// Whether those two are left out where the call is shown.
    pub(super) repeatable: bool,
}

impl CallContext {
    /// The URL, its secrets hidden.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.to_string()
    }
}

impl fmt::Display for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let Self {
            client,
            method,
            url,
            attempts,
            ..
        } = self;
        if self.repeatable {
            return write!(f, "{client}: {method} {url}");
        }
        write!(
            f,
            "{client}: {method} {url} ({attempts} sent, {seconds:.1} s)"
        )
    }
}

fn at(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .and_then(|time| time.round(jiff::Unit::Second))
        .map_or_else(|_| "a distant time".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn error(status: u16) -> HttpError {
        let answer = http::Response::builder().status(status).body(Bytes::new());
        let response = Response::new(answer.unwrap());
        response.error_for_status().unwrap_err()
    }

    #[test]
    fn only_404_and_410_say_that_there_is_nothing() {
        for status in [400, 401, 403, 404, 405, 410, 429, 500, 503] {
            let says = error(status).is_not_found();
            assert_eq!(says, matches!(status, 404 | 410), "{status}");
        }
    }
}
