//! How are requests answered from a tape?

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response};

use super::clean::{Cleaner, Place};
use super::line::{Answer, Exchange};
use super::reader::{Span, Tape, name_in_any_run, name_of};
use crate::http::{BodyStream, Transport, TransportError, TransportErrorKind};

/// A transport that knows all the answers and opens no socket.
pub(super) struct Player {
    tape: Tape,
    cleaner: Cleaner,
    /// How many exchanges of each request were played.
    played: Mutex<HashMap<String, usize>>,
}

impl Player {
    pub(super) fn new(tape: Tape) -> Self {
        Self {
            tape,
            cleaner: Cleaner::of_replay(),
            played: Mutex::default(),
        }
    }

    /// The next exchange of a request; the last one again when all were played.
    fn next(&self, name: &str) -> Option<Span> {
        let spans = self.tape.spans(name);
        let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        let place = played.entry(name.to_owned()).or_default();
        let next = spans.get(*place).or(spans.last()).copied();
        *place += 1;
        next
    }
}

#[async_trait]
impl Transport for Player {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let method = request.method().as_str();
        let url = self.cleaner.url(request.uri());
        let body = self.cleaner.body(request.body(), Place::Request);
        let known = self.next(&name_of(method, &url, &body.as_text()));
        let known = known.or_else(|| self.next(&name_in_any_run(method, &url, &body)));
        let Some(span) = known else {
            let body = if body.is_empty() {
                ""
            } else {
                " with this body"
            };
            self.tape.note_missed(format!("{method} {url}{body}"));
            return Err(unusable(format!("it is not on the tape{body}")));
        };
        let exchange = self.tape.exchange(span).map_err(unusable)?;
        match exchange {
            Exchange {
                answer: Some(answer),
                ..
            } => respond(answer),
            Exchange {
                failure: Some(failure),
                ..
            } => Err(TransportError::new(failure.kind.into(), failure.message)),
            _ => Err(unusable(format!(
                "{method} {url} has no answer on the tape"
            ))),
        }
    }
}

fn respond(answer: Answer) -> Result<Response<BodyStream>, TransportError> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let body = stream::iter([Ok(answer.body.to_bytes())]).boxed();
    response.body(body).map_err(unusable)
}

fn unusable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidRequest, reason)
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("tape", &self.tape).finish()
    }
}
