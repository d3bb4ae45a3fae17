//! How is a simulator served over HTTP? [`Server`] runs a [`Service`] on the loopback interface
//! and owns every task it starts.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::control;
use crate::fault::{Aborted, Faults, Outcome, WireBody, Wiring, whole};
use crate::journal::Journal;
use crate::message::{Request, Response};
use crate::socket::{ResetSwitch, Socket};

/// Larger requests are answered 413 unread. Above any limit that a simulated service has.
const MAX_REQUEST_BYTES: usize = 256 << 20;

/// How long [`Server::stop`] waits for answers that are under way.
const DRAIN: Duration = Duration::from_millis(500);

/// What a simulator answers.
///
/// The server calls [`Service::handle`] once for each request that no fault keeps from it, from
/// many connections at once. A request whose sender goes away is dropped at an await.
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S: Service> Service for Arc<S> {
    async fn handle(&self, request: Request) -> Response {
        S::handle(self, request).await
    }
}

/// The handles that a server shares with whoever steers it. Clones share the state.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Controls {
    /// What was asked.
    pub journal: Journal,
    /// What goes wrong.
    pub faults: Faults,
    /// What time it is.
    pub clock: Clock,
}

/// A running HTTP/1.1 server. Dropping it ends all its tasks and connections.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    controls: Controls,
    stopping: CancellationToken,
    accepting: JoinSet<()>,
}

impl Server {
    /// Serves `service` at `addr`; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn start(addr: SocketAddr, service: impl Service) -> io::Result<Self> {
        Self::start_with(addr, service, Controls::default()).await
    }

    /// Like [`Server::start`], with handles that were made before: a service can keep a clone.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn start_with(
        addr: SocketAddr,
        service: impl Service,
        controls: Controls,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let stopping = CancellationToken::new();
        let shared = Arc::new(Shared {
            service,
            controls: controls.clone(),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, shared, stopping.clone()));
        Ok(Self {
            addr,
            controls,
            stopping,
            accepting,
        })
    }

    /// The address that is listened at.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What was asked so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.controls.journal
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.controls.faults
    }

    /// The clock of this server.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.controls.clock
    }

    /// Stops listening, lets answers under way end (half a second at most), and ends all tasks.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.accepting.join_next().await.is_some() {}
    }
}

#[derive(Debug)]
struct Shared<S> {
    service: S,
    controls: Controls,
}

async fn accept<S: Service>(
    listener: TcpListener,
    shared: Arc<Shared<S>>,
    stopping: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            // Ended connections are collected as they end, so the set holds only open ones.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared), stopping.clone()));
                }
                // Out of file descriptors, for instance: give others time to close theirs.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // Whatever is left after the time is ended by dropping the set.
    drop(tokio::time::timeout(DRAIN, drained).await);
}

async fn connection<S: Service>(
    stream: TcpStream,
    shared: Arc<Shared<S>>,
    stopping: CancellationToken,
) {
    // Without it, small answers would wait for the peer's delayed acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (socket, reset) = Socket::new(stream);
    let service = service_fn(|request| {
        let (shared, reset) = (Arc::clone(&shared), reset.clone());
        async move { answer(&shared, request, &reset).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    // An error here is the fault that was asked for, or a peer that went away.
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

async fn answer<S: Service>(
    shared: &Shared<S>,
    request: http::Request<Incoming>,
    reset: &ResetSwitch,
) -> Result<http::Response<WireBody>, Aborted> {
    let mut response = match read(request).await {
        Ok(request) if request.path().starts_with(control::PREFIX) => {
            whole(steer(shared, request).await)
        }
        Ok(request) => serve(shared, request, reset).await?,
        Err(status) => whole(Response::status(status)),
    };
    let date = shared.controls.clock.http_date().map(HeaderValue::try_from);
    if let Some(Ok(date)) = date {
        response.headers_mut().insert(header::DATE, date);
    }
    Ok(response)
}

async fn read(request: http::Request<Incoming>) -> Result<Request, StatusCode> {
    let (head, body) = request.into_parts();
    if hyper::body::Body::is_end_stream(&body) {
        return Ok(Request::new(head, Bytes::new()));
    }
    match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => Ok(Request::new(head, body.to_bytes())),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

async fn steer<S: Service>(shared: &Shared<S>, request: Request) -> Response {
    match control::answer(&shared.controls, &request) {
        Some(response) => response,
        None => shared.service.handle(request).await,
    }
}

/// Handles one request under the fault plan and writes it into the journal.
async fn serve<S: Service>(
    shared: &Shared<S>,
    request: Request,
    reset: &ResetSwitch,
) -> Result<http::Response<WireBody>, Aborted> {
    let Controls {
        journal, faults, ..
    } = &shared.controls;
    let sequence = journal.begin(&request);
    let (latency, action) = (faults.latency(), faults.pick(&request));
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let Some(action) = action else {
        let response = shared.service.handle(request).await;
        journal.finish(sequence, Some(response.status), None);
        return Ok(whole(response));
    };
    // Faults that never answer stay in the journal with this name.
    journal.finish(sequence, None, Some(action.name()));
    let wiring = Wiring {
        action: &action,
        request: &request,
        reset,
    };
    let outcome = match wiring.before().await {
        Some(outcome) => outcome,
        None => wiring.after(shared.service.handle(request.clone()).await),
    };
    match outcome {
        Outcome::Send(response) => {
            journal.finish(sequence, Some(response.status()), Some(action.name()));
            Ok(response)
        }
        Outcome::Drop => Err(Aborted),
    }
}

#[cfg(test)]
mod tests;
