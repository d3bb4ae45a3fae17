//! Who gets an answer while many connections are open and slow.

use std::collections::VecDeque;
use std::time::Instant;

use super::hanging::Hanging;
use super::*;

#[tokio::test]
async fn f70_a_head_that_comes_byte_by_byte_is_cut_off() {
    let options = ServerOptions::new().header_timeout(Duration::from_millis(100));
    let bench = Bench::start(options).await;
    let (reading, mut writing) = bench.connect().await.into_split();
    let mut sending = JoinSet::new();
    sending.spawn(async move {
        for byte in b"POST /integration/webhook HTTP/1.1\r\nX-Slow: "
            .iter()
            .cycle()
        {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let begun = Instant::now();

    let answered = read_to_end(reading).await;

    assert!(answered.status() == 0 && begun.elapsed() < Duration::from_secs(2));
    assert_eq!(bench.get("/health/live").await.status(), 200);
}

#[tokio::test]
async fn f70_a_body_that_stalls_is_answered_408_and_cut_off() {
    let options = ServerOptions::new().body_timeout(Duration::from_millis(50));
    let bench = Bench::start(options).await;
    let head = "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{";

    let answered = bench.exchange(head).await;

    assert_eq!(answered.status(), 408);
    assert_eq!(answered.header("connection"), Some("close"));
}

#[tokio::test]
async fn f70_a_connection_may_be_idle_longer_than_a_head_may_take() {
    let options = ServerOptions::new()
        .header_timeout(Duration::from_millis(20))
        .idle_timeout(Duration::from_millis(600));
    let bench = Bench::start(options).await;
    let lasting = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut stream = bench.connect().await;
    let begun = Instant::now();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(lasting.as_bytes()).await.unwrap();
    }

    let answered = read_to_end(stream).await;

    assert_eq!(answered.responses(), 2, "{}", answered.text);
    let lasted = begun.elapsed();
    assert!(
        lasted > Duration::from_millis(600) && lasted < Duration::from_secs(5),
        "{lasted:?}"
    );
}

#[tokio::test]
async fn f70_ten_thousand_idle_connections_leave_health_answering() {
    let bench = Bench::start(ServerOptions::new().max_connections(64)).await;
    // Far more than the server holds. The ends of those that it closed long ago are dropped, so
    // that the test needs no ten thousand file descriptors.
    let mut crowd = VecDeque::new();
    for wave in 0..20 {
        for _ in 0..500 {
            crowd.push_back(bench.connect().await);
            if crowd.len() > 500 {
                crowd.pop_front();
            }
        }
        let begun = Instant::now();
        assert_eq!(bench.get("/health/live").await.status(), 200, "wave {wave}");
        assert_eq!(bench.post("", "{}").await.status(), 200, "wave {wave}");
        assert!(begun.elapsed() < Duration::from_secs(2), "wave {wave}");
    }
}

#[tokio::test]
async fn f70_connections_whose_bodies_stall_give_way_to_health() {
    let bench = Bench::start(ServerOptions::new().max_connections(8)).await;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        let mut stream = bench.connect().await;
        let head = "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        crowd.push(stream);
    }

    assert_eq!(bench.get("/health/live").await.status(), 200);
    assert_eq!(bench.post("", "{}").await.status(), 200);
}

#[tokio::test]
async fn a_queue_that_hangs_leaves_health_answering_and_events_are_asked_for_again() {
    let options = ServerOptions::new()
        .max_connections(8)
        .answer_timeout(Duration::from_millis(300));
    let queue = Arc::new(Hanging::default());
    let bench = Bench::with_queue(Scripted::new().at("/webhook"), queue, options).await;
    let mut crowd = JoinSet::new();
    for _ in 0..20 {
        let mut stream = bench.connect().await;
        stream.write_all(&event("", "{}")).await.unwrap();
        crowd.spawn(read_to_end(stream));
    }
    let begun = Instant::now();

    assert_eq!(bench.get("/health/live").await.status(), 200);

    assert!(
        begun.elapsed() < Duration::from_millis(250),
        "{:?}",
        begun.elapsed()
    );
    let answered = crowd.join_all().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody waits on");
    let refused = answered.iter().filter(|one| one.status() == 503).count();
    assert!(refused >= 6, "{answered:?}");
    assert!(answered.iter().all(|one| matches!(one.status(), 0 | 503)));
}
