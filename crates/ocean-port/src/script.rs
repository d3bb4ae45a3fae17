//! A Port that answers from a script instead of over sockets, for tests that pause the time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::{Request, Response};
use ocean_core::http::{BodyStream, Transport, TransportError};
use serde_json::Value;

/// Answers with a status and a body, one after another; the last one for ever, or nothing any more.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    sent: Arc<AtomicUsize>,
    falls_silent: bool,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let answers = answers.into_iter().collect();
        Self {
            answers: Arc::new(Mutex::new(answers)),
            sent: Arc::default(),
            falls_silent: false,
        }
    }

    /// A Port that hangs once it has given these answers.
    pub(crate) fn silent_after(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        Self {
            falls_silent: true,
            ..Self::new(answers)
        }
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            match answers.len() {
                1 if !self.falls_silent => Some(answers[0].clone()),
                _ => answers.pop_front(),
            }
        };
        let Some((status, body)) = answer else {
            return std::future::pending().await;
        };
        let body = stream::iter([Ok(Bytes::from(body.to_string()))]).boxed();
        Ok(Response::builder().status(status).body(body).unwrap())
    }
}
