//! Which requests reach something, and which tricks do not.

use super::*;

async fn status(bench: &Bench, request: &str) -> u16 {
    bench.exchange(request).await.status()
}

#[tokio::test]
async fn only_post_reaches_a_webhook_and_only_get_reaches_health() {
    let bench = Bench::start(ServerOptions::new()).await;
    for (method, path, expected) in [
        ("GET", "/integration/webhook", 405),
        ("HEAD", "/integration/webhook", 405),
        ("PUT", "/integration/webhook", 405),
        ("OPTIONS", "/integration/webhook", 405),
        ("BREW", "/integration/webhook", 405),
        ("POST", "/health/live", 405),
        ("GET", "/resync", 405),
        ("GET", "/health/live", 200),
        ("POST", "/integration/other", 404),
        ("POST", "/integration", 404),
        ("POST", "/", 404),
        ("GET", "/health", 404),
        ("GET", "/isHealthy", 404),
        ("BREW", "/anything", 404),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(status(&bench, &request).await, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_answered_as_in_the_original() {
    let bench = Bench::start(ServerOptions::new()).await;

    let missing = bench.get("/nothing").await;
    assert_eq!(missing.body(), r#"{"detail":"Not Found"}"#);
    let wrong = bench.get("/integration/webhook").await;
    assert_eq!(wrong.body(), r#"{"detail":"Method Not Allowed"}"#);
    assert_eq!(wrong.header("allow"), Some("POST"));
}

#[tokio::test]
async fn f71_no_spelling_of_a_path_reaches_another_one() {
    let bench = Bench::start(ServerOptions::new().path_prefix("/ocean")).await;
    for path in [
        "/ocean/integration/../health/live",
        "/ocean/integration/..%2fhealth/live",
        "/ocean/integration/%2e%2e/health/live",
        "/ocean/integration/webhook/../../health/live",
        "/ocean/integration/..;/health/live",
        "/ocean/integration//webhook",
        "//ocean/integration/webhook",
        "/ocean/integration/webhook/",
        "/ocean/integration/webhook%00",
        "/ocean/integration/web%68ook",
        "/OCEAN/integration/webhook",
        "/integration/webhook",
        "/ocean/integration/webhook/resync",
        "/ocean/integration/resync",
        "/ocean/resync",
        "*",
    ] {
        for method in ["GET", "POST"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: a\r\nX-Secret: s3cret\r\n\
                 Connection: close\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            let status = status(&bench, &request).await;
            assert!(matches!(status, 400 | 404), "{method} {path}: {status}");
        }
    }
    assert_eq!(bench.counts(), QueueCounts::default());
    assert_eq!(bench.host.resyncs.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn f71_a_query_is_no_part_of_the_path() {
    let bench = Bench::start(ServerOptions::new()).await;
    let request = "POST /integration/webhook?user=/resync HTTP/1.1\r\nHost: a\r\n\
                   Connection: close\r\nContent-Length: 2\r\n\r\n{}";

    assert_eq!(status(&bench, request).await, 200);
}

#[tokio::test]
async fn f71_an_overlong_url_or_head_is_refused() {
    let bench = Bench::start(ServerOptions::new()).await;
    let long = "a".repeat(64 << 10);
    for request in [
        format!("POST /integration/webhook/{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("POST /integration/webhook HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n\r\n"),
        format!(
            "POST /integration/webhook HTTP/1.1\r\nHost: a\r\n{}\r\n",
            "X-Many: a\r\n".repeat(1000)
        ),
    ] {
        let status = status(&bench, &request).await;
        assert!(matches!(status, 400 | 414 | 431), "{status}");
    }
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn f71_what_is_hidden_behind_an_ambiguous_length_is_never_read() {
    let bench = Bench::start(ServerOptions::new()).await;
    let hidden = "POST /resync HTTP/1.1\r\nHost: a\r\nX-Secret: s3cret\r\n\r\n";
    let chunked = "2\r\n{}\r\n0\r\n\r\n";
    let length = chunked.len() + hidden.len();
    for lengths in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
    ] {
        let request = format!(
            "POST /integration/webhook HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n{chunked}{hidden}"
        );
        let answered = bench.exchange(&request).await;
        assert_eq!(answered.responses(), 1, "{}", answered.text);
        assert_eq!(answered.header("connection"), Some("close"));
    }
    for lengths in [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: +2",
        "Content-Length: 2, 2",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ] {
        let request =
            format!("POST /integration/webhook HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n{{}}");
        assert_eq!(status(&bench, &request).await, 400, "{lengths}");
    }
    assert_eq!(bench.host.resyncs.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn f71_what_is_not_http_is_refused() {
    let bench = Bench::start(ServerOptions::new()).await;
    for request in [
        "\0\0\0\0\r\n\r\n",
        "POST\r\n\r\n",
        "POST /integration/webhook HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /integration/webhook HTTP/1.1\r\nno colon\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
    ] {
        let answered = bench.exchange(request).await;
        assert!(
            matches!(answered.status(), 0 | 400),
            "{request:?}: {}",
            answered.text
        );
    }
    assert_eq!(bench.get("/health/live").await.status(), 200);
    assert_eq!(bench.counts(), QueueCounts::default());
}

#[tokio::test]
async fn metrics_are_read_with_and_without_a_slash_at_the_end() {
    let bench = Bench::start(ServerOptions::new().path_prefix("/ocean")).await;
    for path in ["/ocean/metrics", "/ocean/metrics/"] {
        let page = bench.get(path).await;
        assert_eq!((page.status(), page.body()), (200, "# EOF\n"), "{path}");
        let kind = page.header("content-type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"));
    }
    assert_eq!(bench.get("/metrics").await.status(), 404);
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own_and_the_seconds_it_took() {
    let bench = Bench::start(ServerOptions::new()).await;
    let mut ids = std::collections::BTreeSet::new();
    let asked = [
        "/health/live",
        "/health/ready",
        "/metrics",
        "/resync",
        "/nothing",
        "/nothing",
    ];
    for path in asked {
        let answer = bench.get(path).await;
        let id: uuid::Uuid = answer.header("x-request-id").unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 4);
        ids.insert(id);
        let (whole, decimals) = answer
            .header("x-process-time")
            .unwrap()
            .split_once('.')
            .unwrap();
        assert!(
            whole.parse::<u32>().is_ok() && decimals.len() == 5,
            "{whole}.{decimals}"
        );
    }
    assert_eq!(ids.len(), asked.len());
}
