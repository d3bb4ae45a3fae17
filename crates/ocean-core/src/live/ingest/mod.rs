//! What becomes of a webhook request? [`Ingest`] decides it, without knowing HTTP servers.

mod headers;
mod paths;
#[cfg(test)]
pub(super) mod scripted;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::Notify;
use tracing::{debug, warn};

use self::headers::harmless;
use self::paths::{Paths, Refused};
use super::queue::{EventQueue, NewEvent, Pushed};
use super::rarely::Rarely;
use crate::webhook::{ErasedProcessor, WebhookEvent};

/// Takes live events in: a request becomes an event that waits durably, or an answer that says
/// why not.
///
/// # Guarantees
///
/// - [`Answer::Accepted`] is given only after the queue said that the event is durable.
/// - Nothing is queued unless a processor accepts it and all that do take it for genuine.
/// - A processor that panics counts as one that refuses; the others of its path are asked still.
/// - Credentials and signatures are taken off before the event is queued, and neither headers nor
///   payloads are logged.
///
/// # Cancel safety
///
/// When a call of [`receive`](Self::receive) is dropped, the event is queued at most once.
pub struct Ingest {
    paths: Paths,
    queue: Arc<dyn EventQueue>,
    arrived: Arc<Notify>,
    stopping: AtomicBool,
    consumer: Consumer,
    said: Said,
}

/// Whether somebody handles what is queued.
enum Consumer {
    Present,
    /// Nobody does, for this reason; `true` once that was said.
    Absent(String, AtomicBool),
}

/// Messages that a sender can cause as often as it likes.
struct Said {
    malformed: Rarely,
    refused: Rarely,
    unavailable: Rarely,
}

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The event waits, durably, under this sequence number.
    Accepted(u64),
    /// The same delivery was accepted before.
    Duplicate,
    /// No processor is concerned, or nobody handles events.
    Filtered,
    /// The body is no JSON object, for this reason.
    Malformed(String),
    /// No processor of the path takes the request for genuine.
    Unauthenticated,
    /// No processor is registered at the path.
    UnknownPath,
    /// The event could not be made durable and has to be sent again. The reason is for the
    /// operator, not for the sender.
    Unavailable(String),
}

impl Ingest {
    /// Takes events in for these processors, in registration order. `arrived` is notified after
    /// each event that was accepted.
    #[must_use]
    pub fn new(
        processors: &[ErasedProcessor],
        queue: Arc<dyn EventQueue>,
        arrived: Arc<Notify>,
    ) -> Self {
        Self {
            paths: Paths::new(processors),
            queue,
            arrived,
            stopping: AtomicBool::new(false),
            consumer: Consumer::Present,
            said: Said {
                malformed: Rarely::new(),
                refused: Rarely::new(),
                unavailable: Rarely::new(),
            },
        }
    }

    /// Nobody handles events in this process, for a reason such as "the event listener does not
    /// process webhooks". Genuine events are then counted as filtered instead of being queued,
    /// and one warning says so.
    #[must_use]
    pub fn without_consumer(mut self, reason: impl Into<String>) -> Self {
        self.consumer = Consumer::Absent(reason.into(), AtomicBool::new(false));
        self
    }

    /// The paths at which processors are registered, each once.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.names()
    }

    /// Decides about one request to a registered path.
    ///
    /// `headers` and `body` are as they were sent, but for a content encoding that was taken off:
    /// signatures cover the decoded bytes.
    pub async fn receive(&self, path: &str, headers: HeaderMap, body: Bytes) -> Answer {
        let event = match self.examine(path, headers, body) {
            Ok(event) => event,
            Err(answer) => return answer,
        };
        match self.queue.push(event).await {
            Ok(Pushed::Accepted(seq)) => {
                debug!(path, seq, "live event accepted");
                self.arrived.notify_one();
                Answer::Accepted(seq)
            }
            Ok(Pushed::Duplicate) => {
                debug!(path, "live event came before");
                Answer::Duplicate
            }
            Err(error) => self.unavailable(path, error.to_string()),
        }
    }

    /// From now on every event is refused, to be sent again. Events that are being queued are
    /// finished.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// What can be decided without the queue.
    fn examine(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<NewEvent, Answer> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(self.unavailable(path, "stopping".to_owned()));
        }
        let processors = self.paths.at(path).ok_or(Answer::UnknownPath)?;
        let event =
            parse(headers, body).map_err(|reason| self.malformed(path, body_fault(reason)))?;
        let accepting = processors
            .taking_part(&event)
            .map_err(|refused| self.refused(path, &refused))?;
        if accepting.is_empty() {
            debug!(path, "live event concerns no processor");
            self.queue.note_filtered();
            return Err(Answer::Filtered);
        }
        if self.nobody_listens() {
            self.queue.note_filtered();
            return Err(Answer::Filtered);
        }
        let mut queued = NewEvent::new(path, event.body().clone());
        queued.delivery_id = accepting.delivery_id(&event);
        queued.headers = harmless(event.headers());
        Ok(queued)
    }

    fn nobody_listens(&self) -> bool {
        let Consumer::Absent(reason, said) = &self.consumer else {
            return false;
        };
        if !said.swap(true, Ordering::Relaxed) {
            warn!(
                reason,
                "live events arrive but nobody handles them; they are dropped"
            );
        }
        true
    }

    fn malformed(&self, path: &str, reason: String) -> Answer {
        if let Some(suppressed) = self.said.malformed.pass() {
            warn!(path, error = reason, suppressed, "webhook body refused");
        }
        Answer::Malformed(reason)
    }

    fn refused(&self, path: &str, refused: &Refused) -> Answer {
        if let Some(suppressed) = self.said.refused.pass() {
            warn!(
                path,
                error = refused.reason,
                suppressed,
                "webhook request not authenticated"
            );
        }
        Answer::Unauthenticated
    }

    fn unavailable(&self, path: &str, reason: String) -> Answer {
        if let Some(suppressed) = self.said.unavailable.pass() {
            warn!(
                path,
                error = reason,
                suppressed,
                "live event not accepted; its sender is asked to send it again"
            );
        }
        Answer::Unavailable(reason)
    }
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest")
            .field("paths", &self.paths().collect::<Vec<_>>())
            .field("queue", &self.queue)
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}

/// The original queues whatever JSON comes and fails later; only an object can be an event.
fn parse(headers: HeaderMap, body: Bytes) -> Result<WebhookEvent, String> {
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    let event = WebhookEvent::new(headers, body).map_err(|error| error.to_string())?;
    match event.payload() {
        serde_json::Value::Object(_) => Ok(event),
        _ => Err("it is JSON, but no object".to_owned()),
    }
}

fn body_fault(reason: String) -> String {
    format!("the body is not a JSON object: {reason}")
}

#[cfg(test)]
mod tests;
