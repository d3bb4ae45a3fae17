//! How does one request become its reply? [`Endpoint::reply`].

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, header};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::body::{self, BodyFault};
use super::budget::{Budget, Share};
use super::encoding::Encoding;
use super::host::ServerHost;
use super::options::ServerOptions;
use super::phase::{Phase, Slot};
use super::reply::{self, Reply};
use super::routes::{Routes, Target};
use crate::live::ingest::Ingest;

/// What all connections of a server share.
pub(super) struct Endpoint {
    routes: Routes,
    ingest: Arc<Ingest>,
    host: Arc<dyn ServerHost>,
    options: ServerOptions,
    budget: Budget,
    /// One permit for each event that is being queued. There are fewer than connections, so when
    /// the queue hangs some connections are left that can give way to a question about health.
    queueing: Semaphore,
}

/// The connection was closed to make room. It ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection gave way to another one")]
pub(super) struct Evicted;

impl Endpoint {
    pub(super) fn new(
        ingest: Arc<Ingest>,
        host: Arc<dyn ServerHost>,
        options: ServerOptions,
    ) -> Self {
        Self {
            routes: Routes::new(&options.path_prefix, ingest.paths()),
            budget: Budget::new(options.buffered_limit),
            queueing: Semaphore::new(options.max_connections - options.max_connections / 4),
            ingest,
            host,
            options,
        }
    }

    pub(super) const fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// Answers one request of the connection that the slot stands for.
    pub(super) async fn reply(
        &self,
        request: Request<Incoming>,
        slot: &Slot,
    ) -> Result<Reply, Evicted> {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        // A body that nobody asked for is skipped if it is there already; otherwise hyper ends the
        // connection after the reply.
        let reply = match self.routes.find(parts.uri.path()) {
            None => reply::not_found(),
            Some(target) if parts.method != target.method() => {
                reply::wrong_method(&target.method())
            }
            Some(Target::Webhook(path)) => self.webhook(path, parts, body, slot).await?,
            Some(Target::Health(check)) => reply::health(*check, self.host.health(*check)),
            Some(Target::Metrics) => reply::metrics(self.host.metrics()),
            Some(Target::Resync) => reply::resync(&self.host.request_resync(&parts.headers)),
        };
        go_on(slot, Phase::Idle)?;
        Ok(reply::stamped(reply, began.elapsed()))
    }

    async fn webhook(
        &self,
        path: &str,
        parts: Parts,
        body: Incoming,
        slot: &Slot,
    ) -> Result<Reply, Evicted> {
        let mut share = self.budget.share();
        let mut headers = parts.headers;
        go_on(slot, Phase::Body)?;
        let read = self.read(&mut headers, body, &mut share);
        let body = match timeout(self.options.body_timeout, read).await {
            Ok(Ok(body)) => body,
            Ok(Err(fault)) => return Ok(reply::unread(fault)),
            Err(_elapsed) => return Ok(reply::unread(BodyFault::Slow)),
        };
        go_on(slot, Phase::Handling)?;
        let Ok(_permit) = self.queueing.try_acquire() else {
            return Ok(reply::unavailable());
        };
        let receive = self.ingest.receive(path, headers, body);
        Ok(match timeout(self.options.answer_timeout, receive).await {
            Ok(answer) => reply::event(&answer, self.options.legacy_status),
            Err(_elapsed) => reply::unavailable(),
        })
    }

    /// Reads and decompresses a body, and takes off the headers that no longer describe it.
    async fn read(
        &self,
        headers: &mut HeaderMap,
        body: Incoming,
        share: &mut Share,
    ) -> Result<Bytes, BodyFault> {
        let limit = self.options.body_limit;
        let encoding = Encoding::of(headers)?;
        let sent = body::read(body, limit, share).await?;
        let whole = encoding.decode(sent, limit, share).await?;
        if encoding != Encoding::Identity {
            headers.remove(header::CONTENT_ENCODING);
            headers.remove(header::CONTENT_LENGTH);
        }
        // An event may wait long: it keeps no more memory than it has bytes.
        Ok(Bytes::from(whole.into_boxed_slice()))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("routes", &self.routes)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn go_on(slot: &Slot, phase: Phase) -> Result<(), Evicted> {
    slot.enter(phase).then_some(()).ok_or(Evicted)
}
