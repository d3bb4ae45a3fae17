//! What becomes of an event before it waits.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Notify;

use super::scripted::Scripted;
use super::{Answer, Ingest};
use crate::live::{EventQueue as _, MemoryQueue, QueueOptions};
use crate::webhook::{ErasedProcessor, Unauthenticated};

struct Bench {
    ingest: Ingest,
    queue: Arc<MemoryQueue>,
    arrived: Arc<Notify>,
}

impl Bench {
    fn new(processors: &[ErasedProcessor]) -> Self {
        Self::with_queue(processors, QueueOptions::new())
    }

    fn with_queue(processors: &[ErasedProcessor], options: QueueOptions) -> Self {
        let queue = Arc::new(MemoryQueue::new(options));
        let arrived = Arc::new(Notify::new());
        let shared = Arc::clone(&queue) as _;
        Self {
            ingest: Ingest::new(processors, shared, Arc::clone(&arrived)),
            queue,
            arrived,
        }
    }

    async fn receive(&self, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.ingest.receive("/webhook", headers, body).await
    }

    fn pending(&self) -> u64 {
        self.queue.counts().pending
    }
}

fn refusing() -> Scripted {
    Scripted {
        authenticate: |_| Err(Unauthenticated("no signature".to_owned())),
        ..Scripted::new()
    }
}

#[tokio::test]
async fn an_accepted_event_waits_as_it_came_and_wakes_the_dispatcher() {
    let bench = Bench::new(&[Scripted::new().at("/webhook")]);

    let answer = bench
        .receive(
            &[
                ("x-delivery", "d-1"),
                ("authorization", "Bearer canary"),
                ("x-hub-signature", "sha256=canary"),
            ],
            r#"{"key" : "A-1"}"#,
        )
        .await;

    assert_eq!(answer, Answer::Accepted(1));
    assert!(bench.arrived.notified().now_or_never().is_some());
    let waiting = bench.queue.load(0, 10, 1000).await.unwrap();
    let event = &waiting[0].event;
    assert_eq!(event.path, "/webhook");
    assert_eq!(event.body, r#"{"key" : "A-1"}"#.as_bytes());
    assert_eq!(event.delivery_id.as_deref(), Some("d-1"));
    assert_eq!(event.headers, [("x-delivery".to_owned(), "d-1".to_owned())]);
}

#[tokio::test]
async fn f64_a_repeated_delivery_is_answered_but_not_queued() {
    let bench = Bench::new(&[Scripted::new().at("/webhook")]);
    let first = bench.receive(&[("x-delivery", "d-1")], "{}").await;
    let again = bench.receive(&[("x-delivery", "d-1")], "{}").await;
    let other = bench.receive(&[("x-delivery", "d-2")], "{}").await;

    assert_eq!(first, Answer::Accepted(1));
    assert_eq!(again, Answer::Duplicate);
    assert!(matches!(other, Answer::Accepted(_)));
    let counts = bench.queue.counts();
    assert_eq!((counts.accepted, counts.duplicates), (2, 1));
}

#[tokio::test]
async fn an_event_that_no_processor_trusts_is_refused() {
    let bench = Bench::new(&[refusing().at("/webhook"), refusing().at("/webhook")]);

    assert_eq!(bench.receive(&[], "{}").await, Answer::Unauthenticated);
    assert_eq!(bench.queue.counts(), Default::default());
}

#[tokio::test]
async fn f66_a_processor_that_trusts_everybody_opens_no_door_to_one_that_does_not() {
    let unconcerned = || Scripted {
        accepts: |_| false,
        ..Scripted::new()
    };
    // The event would wait and be given to the one that refuses it.
    for trusting in [Scripted::new(), unconcerned()] {
        let bench = Bench::new(&[trusting.at("/webhook"), refusing().at("/webhook")]);
        assert_eq!(bench.receive(&[], "{}").await, Answer::Unauthenticated);
        assert_eq!(bench.pending(), 0);
    }
    let refusing_and_unconcerned = Scripted {
        accepts: |_| false,
        ..refusing()
    };
    let bench = Bench::new(&[
        Scripted::new().at("/webhook"),
        refusing_and_unconcerned.at("/webhook"),
    ]);
    assert_eq!(bench.receive(&[], "{}").await, Answer::Accepted(1));
}

#[tokio::test]
async fn an_event_that_concerns_nobody_counts_as_accepted_and_filtered() {
    let bench = Bench::new(&[Scripted {
        accepts: |event| event.text("event") == Some("wanted"),
        ..Scripted::new()
    }
    .at("/webhook")]);

    let unwanted = bench.receive(&[], r#"{"event": "other"}"#).await;
    let wanted = bench.receive(&[], r#"{"event": "wanted"}"#).await;

    assert_eq!(unwanted, Answer::Filtered);
    assert!(matches!(wanted, Answer::Accepted(_)));
    let counts = bench.queue.counts();
    assert_eq!(
        (counts.accepted, counts.filtered, counts.pending),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn a_panic_of_a_processor_is_its_own_error() {
    let panicking: [Scripted; 3] = [
        Scripted {
            authenticate: |_| panic!("author's bug"),
            ..Scripted::new()
        },
        Scripted {
            accepts: |_| panic!("author's bug"),
            ..Scripted::new()
        },
        Scripted {
            delivery_id: |_| panic!("author's bug"),
            ..Scripted::new()
        },
    ];
    let mut processors: Vec<_> = panicking
        .into_iter()
        .map(|processor| processor.at("/webhook"))
        .collect();

    let alone: Vec<_> = processors
        .iter()
        .map(|processor| Bench::new(std::slice::from_ref(processor)))
        .collect();
    assert_eq!(alone[0].receive(&[], "{}").await, Answer::Unauthenticated);
    assert_eq!(alone[1].receive(&[], "{}").await, Answer::Filtered);
    assert_eq!(alone[2].receive(&[], "{}").await, Answer::Accepted(1));

    // Who cannot vouch does not; the others are asked all the same.
    processors.push(Scripted::new().at("/webhook"));
    assert_eq!(
        Bench::new(&processors).receive(&[], "{}").await,
        Answer::Unauthenticated
    );
    processors.remove(0);
    let bench = Bench::new(&processors);
    let answer = bench.receive(&[("x-delivery", "d-1")], "{}").await;
    assert_eq!(answer, Answer::Accepted(1));
    let waiting = bench.queue.load(0, 10, 1000).await.unwrap();
    assert_eq!(waiting[0].event.delivery_id.as_deref(), Some("d-1"));
}

#[tokio::test]
async fn f69_only_a_json_object_is_an_event() {
    let bench = Bench::new(&[Scripted::new().at("/webhook")]);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        " ",
        "{",
        "{}}",
        "null",
        "1",
        "\"text\"",
        "[{}]",
        "\u{feff}{}",
        "\0",
        "{\"a\":\"\0\"}",
        "{\"a\":NaN}",
        "{\"a\":1e400}",
        "{\"a\":\"\\ud800\"}",
        &deep,
    ] {
        let answer = bench.receive(&[], body).await;
        assert!(
            matches!(answer, Answer::Malformed(_)),
            "{body:?}: {answer:?}"
        );
    }
    assert_eq!(bench.queue.counts(), Default::default());

    let shallow = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for body in ["{}", " {\"a\":1}\n", &shallow] {
        let answer = bench.receive(&[], body).await;
        assert!(
            matches!(answer, Answer::Accepted(_)),
            "{body:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_malformed_body_is_told_apart_before_it_is_authenticated() {
    let bench = Bench::new(&[refusing().at("/webhook")]);

    assert!(matches!(
        bench.receive(&[], "[]").await,
        Answer::Malformed(_)
    ));
}

#[tokio::test]
async fn without_a_consumer_events_are_filtered_instead_of_piling_up() {
    let Bench { ingest, queue, .. } = Bench::new(&[Scripted::new().at("/webhook")]);
    let ingest = ingest.without_consumer("no base URL");

    for _ in 0..3 {
        let answer = ingest
            .receive("/webhook", HeaderMap::new(), Bytes::from_static(b"{}"))
            .await;
        assert_eq!(answer, Answer::Filtered);
    }
    let counts = queue.counts();
    assert_eq!(
        (counts.accepted, counts.filtered, counts.pending),
        (3, 3, 0)
    );
}

#[tokio::test]
async fn an_event_that_is_not_durable_is_refused() {
    let full = Bench::with_queue(
        &[Scripted::new().at("/webhook")],
        QueueOptions::new().max_events(1),
    );
    assert_eq!(full.receive(&[], "{}").await, Answer::Accepted(1));
    assert!(full.arrived.notified().now_or_never().is_some());

    let refused = full.receive(&[], "{}").await;

    assert!(matches!(refused, Answer::Unavailable(_)), "{refused:?}");
    assert!(full.arrived.notified().now_or_never().is_none());
}

#[tokio::test]
async fn after_stop_every_event_is_refused() {
    let bench = Bench::new(&[Scripted::new().at("/webhook")]);
    bench.ingest.stop();

    assert_eq!(
        bench.receive(&[], "{}").await,
        Answer::Unavailable("stopping".to_owned())
    );
    assert_eq!(bench.pending(), 0);
}

#[tokio::test]
async fn a_path_without_processors_is_unknown() {
    let bench = Bench::new(&[Scripted::new().at("/other")]);

    assert_eq!(bench.receive(&[], "{}").await, Answer::UnknownPath);
}
