//! What happens to requests when one end goes away.

use std::time::Instant;

use super::hanging::Hanging;
use super::*;

#[tokio::test]
async fn f73_a_sender_that_goes_away_in_the_middle_of_a_body_leaves_no_event() {
    let bench = Bench::start(ServerOptions::new()).await;
    let whole = event("", r#"{"a": 1}"#);
    let open =
        "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for cut in [
        &whole[..whole.len() - 1],
        format!("{open}2\r\n{{}}\r\n").as_bytes(),
    ] {
        let mut stream = bench.connect().await;
        stream.write_all(cut).await.unwrap();
        stream.shutdown().await.unwrap();
        let answered = read_to_end(stream).await;
        assert!(matches!(answered.status(), 0 | 400), "{}", answered.text);
    }
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn f73_a_sender_that_goes_away_before_the_answer_leaves_at_most_one_event() {
    let queue = Arc::new(Hanging::default());
    let options = ServerOptions::new()
        .max_connections(4)
        .answer_timeout(PATIENCE);
    let shared = Arc::clone(&queue) as _;
    let bench = Bench::with_queue(Scripted::new().at("/webhook"), shared, options).await;

    // Three may wait for the queue at a time: each that went away makes place for another one.
    for sent in 1..=12 {
        let mut stream = bench.connect().await;
        stream.write_all(&event("", "{}")).await.unwrap();
        eventually("the event reaches the queue", || queue.pushes() == sent).await;
        drop(stream);
    }
}

#[tokio::test]
async fn when_the_server_stops_idle_connections_end_and_requests_under_way_finish() {
    let mut bench = Bench::start(ServerOptions::new()).await;
    let idle = bench.connect().await;
    let mut busy = bench.connect().await;
    let request = event("", "{}");
    busy.write_all(&request[..request.len() - 1]).await.unwrap();
    // The server has taken both connections and the head of the request once it answers this.
    assert_eq!(bench.get("/health/live").await.status(), 200);

    bench.stop.cancel();
    read_to_end(idle).await;
    eventually("the server listens no more", || {
        std::net::TcpStream::connect(bench.addr).is_err()
    })
    .await;
    busy.write_all(&request[request.len() - 1..]).await.unwrap();
    let answered = read_to_end(busy).await;

    assert_eq!(answered.status(), 200);
    assert_eq!(bench.counts().pending, 1);
    let ended = timeout(PATIENCE, bench.serving.join_next()).await;
    assert!(ended.is_ok(), "the server goes on");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off_when_the_time_to_stop_is_over() {
    let options = ServerOptions::new().drain_timeout(Duration::from_millis(50));
    let mut bench = Bench::start(options).await;
    let mut busy = bench.connect().await;
    let request = event("", "{}");
    busy.write_all(&request[..request.len() - 1]).await.unwrap();
    assert_eq!(bench.get("/health/live").await.status(), 200);
    let begun = Instant::now();

    bench.stop.cancel();
    let ended = timeout(PATIENCE, bench.serving.join_next()).await;

    assert!(ended.is_ok() && begun.elapsed() < Duration::from_secs(5));
    assert_eq!(read_to_end(busy).await.status(), 0);
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn a_server_that_is_dropped_closes_its_connections() {
    let bench = Bench::start(ServerOptions::new()).await;
    let stream = bench.connect().await;
    assert_eq!(bench.get("/health/live").await.status(), 200);

    drop(bench.serving);

    read_to_end(stream).await;
}
