//! How is an answer read that is too large to hold? Piece by piece, from a [`StreamingResponse`].

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::call::{Fault, Slot, next_piece};
use super::config::Settings;
use super::deadline::{Deadline, Deadlines};
use super::error::{CallContext, HttpError};
use super::transport::BodyStream;

/// What has to arrive within each span of [`Deadlines::total`] that is spent waiting: half a
/// kilobyte a second, which even a mobile line exceeds a hundred times.
const LEAST_PROGRESS: u64 = 64 << 10;

/// An answer whose body is still arriving. It occupies a slot of the client until it is dropped.
///
/// The time its reader takes between two pieces does not count towards any deadline.
pub struct StreamingResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: BodyStream,
    call: CallContext,
    deadlines: Deadlines,
    limit: u64,
    received: u64,
    progress: Progress,
    _slot: Slot,
}

impl StreamingResponse {
    pub(super) fn new(
        response: http::Response<BodyStream>,
        slot: Slot,
        call: CallContext,
        settings: &Settings,
    ) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            call,
            deadlines: settings.deadlines,
            limit: settings.max_stream_bytes,
            received: 0,
            progress: Progress::default(),
            _slot: slot,
        }
    }

    /// The status, always below 400.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next piece of the body, decompressed; `None` when it arrived completely.
    ///
    /// # Errors
    ///
    /// The body broke off, stopped, is too slow or too large. What came before is then not whole.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the piece is returned by the next call.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, HttpError> {
        match self.receive().await {
            Ok(piece) => Ok(piece),
            Err(fault) => Err(fault.into_error(self.call.clone())),
        }
    }

    /// The body as a stream.
    pub fn into_stream(mut self) -> impl Stream<Item = Result<Bytes, HttpError>> + Send + use<> {
        async_stream::try_stream! {
            while let Some(piece) = self.next_piece().await? {
                yield piece;
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, Fault> {
        let started = Instant::now();
        let Some(piece) = next_piece(&mut self.body, self.deadlines).await? else {
            return Ok(None);
        };
        let size = piece.len() as u64;
        self.received = self.received.saturating_add(size);
        if self.received > self.limit {
            return Err(Fault::TooLarge(self.limit));
        }
        if self.progress.add(size, started.elapsed()) > self.deadlines.total {
            return Err(Fault::Late(Deadline::Total));
        }
        Ok(Some(piece))
    }
}

impl fmt::Debug for StreamingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingResponse")
            .field("call", &self.call)
            .field("status", &self.status)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// The time waited for pieces since the last noteworthy amount of bytes.
#[derive(Debug, Default)]
struct Progress {
    waited: Duration,
    bytes: u64,
}

impl Progress {
    fn add(&mut self, bytes: u64, waited: Duration) -> Duration {
        self.bytes += bytes;
        self.waited += waited;
        if self.bytes >= LEAST_PROGRESS {
            *self = Self::default();
        }
        self.waited
    }
}
