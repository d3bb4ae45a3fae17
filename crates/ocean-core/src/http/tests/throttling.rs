//! Who waits when a throttle says so, and what it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::script::{Script, get, status};
use crate::http::{HttpError, Priority, Throttle};

/// Lets a number of requests go each second.
#[derive(Debug, Clone)]
struct PerSecond {
    most: u32,
    window: Arc<Mutex<(Instant, u32)>>,
    observed: Arc<Mutex<Vec<u16>>>,
}

impl PerSecond {
    fn new(most: u32) -> Self {
        Self {
            most,
            window: Arc::new(Mutex::new((Instant::now(), 0))),
            observed: Arc::default(),
        }
    }
}

impl Throttle for PerSecond {
    fn admit(&self, _: Priority) -> Option<Duration> {
        const SECOND: Duration = Duration::from_secs(1);
        let mut window = self.window.lock().unwrap();
        if window.0.elapsed() >= SECOND {
            *window = (Instant::now(), 0);
        }
        if window.1 == self.most {
            return Some(SECOND - window.0.elapsed());
        }
        window.1 += 1;
        None
    }

    fn observe(&self, status: StatusCode, _: &HeaderMap) {
        self.observed.lock().unwrap().push(status.as_u16());
    }
}

#[tokio::test(start_paused = true)]
async fn requests_go_at_the_pace_of_the_throttle() {
    let script = Script::new([status(200)]);
    let client = script.client().throttle(PerSecond::new(2)).build().unwrap();
    let started = Instant::now();
    let sent = join_all((0..6).map(|_| client.send(get("/a")))).await;
    assert!(sent.iter().all(Result::is_ok));
    let seconds: Vec<_> = script
        .seen()
        .iter()
        .map(|seen| (seen.at - started).as_secs())
        .collect();
    assert_eq!(seconds, [0, 0, 1, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_counts_and_sees_every_attempt() {
    let script = Script::new([status(503), status(429), status(404)]);
    let throttle = PerSecond::new(100);
    let client = script.client().throttle(throttle.clone()).build().unwrap();
    assert!(client.send(get("/a")).await.is_err());
    assert_eq!(*throttle.observed.lock().unwrap(), [503, 429, 404]);
    assert_eq!(throttle.window.lock().unwrap().1, 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_limit_fails_the_call_before_it_is_sent() {
    let script = Script::new([status(200)]);
    let client = script
        .client()
        .throttle(PerSecond::new(0))
        .max_pause(Duration::from_millis(500))
        .build()
        .unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::PausedTooLong { .. }), "{error}");
    assert_eq!(script.count(), 0);
}
