//! More events come than the catalog can take: each is answered, and the answer is kept.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::live::{
    EventQueue, Health, HealthCheck, Ingest, QueueCounts, QueueHealth, QueueOptions, ServerHost,
    ServerOptions, SqliteQueue, WebhookServer,
};

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often we look at the queue.
const LOOK: Duration = Duration::from_millis(1);

const SENDERS: u64 = 16;
const EVENTS: u64 = 1_600;

struct Host;

impl ServerHost for Host {
    fn health(&self, _: HealthCheck) -> Health {
        Health::new(true)
    }
}

/// The whole way from the socket to a slow catalog, over a file.
struct Flooded {
    world: World,
    queue: Arc<SqliteQueue>,
    addr: SocketAddr,
    serving: JoinSet<()>,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Flooded {
    async fn new(options: QueueOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = Arc::new(SqliteQueue::open(folder.path(), options).await.unwrap());
        let mut world = World::new();
        *world.catalog.upsert_delay.lock().unwrap() = Duration::from_millis(50);
        for id in 0..=EVENTS {
            world.source.put(id, id);
        }
        let live = Arc::get_mut(&mut world.live).expect("nobody else has it yet");
        live.queue = Arc::clone(&queue) as _;
        let ingest = Ingest::new(
            world.live.processors(),
            Arc::clone(&queue) as _,
            Arc::clone(world.live.arrived()),
        );
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (ingest, host) = (Arc::new(ingest), Arc::new(Host));
        let server = WebhookServer::bind(addr, ingest, host, ServerOptions::new()).await;
        let server = server.unwrap();
        let (addr, stop) = (server.local_addr(), CancellationToken::new());
        let mut serving = JoinSet::new();
        serving.spawn(server.serve(stop.clone()));
        world.start();
        Self {
            world,
            queue,
            addr,
            serving,
            stop,
            _folder: folder,
        }
    }

    /// Sends an event about an item that no other event is about, and returns whether it was
    /// accepted.
    async fn post(&self, id: u64) -> bool {
        // Something to fill the bytes with.
        let body = json!({"id": id, "text": "x".repeat(1_000)}).to_string();
        let request = format!(
            "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let exchange = async {
            let mut stream = TcpStream::connect(self.addr).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let answer = timeout(PATIENCE, exchange).await.expect("an answer");
        match answer.split(' ').nth(1) {
            Some("200") => true,
            Some("503") => {
                let head = answer.to_lowercase();
                assert!(head.contains("\r\nretry-after: "), "{answer}");
                false
            }
            _ => panic!("{id} was answered {answer:?}"),
        }
    }

    /// Sends all of them as fast as they are answered, and returns which were accepted.
    async fn flood(&self) -> BTreeSet<u64> {
        let next = AtomicU64::new(0);
        let senders = (0..SENDERS).map(async |_sender| {
            let mut accepted = Vec::new();
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= EVENTS {
                    return accepted;
                }
                if self.post(id).await {
                    accepted.push(id);
                }
            }
        });
        join_all(senders).await.into_iter().flatten().collect()
    }

    /// Holds the queue to its bounds and to its equation until nothing waits.
    async fn watch(&self, options: &QueueOptions, flooding: &CancellationToken) -> QueueCounts {
        loop {
            let counts = self.queue.counts();
            assert!(counts.pending <= options.max_events, "{counts:?}");
            assert!(counts.pending_bytes <= options.max_bytes, "{counts:?}");
            let ended = counts.applied + counts.filtered + counts.dead;
            assert_eq!(counts.accepted, ended + counts.pending, "{counts:?}");
            if flooding.is_cancelled() && counts.pending == 0 {
                return counts;
            }
            sleep(LOOK).await;
        }
    }
}

async fn check(options: QueueOptions) {
    let mut flooded = Flooded::new(options.clone()).await;
    let over = CancellationToken::new();
    let flood = async {
        let accepted = flooded.flood().await;
        over.cancel();
        accepted
    };
    let watch = timeout(PATIENCE, flooded.watch(&options, &over));
    let (mut accepted, counts) = futures::join!(flood, watch);
    let counts = counts.expect("nothing waits for ever");
    let number = accepted.len() as u64;
    assert!(number < EVENTS, "the queue was never full");
    assert!(number > 2 * options.max_events.min(60), "{counts:?}");
    assert_eq!((counts.accepted, counts.applied), (number, number));

    // And it takes events again.
    assert_eq!(flooded.queue.health(), QueueHealth::Durable);
    assert!(flooded.post(EVENTS).await);
    accepted.insert(EVENTS);
    timeout(PATIENCE, flooded.watch(&options, &over))
        .await
        .expect("it is applied");
    let wanted = accepted
        .iter()
        .map(|id| (id.to_string(), format!("version {id}")));
    assert_eq!(flooded.world.titles(), wanted.collect());
    flooded.world.stop().await;
    flooded.stop.cancel();
    flooded.serving.join_next().await;
}

#[tokio::test]
async fn f55_a_flood_is_refused_at_the_bound_of_events_and_what_was_accepted_is_applied() {
    check(QueueOptions::new().reserve_bytes(4_096).max_events(60)).await;
}

#[tokio::test]
async fn f55_a_flood_is_refused_at_the_bound_of_bytes_and_what_was_accepted_is_applied() {
    check(QueueOptions::new().reserve_bytes(4_096).max_bytes(60 << 10)).await;
}
