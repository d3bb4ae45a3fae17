//! Who waits when the server asks for it, and for how long.

use std::time::{Duration, SystemTime};

use futures::future::join_all;
use tokio::time::Instant;

use super::script::{Script, Step, get, status, with_header};
use crate::error::ErrorClass;
use crate::http::{HttpClient, HttpError, RetryPolicy};

async fn send_many(client: &HttpClient, count: usize) {
    let sent = join_all((0..count).map(|_| client.send(get("/a")))).await;
    assert!(sent.into_iter().all(|result| result.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn f03_no_request_is_sent_inside_an_announced_pause() {
    let script = Script::new([with_header(429, "retry-after", "7"), status(200)]);
    let client = script.client().concurrency(1).build().unwrap();
    let started = Instant::now();
    send_many(&client, 20).await;
    let seen = script.seen();
    assert_eq!(seen.len(), 21);
    for request in &seen[1..] {
        let waited = request.at - started;
        assert!(waited >= Duration::from_secs(7), "{waited:?}");
        assert!(waited < Duration::from_secs(8), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f34_the_reset_of_a_rate_limit_pauses_everybody_too() {
    let script = Script::new([with_header(503, "x-ratelimit-reset", "200"), status(200)]);
    let client = script.client().build().unwrap();
    let started = Instant::now();
    assert!(client.send(get("/a")).await.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(200));
}

#[tokio::test(start_paused = true)]
async fn f04_an_exhausted_window_pauses_before_the_first_refusal() {
    let exhausted = Step::Answer(
        200,
        vec![
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", "30".to_owned()),
        ],
        "{}",
    );
    let script = Script::new([exhausted, status(200)]);
    let client = script.client().build().unwrap();
    assert!(client.send(get("/a")).await.is_ok());
    let started = Instant::now();
    assert!(client.send(get("/a")).await.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(30));
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_host_is_not_paused() {
    let script = Script::new([with_header(429, "retry-after", "60"), status(200)]);
    let client = script.client().build().unwrap();
    let paused = client.send(get("/a"));
    let mut other = get("/a");
    *other.uri_mut() = "https://other.example/b".parse().unwrap();
    let (first, second) = tokio::join!(paused, client.send(other));
    assert!(first.is_ok() && second.is_ok());
    let hosts: Vec<_> = script.seen().into_iter().map(|seen| seen.host).collect();
    assert_eq!(
        hosts,
        ["tracker.example", "other.example", "tracker.example"]
    );
}

#[tokio::test(start_paused = true)]
async fn f03_a_pause_beyond_the_limit_fails_the_call_with_its_due_time() {
    let script = Script::new([with_header(429, "retry-after", "3600"), status(200)]);
    let client = script.client().build().unwrap();
    let started = Instant::now();
    for _ in 0..3 {
        let error = client.send(get("/a")).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Retryable);
        let HttpError::PausedTooLong { until, .. } = error else {
            panic!("{error}");
        };
        let left = until.duration_since(SystemTime::now()).unwrap();
        assert!(left > Duration::from_secs(890), "{left:?}");
    }
    assert_eq!(script.count(), 1, "the host is left alone");
    assert!(started.elapsed() < Duration::from_secs(1));
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    assert!(client.send(get("/a")).await.is_ok(), "a probe goes out");
}

#[tokio::test(start_paused = true)]
async fn a_sleeping_call_holds_no_slot() {
    let script = Script::new([status(502), status(200)]);
    let policy = RetryPolicy::default().delays(Duration::from_secs(50), Duration::from_secs(50));
    let client = script
        .client()
        .retry(policy)
        .concurrency(1)
        .build()
        .unwrap();
    let started = Instant::now();
    let (sleeping, passing) = tokio::join!(client.send(get("/a")), async {
        let result = client.send(get("/b")).await;
        (result, started.elapsed())
    });
    assert!(sleeping.is_ok());
    let (result, waited) = passing;
    assert!(result.is_ok());
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_requests_are_on_the_wire() {
    let script = Script::new([Step::Slow(Duration::from_secs(1))]);
    let client = script.client().concurrency(4).build().unwrap();
    let started = Instant::now();
    send_many(&client, 12).await;
    assert_eq!(started.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_open_stream_gives_its_slot_back_when_dropped() {
    let script = Script::new([status(200)]);
    let client = script.client().concurrency(1).build().unwrap();
    let open = client.open(get("/a")).await.unwrap();
    let second = client.send(get("/b"));
    let (blocked, result) = tokio::join!(
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(open);
        },
        async {
            let started = Instant::now();
            (second.await, started.elapsed())
        }
    );
    let () = blocked;
    assert!(result.0.is_ok());
    assert_eq!(result.1.as_secs(), 5);
}
