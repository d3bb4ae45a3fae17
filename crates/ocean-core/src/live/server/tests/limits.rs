//! How much one request may bring, and how long it may take.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;

const LIMIT: usize = 100_000;

fn small() -> ServerOptions {
    ServerOptions::new().body_limit(LIMIT)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A JSON object of this many bytes.
fn object(size: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8))
}

#[tokio::test]
async fn f67_a_body_of_the_limit_is_taken_and_a_larger_one_is_not() {
    let bench = Bench::start(small()).await;

    assert_eq!(bench.post("", object(LIMIT)).await.status(), 200);
    assert_eq!(bench.post("", object(LIMIT + 1)).await.status(), 413);
    assert_eq!(bench.counts().pending, 1);
}

#[tokio::test]
async fn f67_a_body_that_is_announced_too_large_is_refused_before_it_comes() {
    let bench = Bench::start(small()).await;
    let head =
        "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n";

    let answered = bench.exchange(head).await;

    assert_eq!(answered.status(), 413);
    assert_eq!(answered.header("connection"), Some("close"));
}

#[tokio::test]
async fn f67_an_endless_chunked_body_is_cut_at_the_limit() {
    let bench = Bench::start(small()).await;
    let (mut reading, mut writing) = bench.connect().await.into_split();
    let head =
        "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    writing.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let mut sending = JoinSet::new();
    sending.spawn(async move { while writing.write_all(chunk.as_bytes()).await.is_ok() {} });

    let answered = read_to_end(&mut reading).await;

    assert_eq!(answered.status(), 413);
    let ended = timeout(PATIENCE, sending.join_next()).await;
    assert!(ended.is_ok(), "the server reads on for ever");
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn f67_a_body_longer_than_announced_is_no_part_of_the_event() {
    let bench = Bench::start(small()).await;
    let head = "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}{}{}";

    let answered = bench.exchange(head).await;

    let statuses: Vec<_> = answered
        .text
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|response| response.split(' ').next())
        .collect();
    assert_eq!(statuses, ["200", "400"]);
    assert_eq!(bench.counts().pending, 1);
}

#[tokio::test]
async fn f67_a_body_shorter_than_announced_is_given_up_after_a_while() {
    let bench = Bench::start(small().body_timeout(Duration::from_millis(50))).await;
    let head = "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{}";

    let answered = bench.exchange(head).await;

    assert_eq!(answered.status(), 408);
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn f67_large_bodies_together_hold_no_more_than_their_budget() {
    let bench = Bench::start(small().buffered_limit(102 << 10)).await;
    let mut holding = Vec::new();
    let mut taken = 0;
    for _ in 0..10 {
        let mut stream = bench.connect().await;
        let request = event("", object(LIMIT));
        stream
            .write_all(&request[..request.len() - 1])
            .await
            .unwrap();
        let mut first = [0; 12];
        // A request that holds its share waits for its last byte; one without is answered.
        match timeout(Duration::from_millis(200), stream.read_exact(&mut first)).await {
            Ok(read) => {
                read.unwrap();
                assert_eq!(&first, b"HTTP/1.1 503");
            }
            Err(_) => taken += 1,
        }
        holding.push(stream);
    }
    // Beyond the first 64 KiB, each needs 34 KiB of the 102.
    assert_eq!(taken, 3);

    let usual = bench.post("", object(2048)).await;
    assert_eq!(usual.status(), 200, "a usual event needs no share");

    drop(holding);
    let mut last = 0;
    for _ in 0..100 {
        last = bench.post("", object(LIMIT)).await.status();
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(last, 200, "what was held is given back");
}

#[tokio::test]
async fn f68_a_compressed_body_is_limited_by_what_it_unfolds_to() {
    let bench = Bench::start(small()).await;
    let gzipped = "Content-Encoding: gzip\r\n";

    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < LIMIT);
    assert_eq!(bench.post(gzipped, bomb).await.status(), 413);
    assert_eq!(bench.counts(), QueueCounts::default());

    let fits = gzip(object(LIMIT).as_bytes());
    assert_eq!(bench.post(gzipped, fits).await.status(), 200);
}

#[tokio::test]
async fn a_compressed_event_waits_as_it_was_before() {
    let bench = Bench::start(small()).await;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{\"a\": 1}").unwrap();
    let deflated = encoder.finish().unwrap();

    let answered = bench.post("Content-Encoding: deflate\r\n", deflated).await;

    assert_eq!(answered.status(), 200);
    let waiting = bench.queue.load(0, 10, 1000).await.unwrap();
    let event = &waiting[0].event;
    assert_eq!(event.body, &b"{\"a\": 1}"[..]);
    assert!(
        !event
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("content-"))
    );
}

#[tokio::test]
async fn a_body_that_is_compressed_in_an_unknown_way_or_damaged_is_refused() {
    let bench = Bench::start(small()).await;
    let cut = &gzip(b"{\"a\": 1}")[..20];

    assert_eq!(
        bench.post("Content-Encoding: br\r\n", "{}").await.status(),
        415
    );
    assert_eq!(
        bench
            .post("Content-Encoding: gzip\r\n", "{}")
            .await
            .status(),
        400
    );
    assert_eq!(
        bench.post("Content-Encoding: gzip\r\n", cut).await.status(),
        400
    );
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn a_sender_that_is_refused_can_finish_sending_and_see_why() {
    let bench = Bench::start(small()).await;
    for _ in 0..5 {
        let mut stream = bench.connect().await;
        // More than the buffers of both ends hold. Most clients look for an answer only after
        // they sent everything, and a reset would end that with an error.
        let sent = stream.write_all(&event("", vec![b' '; 8 << 20])).await;
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!(read_to_end(stream).await.status(), 413);
    }
}
