//! What carries a single request? A [`Transport`]: sockets in production, a script in a test.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use http::{Request, Response};

/// The body of an answer, decompressed, as it arrives.
pub type BodyStream = BoxStream<'static, Result<Bytes, TransportError>>;

/// Sends one request, once. Everything about sending it again is the client's.
///
/// The default sends over sockets. A test can pass its own to
/// [`HttpClientBuilder::transport`](super::HttpClientBuilder::transport) and pause the time.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Returns as soon as the headers are there.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError>;
}

/// Why there is no answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// What a [`TransportError`] means for the question whether the request was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// There was no connection; it may be there a moment later.
    Connect,
    /// There was no connection within the connect deadline.
    ConnectTimeout,
    /// There can be no connection: the certificate is refused, the host has no address, or it must
    /// not be asked.
    Unreachable,
    /// The connection broke; whether the request was executed is not known.
    Interrupted,
    /// A redirect led to another host, to an insecure one, or too far.
    Redirect,
    /// The request cannot be sent at all.
    InvalidRequest,
}

impl TransportError {
    /// An error of this kind.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What it means.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "no connection",
            TransportErrorKind::ConnectTimeout => "no connection in time",
            TransportErrorKind::Unreachable => "the host cannot be reached safely",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::Redirect => "the redirect was not followed",
            TransportErrorKind::InvalidRequest => "the request cannot be sent",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
