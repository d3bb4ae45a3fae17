//! Who goes first when many wait for the same thing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, sleep, timeout};

use super::script::{Script, Step, get, status, with_header};
use crate::http::{HttpClient, Priority, Throttle};

const SECOND: Duration = Duration::from_secs(1);

/// Ten resync pages at once, and a live event that comes a moment later.
async fn pages_and_an_event(client: &HttpClient) {
    let pages = join_all((0..10).map(|_| client.send(get("/page"))));
    let event = Priority::Urgent.scope(async {
        sleep(SECOND / 2).await;
        client.send(get("/event")).await
    });
    let (pages, event) = tokio::join!(pages, event);
    assert!(event.is_ok() && pages.iter().all(Result::is_ok));
}

fn position_of_the_event(script: &Script) -> usize {
    let mut paths = script.seen().into_iter().map(|seen| seen.path);
    paths.position(|path| path == "/event").unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_urgent_call_overtakes_all_that_queue_for_a_slot() {
    let script = Script::new([Step::Slow(SECOND)]);
    let client = script.client().concurrency(1).build().unwrap();
    pages_and_an_event(&client).await;
    assert_eq!(position_of_the_event(&script), 1);
}

#[tokio::test(start_paused = true)]
async fn an_urgent_call_is_the_first_after_a_pause() {
    let script = Script::new([with_header(429, "retry-after", "7"), status(200)]);
    let client = script.client().concurrency(1).build().unwrap();
    let started = Instant::now();
    pages_and_an_event(&client).await;
    assert_eq!(position_of_the_event(&script), 1);
    let event = script.seen().swap_remove(1);
    assert_eq!((event.at - started).as_secs(), 7, "not inside the pause");
}

/// Lets a number of requests go for each minute.
#[derive(Debug)]
struct PerMinute(Mutex<(Instant, u32)>);

impl Throttle for PerMinute {
    fn admit(&self, _: Priority) -> Option<Duration> {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut window = self.0.lock().unwrap();
        if window.0.elapsed() >= MINUTE {
            *window = (Instant::now(), 3);
        }
        if window.1 == 0 {
            return Some(MINUTE - window.0.elapsed());
        }
        window.1 -= 1;
        None
    }

    fn observe(&self, _: StatusCode, _: &HeaderMap) {}
}

#[tokio::test(start_paused = true)]
async fn an_urgent_call_is_the_first_of_a_new_window() {
    let script = Script::new([status(200)]);
    let throttle = PerMinute(Mutex::new((Instant::now(), 3)));
    let client = script.client().throttle(throttle).build().unwrap();
    pages_and_an_event(&client).await;
    assert_eq!(position_of_the_event(&script), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_may_say_itself_how_urgent_it_is() {
    let script = Script::new([Step::Slow(SECOND)]);
    let client = script.client().concurrency(1).build().unwrap();
    let mut event = get("/event");
    event.extensions_mut().insert(Priority::Urgent);
    let pages = join_all((0..10).map(|_| client.send(get("/page"))));
    let (pages, event) = tokio::join!(pages, client.send(event));
    assert!(event.is_ok() && pages.iter().all(Result::is_ok));
    assert_eq!(position_of_the_event(&script), 1);
}

#[tokio::test(start_paused = true)]
async fn an_urgent_call_that_gives_up_holds_nobody_back() {
    let script = Script::new([Step::Slow(SECOND)]);
    let client = script.client().concurrency(1).build().unwrap();
    let event = async {
        sleep(SECOND / 4).await;
        let event = Priority::Urgent.scope(client.send(get("/event")));
        timeout(SECOND / 4, event).await
    };
    let pages = join_all((0..3).map(|_| client.send(get("/page"))));
    let (pages, event) = tokio::join!(pages, event);
    assert!(event.is_err() && pages.iter().all(Result::is_ok));
    assert_eq!(script.count(), 3, "the event was not sent");
}

#[tokio::test(start_paused = true)]
async fn an_urgent_call_to_a_paused_host_does_not_hold_back_another_host() {
    let script = Script::new([with_header(429, "retry-after", "60"), status(200)]);
    let client = script.client().build().unwrap();
    let event = Priority::Urgent.scope(client.send(get("/event")));
    let page = async {
        sleep(SECOND).await;
        let mut other = get("/page");
        *other.uri_mut() = "https://other.example/page".parse().unwrap();
        let result = client.send(other).await;
        (result, Instant::now())
    };
    let started = Instant::now();
    let (event, (page, finished)) = tokio::join!(event, page);
    assert!(event.is_ok() && page.is_ok());
    assert_eq!((finished - started).as_secs(), 1);
}

/// Refuses every other request and says to wait, as a server does that many workers overrun.
#[tokio::test(start_paused = true)]
async fn f03_a_storm_of_refusals_delays_everything_and_loses_nothing() {
    let pause = with_header(429, "retry-after", "2");
    let storm = (0..40).flat_map(|_| [pause.clone(), status(200)]);
    let script = Script::new(storm);
    let client = Arc::new(script.client().build().unwrap());
    let sent = join_all((0..100).map(|_| client.send(get("/page")))).await;
    assert!(sent.iter().all(Result::is_ok));
    let times: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
    assert_eq!(times.len(), 140);
    for refused in (0..80).step_by(2) {
        let waited = times[refused + 1] - times[refused];
        assert!(waited >= 2 * SECOND, "{waited:?} after refusal {refused}");
    }
}
