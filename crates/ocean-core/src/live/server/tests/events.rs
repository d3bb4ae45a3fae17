//! What the endpoint answers to events, and which of them wait afterwards.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;
use crate::webhook::{Unauthenticated, WebhookEvent};

/// The newest secret and the one before it, during a rotation.
const SECRETS: [&[u8]; 2] = [b"newest", b"before"];

const BODY: &str = r#"{"webhookEvent": "jira:issue_updated",  "issue": {"id": "1"}}"#;

fn signed(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .fold("sha256=".to_owned(), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

fn check(event: &WebhookEvent) -> Result<(), Unauthenticated> {
    let refused = |reason: &str| Unauthenticated(reason.to_owned());
    let text = event
        .header("x-hub-signature")
        .ok_or_else(|| refused("no signature"))?;
    let digits = text
        .strip_prefix("sha256=")
        .ok_or_else(|| refused("not SHA-256"))?;
    let given: Vec<u8> = digits
        .as_bytes()
        .chunks(2)
        .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let genuine = SECRETS.iter().any(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(event.body());
        mac.verify_slice(&given).is_ok()
    });
    genuine
        .then_some(())
        .ok_or_else(|| refused("wrong signature"))
}

async fn signing() -> Bench {
    let processor = Scripted {
        authenticate: check,
        ..Scripted::new()
    };
    Bench::with_processor(processor.at("/webhook"), ServerOptions::new()).await
}

#[tokio::test]
async fn an_event_is_answered_when_it_waits() {
    let bench = Bench::start(ServerOptions::new()).await;

    let answered = bench.post("X-Other: 1\r\nCookie: canary\r\n", BODY).await;

    assert_eq!(answered.status(), 200);
    assert_eq!(answered.body(), r#"{"status":"ok"}"#);
    assert_eq!(answered.header("content-type"), Some("application/json"));
    let waiting = bench.queue.load(0, 10, 1 << 20).await.unwrap();
    let event = &waiting[0].event;
    assert_eq!(event.path, "/webhook");
    assert_eq!(event.body, BODY.as_bytes());
    assert!(
        event
            .headers
            .contains(&("x-other".to_owned(), "1".to_owned()))
    );
    assert!(!event.headers.iter().any(|(name, _)| name == "cookie"));
}

#[tokio::test]
async fn a_connection_carries_many_events() {
    let bench = Bench::start(ServerOptions::new()).await;
    let lasting = "POST /integration/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    let requests = [lasting.repeat(9).as_bytes(), &event("", "{}")].concat();

    let answered = bench.exchange(requests).await;

    assert_eq!((answered.responses(), bench.counts().pending), (10, 10));
}

#[tokio::test]
async fn f64_a_repeated_delivery_is_answered_like_the_first() {
    let bench = Bench::start(ServerOptions::new()).await;
    for _ in 0..2 {
        let answered = bench.post("X-Delivery: d-1\r\n", BODY).await;
        assert_eq!(
            (answered.status(), answered.body()),
            (200, r#"{"status":"ok"}"#)
        );
    }

    let counts = bench.counts();
    assert_eq!((counts.pending, counts.duplicates), (1, 1));
}

#[tokio::test]
async fn f66_a_forged_missing_truncated_or_foreign_signature_is_refused() {
    let bench = signing().await;
    let genuine = signed(SECRETS[0], BODY.as_bytes());
    let truncated: String = genuine.chars().take(genuine.len() - 2).collect();
    let respaced: serde_json::Value = serde_json::from_str(BODY).unwrap();

    for forged in [
        String::new(),
        "X-Hub-Signature: \r\n".to_owned(),
        "X-Hub-Signature: sha256=\r\n".to_owned(),
        format!("X-Hub-Signature: {}\r\n", signed(b"guess", BODY.as_bytes())),
        format!("X-Hub-Signature: {truncated}\r\n"),
        format!("X-Hub-Signature: {}\r\n", genuine.replace("sha256", "sha1")),
        format!(
            "X-Hub-Signature: {}\r\n",
            genuine.trim_start_matches("sha256=")
        ),
        format!(
            "X-Hub-Signature: {}\r\n",
            signed(SECRETS[0], respaced.to_string().as_bytes())
        ),
    ] {
        let answered = bench.post(&forged, BODY).await;
        assert_eq!(answered.status(), 401, "{forged}");
        assert!(!answered.text.contains("signature"), "{}", answered.text);
    }
    assert_eq!(bench.counts(), QueueCounts::default());

    for secret in SECRETS {
        let headers = format!("X-Hub-Signature: {}\r\n", signed(secret, BODY.as_bytes()));
        assert_eq!(bench.post(&headers, BODY).await.status(), 200);
    }
    assert_eq!(bench.counts().pending, 2);
}

#[tokio::test]
async fn f69_a_malformed_body_is_answered_400_with_the_reason() {
    let bench = Bench::start(ServerOptions::new()).await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let nested = format!("{{\"a\":{deep}}}");
    for (body, reason) in [
        ("", "empty"),
        ("{", "EOF"),
        ("not json", "expected"),
        ("12", "no object"),
        ("[]", "no object"),
        ("null", "no object"),
        ("{\"a\": \"\0\"}", "control character"),
        ("\u{feff}{}", "expected value"),
        (&nested, "recursion limit"),
    ] {
        let answered = bench.post("", body).await;
        assert_eq!(answered.status(), 400, "{body:?}");
        assert!(
            answered
                .body()
                .starts_with(r#"{"status":"error","message":"#)
        );
        assert!(
            answered.body().contains(reason),
            "{body:?}: {}",
            answered.body()
        );
    }
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn f69_the_content_type_does_not_matter() {
    let bench = Bench::start(ServerOptions::new()).await;
    for headers in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: \u{1}\r\n",
    ] {
        let status = bench.post(headers, "{}").await.status();
        let expected = if headers.contains('\u{1}') { 400 } else { 200 };
        assert_eq!(status, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn legacy_status_restores_what_the_original_answers_to_a_malformed_body() {
    let bench = Bench::start(ServerOptions::new().legacy_status(true)).await;

    let answered = bench.post("", "not json").await;

    assert_eq!(answered.status(), 200);
    assert!(
        answered
            .body()
            .starts_with(r#"{"status":"error","message":"#)
    );
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_is_asked_for_again() {
    let full = Arc::new(MemoryQueue::new(QueueOptions::new().max_events(1)));
    let processor = Scripted::new().at("/webhook");
    let bench = Bench::with_queue(processor, full, ServerOptions::new()).await;
    assert_eq!(bench.post("", "{}").await.status(), 200);

    let answered = bench.post("", "{}").await;

    assert_eq!(answered.status(), 503);
    assert!(answered.header("retry-after").is_some());
    assert!(
        !answered.text.contains("events are"),
        "the operator's reason is not for the sender: {}",
        answered.text
    );
}

#[tokio::test]
async fn while_the_process_stops_events_are_asked_for_again_and_health_answers() {
    let bench = Bench::start(ServerOptions::new()).await;
    bench.ingest.stop();

    let answered = bench.post("", "{}").await;

    assert_eq!(answered.status(), 503);
    assert!(answered.header("retry-after").is_some());
    assert_eq!(bench.get("/health/live").await.status(), 200);
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn health_tells_what_the_host_says() {
    let bench = Bench::start(ServerOptions::new().path_prefix("ocean/")).await;

    let live = bench.get("/ocean/health/live").await;
    assert_eq!(live.status(), 200);
    assert_eq!(
        live.body(),
        r#"{"status":"healthy","check":"live","core_version":"0.48.12"}"#
    );
    let ready = bench.get("/ocean/health/ready").await;
    assert_eq!(ready.status(), 503);
    assert_eq!(
        ready.body(),
        r#"{"status":"not_ready","check":"ready","core_version":"0.48.12"}"#
    );
}

#[tokio::test]
async fn f72_a_resync_is_requested_only_by_whom_the_host_trusts() {
    let bench = Bench::start(ServerOptions::new()).await;
    let request = |headers: &str| {
        format!("POST /resync HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
    };

    for _ in 0..20 {
        assert_eq!(bench.exchange(request("")).await.status(), 401);
    }
    assert_eq!(bench.host.resyncs.load(Ordering::Relaxed), 0);

    let answered = bench.exchange(request("X-Secret: s3cret\r\n")).await;
    assert_eq!((answered.status(), answered.body()), (200, "null"));
    assert_eq!(bench.host.resyncs.load(Ordering::Relaxed), 1);
}
