//! Who sends live events, and how long do they wait for the answer? Connections that each send one
//! event after another, as fast as they are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;

/// Connections that send at the same time.
const CONNECTIONS: usize = 64;
/// How large the body of an event is, in bytes.
const BODY: usize = 2048;
const PATH: &str = "/integration/webhook";

/// An issue that changed.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) id: u64,
    pub(crate) key: String,
}

/// What came of sending.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) wall: Duration,
    /// How long each answer took, the shortest first.
    answers: Vec<Duration>,
}

impl Sent {
    pub(crate) fn per_second(&self) -> f64 {
        self.answers.len() as f64 / self.wall.as_secs_f64()
    }

    /// The answer than which this share was not slower, in milliseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let place = (self.answers.len() as f64 * share) as usize;
        let answer = self
            .answers
            .get(place.min(self.answers.len().saturating_sub(1)));
        answer.copied().unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// Sends one event about each of these issues, in order, and counts it as sent once the answer is
/// 200.
pub(crate) async fn send(addr: &str, issues: Vec<Changed>) -> Result<Sent> {
    let issues: Arc<[Changed]> = issues.into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        connections.spawn(send_in_turn(
            addr.to_owned(),
            Arc::clone(&issues),
            Arc::clone(&next),
        ));
    }
    let mut answers = Vec::with_capacity(issues.len());
    while let Some(sent) = connections.join_next().await {
        answers.extend(sent??);
    }
    let wall = began.elapsed();
    answers.sort_unstable();
    Ok(Sent { wall, answers })
}

async fn send_in_turn(
    addr: String,
    issues: Arc<[Changed]>,
    next: Arc<AtomicUsize>,
) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(&addr).await?;
    stream.set_nodelay(true)?;
    let mut answers = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(issue) = issues.get(number) else {
            return Ok(answers);
        };
        let request = request(&addr, number, issue);
        let began = Instant::now();
        stream.write_all(&request).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        if status != 200 {
            return Err(format!("an event was answered {status}").into());
        }
        answers.push(began.elapsed());
    }
}

fn request(addr: &str, number: usize, issue: &Changed) -> Vec<u8> {
    let Changed { id, key } = issue;
    let mut body = json!({
        "timestamp": 0, "webhookEvent": "jira:issue_updated", "number": number,
        "issue": {"id": id.to_string(), "key": key, "fields": {"description": ""}},
    });
    let missing = BODY.saturating_sub(body.to_string().len());
    body["issue"]["fields"]["description"] = "x".repeat(missing).into();
    let body = body.to_string();
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: {addr}\r\nContent-Type: application/json\r\n\
         X-Atlassian-Webhook-Identifier: bench-{}-{number}\r\nContent-Length: {}\r\n\r\n{body}",
        std::process::id(),
        body.len()
    )
    .into_bytes()
}

/// Reads one answer with a `Content-Length`, and returns its status.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u16> {
    let mut read = 0;
    loop {
        let free = buffer.get_mut(read..).ok_or("the answer is too large")?;
        let count = stream.read(free).await?;
        if count == 0 {
            return Err("the connection was closed".into());
        }
        read += count;
        let text = std::str::from_utf8(buffer.get(..read).unwrap_or_default())?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>())
        });
        let length = length.ok_or("the answer has no length")??;
        if body.len() >= length {
            let status = head.split(' ').nth(1).ok_or("the answer has no status")?;
            return Ok(status.parse()?);
        }
    }
}
