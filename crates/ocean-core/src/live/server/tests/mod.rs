//! The server over real sockets, with clients that misbehave. Rows of the fault matrix bear their
//! number in the name.

mod crowd;
mod events;
mod hanging;
mod limits;
mod paths;
mod stopping;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Health, HealthCheck, ResyncAnswer, ServerHost, ServerOptions, WebhookServer};
use crate::live::ingest::Ingest;
use crate::live::ingest::scripted::Scripted;
use crate::live::{EventQueue, MemoryQueue, QueueCounts, QueueOptions};
use crate::webhook::ErasedProcessor;

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server and what is behind it.
struct Bench {
    addr: SocketAddr,
    ingest: Arc<Ingest>,
    queue: Arc<dyn EventQueue>,
    host: Arc<Host>,
    stop: CancellationToken,
    serving: JoinSet<()>,
}

/// A process that is live, ready when its queue takes events, and counts requests for resyncs.
struct Host {
    resyncs: AtomicUsize,
}

impl ServerHost for Host {
    fn health(&self, check: HealthCheck) -> Health {
        Health::new(check == HealthCheck::Live).detail("core_version", "0.48.12")
    }

    fn metrics(&self) -> Option<String> {
        Some("# EOF\n".to_owned())
    }

    fn request_resync(&self, headers: &HeaderMap) -> ResyncAnswer {
        if headers
            .get("x-secret")
            .is_none_or(|secret| secret != "s3cret")
        {
            return ResyncAnswer::Unauthenticated;
        }
        self.resyncs.fetch_add(1, Ordering::Relaxed);
        ResyncAnswer::Requested
    }
}

impl Bench {
    async fn start(options: ServerOptions) -> Self {
        Self::with_processor(Scripted::new().at("/webhook"), options).await
    }

    async fn with_processor(processor: ErasedProcessor, options: ServerOptions) -> Self {
        let queue = Arc::new(MemoryQueue::new(QueueOptions::new()));
        Self::with_queue(processor, queue, options).await
    }

    async fn with_queue(
        processor: ErasedProcessor,
        queue: Arc<dyn EventQueue>,
        options: ServerOptions,
    ) -> Self {
        let ingest = Arc::new(Ingest::new(
            &[processor],
            Arc::clone(&queue),
            Arc::new(Notify::new()),
        ));
        let host = Arc::new(Host {
            resyncs: AtomicUsize::new(0),
        });
        let server = WebhookServer::bind(
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            Arc::clone(&ingest),
            Arc::clone(&host) as _,
            options,
        )
        .await
        .unwrap();
        let (addr, stop) = (server.local_addr(), CancellationToken::new());
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(stop.clone()));
        Self {
            addr,
            ingest,
            queue,
            host,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends these bytes over a connection of their own and reads until the server closes it.
    async fn exchange(&self, request: impl AsRef<[u8]>) -> Answered {
        let mut stream = self.connect().await;
        // A server that closes early may reset what is still being sent.
        drop(stream.write_all(request.as_ref()).await);
        read_to_end(stream).await
    }

    /// Sends an event over a connection of its own.
    async fn post(&self, headers: &str, body: impl AsRef<[u8]>) -> Answered {
        self.exchange(event(headers, body)).await
    }

    async fn get(&self, path: &str) -> Answered {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        self.exchange(request).await
    }

    fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }
}

/// A request with an event, after which the connection is closed. `headers` end in a line break
/// each.
fn event(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// All that the server sent over a connection.
#[derive(Debug)]
struct Answered {
    text: String,
}

impl Answered {
    /// The status of the first response; 0 when there is none.
    fn status(&self) -> u16 {
        self.text
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0)
    }

    fn responses(&self) -> usize {
        self.text.matches("HTTP/1.1 ").count()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }
}

/// Reads until the server closes the connection, as it must.
async fn read_to_end(mut stream: impl tokio::io::AsyncRead + Unpin) -> Answered {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(read)) => bytes.extend_from_slice(&chunk[..read]),
            Err(_) => panic!("the server did not close the connection"),
        }
    }
    Answered {
        text: String::from_utf8(bytes).unwrap(),
    }
}

/// Waits until something is so.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = timeout(PATIENCE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}
