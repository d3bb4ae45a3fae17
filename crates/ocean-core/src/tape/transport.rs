//! How is each request to the third-party system recorded?

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};

use super::body::Body;
use super::clean::Place;
use super::line::{Answer, Exchange, Failure, FailureKind, Line};
use super::recorder::TapeRecorder;
use crate::error_chain;
use crate::http::{BodyStream, Transport, TransportError, TransportErrorKind};

/// A larger answer is not recorded: a tape that nobody can open helps nobody.
const LARGEST_BODY: usize = 256 << 20;

/// Sends through another transport and notes what came of it.
pub(super) struct RecordingTransport {
    client: String,
    inner: Arc<dyn Transport>,
    recorder: TapeRecorder,
}

impl RecordingTransport {
    pub(super) const fn new(
        client: String,
        inner: Arc<dyn Transport>,
        recorder: TapeRecorder,
    ) -> Self {
        Self {
            client,
            inner,
            recorder,
        }
    }
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let clean = self.recorder.cleaner();
        let exchange = Exchange {
            client: self.client.clone(),
            method: request.method().to_string(),
            url: clean.url(request.uri()),
            body: clean.body(request.body(), Place::Request),
            answer: None,
            failure: None,
        };
        match self.inner.send(request).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let answer = Answer {
                    status: parts.status.as_u16(),
                    headers: clean.headers(&parts.headers),
                    body: Body::default(),
                };
                let noting = Noting {
                    recorder: self.recorder.clone(),
                    exchange,
                    answer,
                    received: Vec::new(),
                };
                Ok(Response::from_parts(parts, noting.through(body)))
            }
            Err(error) => {
                note_failure(&self.recorder, exchange, &error);
                Err(error)
            }
        }
    }
}

/// An answer whose body is on its way.
struct Noting {
    recorder: TapeRecorder,
    exchange: Exchange,
    answer: Answer,
    received: Vec<u8>,
}

impl Noting {
    /// The same body, which is noted when it ends. One that nobody reads to its end is not.
    fn through(mut self, mut body: BodyStream) -> BodyStream {
        let pieces = async_stream::stream! {
            while let Some(piece) = body.next().await {
                match &piece {
                    Ok(bytes) if self.received.len() + bytes.len() <= LARGEST_BODY => {
                        self.received.extend_from_slice(bytes);
                    }
                    Ok(bytes) => {
                        self.recorder.fail(too_large(&self.exchange));
                        yield Ok(bytes.clone());
                        while let Some(piece) = body.next().await {
                            yield piece;
                        }
                        return;
                    }
                    Err(error) => {
                        note_failure(&self.recorder, self.exchange, error);
                        yield piece;
                        return;
                    }
                }
                yield piece;
            }
            self.note();
        };
        pieces.boxed()
    }

    fn note(mut self) {
        self.answer.body = self.recorder.cleaner().body(&self.received, Place::Answer);
        self.exchange.answer = Some(self.answer);
        self.recorder.write(&Line::Exchange(self.exchange));
    }
}

fn too_large(exchange: &Exchange) -> io::Error {
    let Exchange { method, url, .. } = exchange;
    let most = LARGEST_BODY >> 20;
    io::Error::other(format!("{method} {url}: an answer of more than {most} MiB"))
}

fn note_failure(recorder: &TapeRecorder, mut exchange: Exchange, error: &TransportError) {
    let cause = error.source().map(error_chain).unwrap_or_default();
    exchange.failure = Some(Failure {
        kind: FailureKind::of(error.kind()),
        message: recorder.cleaner().text(&cause, Place::Answer),
    });
    recorder.write(&Line::Exchange(exchange));
}

impl FailureKind {
    const fn of(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connect => Self::Connect,
            TransportErrorKind::ConnectTimeout => Self::ConnectTimeout,
            TransportErrorKind::Unreachable => Self::Unreachable,
            TransportErrorKind::Interrupted => Self::Interrupted,
            TransportErrorKind::Redirect => Self::Redirect,
            TransportErrorKind::InvalidRequest => Self::InvalidRequest,
        }
    }
}

impl From<FailureKind> for TransportErrorKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Connect => Self::Connect,
            FailureKind::ConnectTimeout => Self::ConnectTimeout,
            FailureKind::Unreachable => Self::Unreachable,
            FailureKind::Interrupted => Self::Interrupted,
            FailureKind::Redirect => Self::Redirect,
            FailureKind::InvalidRequest => Self::InvalidRequest,
        }
    }
}

impl fmt::Debug for RecordingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingTransport")
            .field("client", &self.client)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
