//! How do live events come in over HTTP? Through a [`WebhookServer`].

mod body;
mod budget;
mod encoding;
mod host;
mod options;
mod phase;
mod reply;
mod request;
mod routes;
mod slots;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

pub use self::host::{Health, HealthCheck, ResyncAnswer, ServerHost};
pub use self::options::ServerOptions;
use self::phase::Slot;
use self::request::Endpoint;
use self::slots::Slots;
use self::socket::Socket;
use super::ingest::Ingest;
use super::rarely::Rarely;

/// The largest head of a request. Proxies allow 8 to 16 KiB.
const MAX_HEAD: usize = 32 << 10;

/// How long to wait before the next connection when the system has no more of them.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// How long to wait for a place when every connection is answering.
const CROWDED: Duration = Duration::from_millis(10);

/// An HTTP/1.1 server for webhooks, health, metrics and the request for a resync.
///
/// | route | answered by |
/// |---|---|
/// | `POST {prefix}/integration{path}` | [`Ingest::receive`], for each path with a processor |
/// | `GET {prefix}/health/live`, `GET {prefix}/health/ready` | [`ServerHost::health`] |
/// | `GET {prefix}/metrics`, `GET {prefix}/metrics/` | [`ServerHost::metrics`] |
/// | `POST /resync` | [`ServerHost::request_resync`] |
///
/// # Guarantees
///
/// - Memory and open connections are bounded by [`ServerOptions`], whatever is sent.
/// - A question about health is answered while senders are slow, many or silent: a connection
///   that waits for its sender gives way to a new one.
/// - Every answer has an `X-Request-ID` of its own, and in `X-Process-Time` the seconds it took.
/// - A request whose sender goes away before its end is not queued.
///
/// # Caveats
///
/// There is no TLS and no HTTP/2: a reverse proxy offers both.
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr};
/// use std::sync::Arc;
///
/// use ocean_core::{
///     Health, HealthCheck, Ingest, MemoryQueue, QueueOptions, ServerHost, ServerOptions,
///     WebhookServer,
/// };
/// use tokio::sync::Notify;
/// use tokio_util::sync::CancellationToken;
///
/// struct Process;
///
/// impl ServerHost for Process {
///     fn health(&self, _: HealthCheck) -> Health {
///         Health::new(true).detail("core_version", "0.48.12")
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// // `integration.processors()` in a real process, and a queue that survives it.
/// let queue = Arc::new(MemoryQueue::new(QueueOptions::new()));
/// let ingest = Arc::new(Ingest::new(&[], queue, Arc::new(Notify::new())));
/// let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
/// let options = ServerOptions::new().path_prefix("/ocean");
/// let server = WebhookServer::bind(addr, ingest, Arc::new(Process), options).await?;
/// assert_ne!(server.local_addr().port(), 0);
///
/// let stop = CancellationToken::new();
/// stop.cancel();
/// server.serve(stop).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WebhookServer {
    listener: TcpListener,
    addr: SocketAddr,
    endpoint: Arc<Endpoint>,
}

impl WebhookServer {
    /// Listens at `addr`; port 0 picks a free one. Nothing is answered until
    /// [`serve`](Self::serve) runs.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at.
    pub async fn bind(
        addr: SocketAddr,
        ingest: Arc<Ingest>,
        host: Arc<dyn ServerHost>,
        options: ServerOptions,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        Ok(Self {
            addr: listener.local_addr()?,
            listener,
            endpoint: Arc::new(Endpoint::new(ingest, host, options)),
        })
    }

    /// The address that is listened at.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers requests until `stop` is cancelled, then stops listening, closes what is idle and
    /// lets requests under way finish within the drain timeout.
    ///
    /// To answer 503 for a while before, call [`Ingest::stop`] first.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes every connection.
    pub async fn serve(self, stop: CancellationToken) {
        let Self {
            listener, endpoint, ..
        } = self;
        let mut connections = Connections::new(endpoint, stop.clone());
        let mut sweep = interval(connections.slots.sweep_every());
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = connections.tasks.join_next_with_id() => connections.forget(ended),
                _ = sweep.tick() => connections.slots.sweep(),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => connections.open(stream).await,
                    Err(error) => connections.exhausted(&error).await,
                },
            }
        }
        drop(listener);
        connections.drain().await;
    }
}

/// The open connections and their tasks.
struct Connections {
    endpoint: Arc<Endpoint>,
    http: http1::Builder,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    slots: Slots<tokio::task::Id>,
    failures: Rarely,
}

type Ended = Result<(tokio::task::Id, ()), tokio::task::JoinError>;

impl Connections {
    fn new(endpoint: Arc<Endpoint>, stop: CancellationToken) -> Self {
        let mut http = http1::Builder::new();
        // Deadlines are the business of the slots: the library's own one would close connections
        // that are idle as early as those whose head is slow.
        http.header_read_timeout(None).max_buf_size(MAX_HEAD);
        Self {
            slots: Slots::new(endpoint.options()),
            tasks: JoinSet::new(),
            failures: Rarely::new(),
            endpoint,
            http,
            stop,
        }
    }

    /// Serves a new connection, after another one gave way to it if there are too many.
    async fn open(&mut self, stream: TcpStream) {
        while self.slots.len() >= self.endpoint.options().max_connections {
            self.slots.make_room();
            // Asked again soon, for a connection may begin to wait without ending.
            if let Ok(Some(ended)) = timeout(CROWDED, self.tasks.join_next_with_id()).await {
                self.forget(ended);
            }
        }
        let slot = Arc::new(Slot::new());
        let connection = serve(
            stream,
            Arc::clone(&slot),
            Arc::clone(&self.endpoint),
            self.http.clone(),
            self.stop.clone(),
        );
        let task = self.tasks.spawn(connection);
        self.slots.add(task.id(), slot);
    }

    /// No connection could be accepted, usually for want of file descriptors: one of those that
    /// wait gives its own back.
    async fn exhausted(&self, error: &io::Error) {
        if let Some(suppressed) = self.failures.pass() {
            warn!(%error, suppressed, "cannot accept a connection");
        }
        self.slots.make_room();
        sleep(EXHAUSTED).await;
    }

    fn forget(&mut self, ended: Ended) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(failed) => {
                if failed.is_panic() {
                    error!("a connection's task panicked");
                }
                failed.id()
            }
        };
        self.slots.remove(&id);
    }

    /// Waits until every connection ended; those that take too long are closed by dropping them.
    async fn drain(mut self) {
        let limit = self.endpoint.options().drain_timeout;
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(limit, drained).await.is_err() {
            warn!(
                connections = self.tasks.len(),
                "requests under way were cut off when the server stopped"
            );
        }
    }
}

/// Serves one connection until it ends, is told to stop after its request, or gives way.
async fn serve(
    stream: TcpStream,
    slot: Arc<Slot>,
    endpoint: Arc<Endpoint>,
    http: http1::Builder,
    stop: CancellationToken,
) {
    // Without it, small answers would wait for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "connection lost");
        return;
    }
    let socket = Socket::new(stream, Arc::clone(&slot));
    let service = service_fn(|request| endpoint.reply(request, &slot));
    let mut connection = pin!(http.serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        biased;
        () = slot.evicted() => {}
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                debug!(%error, "connection lost");
            }
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                () = slot.evicted() => {}
                _lost = connection => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
