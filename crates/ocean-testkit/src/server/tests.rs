//! Each fault as a client sees it: raw sockets, no HTTP library that could paper over anything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::fault::{Action, FaultPlan, Rule};

/// Answers every request with the same hundred bytes, and counts them.
#[derive(Default)]
struct Echo {
    handled: std::sync::atomic::AtomicUsize,
}

impl Service for Echo {
    async fn handle(&self, request: Request) -> Response {
        self.handled
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if request.path() == "/json" {
            return Response::json(&json!({ "isLast": false }));
        }
        Response::bytes("text/plain", "x".repeat(100))
    }
}

struct Heard {
    text: String,
    error: Option<io::ErrorKind>,
    took: Duration,
}

impl Heard {
    fn head(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(head, _)| head)
    }

    fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }

    fn status(&self) -> &str {
        self.text.get(9..12).unwrap_or("")
    }
}

/// Sends one request and listens until the connection ends, or for `patience`.
async fn ask(server: &Server, method: &str, path: &str, patience: Duration) -> Heard {
    let started = Instant::now();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut error = None;
    let listen = async {
        let mut buffer = [0_u8; 4096];
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => break,
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(failure) => {
                    error = Some(failure.kind());
                    break;
                }
            }
        }
    };
    if tokio::time::timeout(patience, listen).await.is_err() {
        error = Some(io::ErrorKind::TimedOut);
    }
    Heard {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        error,
        took: started.elapsed(),
    }
}

async fn start() -> (Server, Arc<Echo>) {
    let echo = Arc::new(Echo::default());
    let server = Server::start(([127, 0, 0, 1], 0).into(), Arc::clone(&echo))
        .await
        .unwrap();
    (server, echo)
}

/// What a client hears under a fault, and how many requests the service saw.
async fn under(action: Action, path: &str) -> (Heard, usize) {
    let (server, echo) = start().await;
    // Only silence is waited out; everything else ends the connection, however busy the machine.
    let silent = matches!(action, Action::Hang | Action::HangAfterHeaders);
    let patience = if silent {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(10)
    };
    server.faults().add(Rule::new(action));
    let heard = ask(&server, "GET", path, patience).await;
    (
        heard,
        echo.handled.load(std::sync::atomic::Ordering::Relaxed),
    )
}

const RESET: Option<io::ErrorKind> = Some(io::ErrorKind::ConnectionReset);

#[tokio::test]
async fn without_faults_the_answer_is_whole_and_journalled() {
    let (server, _) = start().await;
    let heard = ask(&server, "GET", "/a?b=c", Duration::from_secs(5)).await;
    assert_eq!(
        (heard.status(), heard.body().len(), heard.error),
        ("200", 100, None)
    );
    assert!(
        heard.head().contains("content-length: 100"),
        "{}",
        heard.head()
    );
    let entries = server.journal().requests();
    assert_eq!(
        (entries.len(), entries[0].path(), entries[0].query()),
        (1, "/a", "b=c")
    );
    assert_eq!(entries[0].status, Some(StatusCode::OK));
    assert!(entries[0].ended.is_some());
}

#[tokio::test]
async fn reset_arrives_before_any_byte_and_keeps_the_request_from_the_service() {
    let (heard, handled) = under(Action::Reset, "/").await;
    assert_eq!((heard.text.as_str(), heard.error, handled), ("", RESET, 0));
}

#[tokio::test]
async fn apply_then_reset_has_its_effect() {
    let (heard, handled) = under(Action::ApplyThenReset, "/").await;
    assert_eq!((heard.text.as_str(), heard.error, handled), ("", RESET, 1));
}

#[tokio::test]
async fn reset_after_headers_lets_only_the_headers_through() {
    let (heard, _) = under(Action::ResetAfterHeaders, "/").await;
    assert!(
        heard.head().contains("content-length: 100"),
        "{}",
        heard.text
    );
    assert_eq!((heard.body(), heard.error), ("", RESET));
}

#[tokio::test]
async fn reset_mid_body_lets_half_through() {
    let (heard, _) = under(Action::ResetMidBody, "/").await;
    assert_eq!((heard.body().len(), heard.error), (50, RESET));
}

#[tokio::test]
async fn cut_content_length_announces_all_and_closes_properly_after_half() {
    let (heard, _) = under(Action::CutContentLength, "/").await;
    assert!(
        heard.head().contains("content-length: 100"),
        "{}",
        heard.text
    );
    assert_eq!((heard.body().len(), heard.error), (50, None));
}

#[tokio::test]
async fn cut_chunked_never_sends_the_last_chunk() {
    let (heard, _) = under(Action::CutChunked, "/").await;
    assert!(
        heard.head().contains("transfer-encoding: chunked"),
        "{}",
        heard.text
    );
    assert_eq!(heard.body(), format!("32\r\n{}\r\n", "x".repeat(50)));
    assert_eq!(heard.error, None);
}

#[tokio::test]
async fn hang_keeps_the_connection_open_in_silence() {
    let (heard, handled) = under(Action::Hang, "/").await;
    assert_eq!((heard.text.as_str(), handled), ("", 0));
    assert_eq!(heard.error, Some(io::ErrorKind::TimedOut));
}

#[tokio::test]
async fn hang_after_headers_sends_no_body() {
    let (heard, _) = under(Action::HangAfterHeaders, "/").await;
    assert_eq!((heard.status(), heard.body()), ("200", ""));
    assert_eq!(heard.error, Some(io::ErrorKind::TimedOut));
}

#[tokio::test]
async fn drip_takes_its_time_and_is_whole_in_the_end() {
    let (heard, _) = under(
        Action::Drip {
            bytes: 10,
            every_ms: 10,
        },
        "/",
    )
    .await;
    assert_eq!((heard.body().len(), heard.error), (100, None));
    assert!(heard.took >= Duration::from_millis(100), "{:?}", heard.took);
}

#[tokio::test]
async fn delay_and_latency_add_up() {
    let (server, _) = start().await;
    let rules = vec![Rule::new(Action::Delay { ms: 30 })];
    server.faults().replace(FaultPlan {
        seed: 0,
        latency_ms: 20,
        rules,
    });
    let heard = ask(&server, "GET", "/", Duration::from_secs(5)).await;
    assert_eq!(heard.body().len(), 100);
    assert!(heard.took >= Duration::from_millis(50), "{:?}", heard.took);
}

#[tokio::test]
async fn status_body_and_redirect_replace_the_answer() {
    let plan = |text| serde_json::from_str::<Action>(text).unwrap();
    let (heard, handled) = under(
        plan(r#"{"status":{"code":503,"headers":{"retry-after":"7"},"body":{"ok":false}}}"#),
        "/",
    )
    .await;
    assert_eq!(
        (heard.status(), heard.body(), handled),
        ("503", r#"{"ok":false}"#, 0)
    );
    assert!(heard.head().contains("retry-after: 7"));

    let html = plan(r#"{"body":{"content_type":"text/html","text":"<html>"}}"#);
    let (heard, _) = under(html, "/").await;
    assert_eq!((heard.status(), heard.body()), ("200", "<html>"));

    let (heard, _) = under(plan(r#"{"redirect":{"location":"http://other/"}}"#), "/").await;
    assert_eq!(heard.status(), "302");
    assert!(heard.head().contains("location: http://other/"));
}

#[tokio::test]
async fn rewrite_changes_the_true_answer() {
    let lie = Action::rewrite(|_, mut page| {
        page["isLast"] = Value::Bool(true);
        page
    });
    let (heard, handled) = under(lie, "/json").await;
    assert_eq!((heard.body(), handled), (r#"{"isLast":true}"#, 1));
}

#[tokio::test]
async fn control_requests_are_neither_journalled_nor_disturbed() {
    let (server, _) = start().await;
    server.faults().add(Rule::new(Action::Reset));
    ask(&server, "GET", "/x", Duration::from_secs(5)).await;
    let heard = ask(&server, "GET", "/__twin/journal", Duration::from_secs(5)).await;
    let journal: Value = serde_json::from_str(heard.body()).unwrap();
    assert_eq!(journal["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(journal["requests"][0]["fault"], "reset");
    assert_eq!(journal["requests"][0]["status"], Value::Null);
    let heard = ask(&server, "DELETE", "/__twin/journal", Duration::from_secs(5)).await;
    assert_eq!((heard.status(), server.journal().len()), ("204", 0));
}

#[tokio::test]
async fn the_date_header_follows_the_clock() {
    let (server, _) = start().await;
    server
        .clock()
        .set_offset(jiff::SignedDuration::from_hours(-24 * 365 * 10));
    let heard = ask(&server, "GET", "/", Duration::from_secs(5)).await;
    let year = server.clock().now().strftime("%Y").to_string();
    let date = heard
        .head()
        .lines()
        .find(|line| line.starts_with("date:"))
        .unwrap();
    assert!(date.contains(&year), "{date}");
    assert_eq!(heard.head().matches("date:").count(), 1);
}

#[tokio::test]
async fn stop_ends_a_hanging_connection_and_frees_the_port() {
    let (server, _) = start().await;
    server.faults().add(Rule::new(Action::Hang));
    let addr = server.addr();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        .await
        .unwrap();
    while server.journal().is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_secs(5), server.stop())
        .await
        .unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let (server, _) = start().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0_u8; 1];
    stream.read_exact(&mut first).await.unwrap();
    drop(server);
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection outlived its server");
}
