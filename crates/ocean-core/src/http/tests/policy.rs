//! Which failures are tried again, how often, and what the caller is told in the end.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::Instant;

use super::script::{Script, Step, get, request, status};
use crate::error::{ErrorClass, SourceError, error_chain};
use crate::http::{Deadline, HttpError, Retry, RetryPolicy, TransportErrorKind};

#[tokio::test(start_paused = true)]
async fn f01_a_burst_of_500_is_survived() {
    let script = Script::new([status(500), status(500), status(500), status(200)]);
    let client = script.client().build().unwrap();
    assert!(client.send(get("/a")).await.is_ok());
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn f02_a_lasting_503_ends_after_the_configured_attempts() {
    let script = Script::new([status(503)]);
    let client = script.client().build().unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 503);
    assert_eq!(error.class(), ErrorClass::Retryable);
    assert_eq!(error.call().unwrap().attempts, 11);
    assert_eq!(script.count(), 11);
}

#[tokio::test(start_paused = true)]
async fn f04_backoff_doubles_up_to_its_cap() {
    let script = Script::new([status(503)]);
    let policy = RetryPolicy::default()
        .max_attempts(5)
        .delays(Duration::from_secs(1), Duration::from_secs(3));
    let client = script.client().retry(policy).build().unwrap();
    let _failed = client.send(get("/a")).await;
    let times: Vec<_> = script.seen().iter().map(|seen| seen.at).collect();
    let waits: Vec<_> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis() / 100)
        .collect();
    assert_eq!(waits, [10, 20, 30, 30]);
}

#[tokio::test(start_paused = true)]
async fn f05_a_cut_body_is_never_an_answer() {
    let script = Script::new([Step::Cut("[1,2"), status(200)]);
    let client = script.client().build().unwrap();
    let response = client.send(get("/a")).await.unwrap();
    assert_eq!(response.body(), "{}");

    let script = Script::new([Step::Cut("[1,2]")]);
    let client = script.client().build().unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::Interrupted { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn f07_a_login_page_is_asked_again_and_then_named() {
    let page = Step::Answer(
        200,
        vec![("content-type", "text/html".to_owned())],
        "<html>login</html>",
    );
    let script = Script::new([page]);
    let client = script.client().build().unwrap();
    let error = client
        .send_json::<serde_json::Value>(get("/a"))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("text/html") && text.contains("<html>login"),
        "{text}"
    );
    assert!(text.contains("https://tracker.example/a"), "{text}");
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_type_is_named_by_its_path() {
    #[derive(Debug, serde::Deserialize)]
    struct Page {
        #[expect(dead_code, reason = "only its type matters")]
        values: Vec<u64>,
    }
    let script = Script::new([Step::Answer(200, Vec::new(), r#"{"values":[1,"two"]}"#)]);
    let client = script.client().build().unwrap();
    let error = client.send_json::<Page>(get("/a")).await.unwrap_err();
    assert!(error.to_string().contains("`values[1]`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn f09_a_hanging_server_ends_within_the_total_deadline() {
    let script = Script::new([Step::Hang]);
    let client = script
        .client()
        .retry(RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Timeout {
                deadline: Deadline::FirstByte,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(started.elapsed().as_secs(), 120);
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn f10_slow_drip_ends_at_the_total_deadline() {
    let script = Script::new([Step::Drip(Duration::from_secs(10))]);
    let client = script.client().build().unwrap();
    let started = Instant::now();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Timeout {
                deadline: Deadline::Total,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(started.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn f10_a_streamed_drip_ends_too() {
    let script = Script::new([Step::Drip(Duration::from_secs(10))]);
    let client = script.client().build().unwrap();
    let started = Instant::now();
    let pieces: Vec<_> = client.send_streaming(get("/a")).collect().await;
    assert!(matches!(
        pieces.last(),
        Some(Err(HttpError::Timeout {
            deadline: Deadline::Total,
            ..
        }))
    ));
    assert!(started.elapsed() < Duration::from_secs(140));
}

#[tokio::test(start_paused = true)]
async fn f05_a_streamed_body_that_breaks_off_is_an_error() {
    let script = Script::new([status(503), Step::Cut("[1,2")]);
    let client = script.client().build().unwrap();
    let pieces: Vec<_> = client.send_streaming(get("/a")).collect().await;
    assert!(matches!(
        pieces.as_slice(),
        [Ok(_), Err(HttpError::Interrupted { .. })]
    ));
    assert_eq!(script.count(), 2, "retried until the headers were there");
}

#[tokio::test(start_paused = true)]
async fn f11_a_refused_certificate_is_tried_once() {
    let script = Script::new([Step::Fail(TransportErrorKind::Unreachable)]);
    let client = script.client().build().unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_sent_again_only_when_marked_or_not_executed() {
    let interrupted = || Step::Fail(TransportErrorKind::Interrupted);
    let no_connection = || Step::Fail(TransportErrorKind::Connect);
    for (failure, mark, sent) in [
        (interrupted(), None, 1),
        (interrupted(), Some(Retry::Idempotent), 2),
        (status(502), None, 1),
        (status(429), None, 2),
        (status(429), Some(Retry::Never), 1),
        (no_connection(), None, 2),
        (no_connection(), Some(Retry::Never), 1),
    ] {
        let script = Script::new([failure.clone(), status(200)]);
        let client = script.client().build().unwrap();
        let mut post = request("POST", "/a");
        if let Some(mark) = mark {
            post.extensions_mut().insert(mark);
        }
        let _outcome = client.send(post).await;
        assert_eq!(script.count(), sent, "{failure:?} {mark:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_status_is_returned_when_asked_for() {
    let script = Script::new([status(404)]);
    let client = script.client().build().unwrap();
    let response = client.send_any_status(get("/a")).await.unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn f26_more_than_the_limit_is_refused_while_it_arrives() {
    let script = Script::new([Step::Drip(Duration::ZERO)]);
    let client = script.client().max_body_bytes(1000).build().unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(
        matches!(error, HttpError::TooLarge { limit: 1000, .. }),
        "{error}"
    );

    let client = script.client().max_stream_bytes(1000).build().unwrap();
    let pieces: Vec<_> = client.send_streaming(get("/a")).collect().await;
    assert_eq!(pieces.len(), 1001);
    assert!(matches!(
        pieces.last(),
        Some(Err(HttpError::TooLarge { .. }))
    ));
}

#[tokio::test(start_paused = true)]
async fn f54_an_error_shows_no_secret() {
    let body =
        r#"{"error":"bad","token":"canary-1","echo":"Bearer canary-2-is-long","u":"canary-3"}"#;
    let script = Script::new([Step::Answer(400, Vec::new(), body)]);
    let client = script
        .client()
        .masker(crate::http::Masker::new(["canary-3"]))
        .build()
        .unwrap();
    let uri = "https://me:canary-4@tracker.example/a?access_token=canary-5&q=canary-3";
    let mut with_secrets = get("/a");
    *with_secrets.uri_mut() = uri.parse().unwrap();
    with_secrets
        .headers_mut()
        .insert("authorization", "Basic canary-6".parse().unwrap());
    let error = client.send(with_secrets).await.unwrap_err();
    assert!(error.to_string().contains("400"), "{error}");
    let error = SourceError::from(error);
    for text in [
        format!("{error:?}"),
        error_chain(&error),
        format!("{client:?}"),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
}
