//! A transport that follows a script, and remembers what it was asked and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use tokio::time::Instant;

use crate::http::{
    BodyStream, HttpClient, HttpClientBuilder, Transport, TransportError, TransportErrorKind,
};

/// One step of the script.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Answer(u16, Vec<(&'static str, String)>, &'static str),
    Fail(TransportErrorKind),
    Hang,
    /// Headers, then one byte each time this passes, for ever.
    Drip(Duration),
    /// Headers and this, then the connection breaks.
    Cut(&'static str),
    /// Answers after this time.
    Slow(Duration),
}

pub(super) fn status(code: u16) -> Step {
    Step::Answer(code, Vec::new(), "{}")
}

pub(super) fn with_header(code: u16, name: &'static str, value: &str) -> Step {
    Step::Answer(code, vec![(name, value.to_owned())], "{}")
}

/// The last step repeats.
#[derive(Debug, Clone)]
pub(super) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: Instant,
    pub(super) host: String,
    pub(super) path: String,
}

impl Script {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into_iter().collect())),
            seen: Arc::default(),
        }
    }

    /// A client over this script whose delays are as long as the policy allows.
    pub(super) fn client(&self) -> HttpClientBuilder {
        HttpClient::builder("tracker")
            .transport(self.clone())
            .randomness(|| 1.0)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.seen().len()
    }

    fn next(&self) -> Step {
        let mut steps = self.steps.lock().unwrap();
        if steps.len() > 1 {
            steps.pop_front().unwrap()
        } else {
            steps.front().unwrap().clone()
        }
    }
}

pub(super) fn broken(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, "scripted")
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        self.seen.lock().unwrap().push(Seen {
            at: Instant::now(),
            host: request.uri().host().unwrap().to_owned(),
            path: request.uri().path().to_owned(),
        });
        let mut response = Response::builder();
        let body: BodyStream = match self.next() {
            Step::Answer(code, headers, body) => {
                response = response.status(code);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                stream::iter([Ok(Bytes::from(body))]).boxed()
            }
            Step::Fail(kind) => return Err(broken(kind)),
            Step::Hang => return std::future::pending().await,
            Step::Slow(time) => {
                tokio::time::sleep(time).await;
                stream::iter([Ok(Bytes::from("{}"))]).boxed()
            }
            Step::Drip(every) => stream::repeat(Bytes::from("x"))
                .then(move |piece| async move {
                    tokio::time::sleep(every).await;
                    Ok(piece)
                })
                .boxed(),
            Step::Cut(start) => stream::iter([
                Ok(Bytes::from(start)),
                Err(broken(TransportErrorKind::Interrupted)),
            ])
            .boxed(),
        };
        Ok(response.body(body).unwrap())
    }
}

pub(super) fn get(path: &str) -> Request<Bytes> {
    request("GET", path)
}

pub(super) fn request(method: &str, path: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("https://tracker.example{path}"))
        .body(Bytes::new())
        .unwrap()
}
