//! The same promises over sockets: what a real connection does when it is cut, held or poisoned.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::Request as HttpRequest;
use ocean_testkit::{Action, Request, Response, Rule, Server, Service};
use serde_json::json;

use crate::error::{ErrorClass, error_chain};
use crate::http::{
    Deadline, Deadlines, HttpClient, HttpClientBuilder, HttpError, Proxies, RetryPolicy,
};

/// Large enough to arrive in pieces.
const ITEMS: usize = 5000;

struct Page;

impl Service for Page {
    async fn handle(&self, request: Request) -> Response {
        let values: Vec<_> = (0..ITEMS).map(|id| json!({ "id": id })).collect();
        Response::json(&json!({ "path": request.path(), "values": values }))
    }
}

async fn server() -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), Page)
        .await
        .unwrap()
}

/// Deadlines and delays in milliseconds where production has seconds.
fn fast() -> HttpClientBuilder {
    let ms = Duration::from_millis;
    HttpClient::builder("tracker")
        .retry(RetryPolicy::default().delays(ms(1), ms(20)))
        .deadlines(
            Deadlines::default()
                .connect(ms(500))
                .first_byte(ms(300))
                .idle(ms(300))
                .total(ms(1200)),
        )
}

fn get(server: &Server, path: &str) -> HttpRequest<Bytes> {
    HttpRequest::get(format!("{}{path}", server.url()))
        .body(Bytes::new())
        .unwrap()
}

/// One fault of this kind, then the truth: the caller sees only the truth.
async fn is_survived(action: Action) {
    let name = action.name();
    let server = server().await;
    server.faults().add(Rule::new(action).times(1));
    let client = fast().build().unwrap();
    let page: serde_json::Value = client.send_json(get(&server, "/a")).await.unwrap();
    assert_eq!(page["values"].as_array().unwrap().len(), ITEMS, "{name}");
    assert_eq!(server.faults().fired(), 1, "{name}");
    assert_eq!(server.journal().len(), 2, "{name}");
    server.stop().await;
}

#[tokio::test]
async fn f05_a_reset_before_the_headers_is_survived() {
    is_survived(Action::Reset).await;
}

#[tokio::test]
async fn f05_a_reset_after_the_headers_is_survived() {
    is_survived(Action::ResetAfterHeaders).await;
}

#[tokio::test]
async fn f05_a_reset_in_the_middle_of_the_body_is_survived() {
    is_survived(Action::ResetMidBody).await;
}

#[tokio::test]
async fn f06_a_body_shorter_than_announced_is_survived() {
    is_survived(Action::CutContentLength).await;
}

#[tokio::test]
async fn f06_a_chunked_body_without_its_end_is_survived() {
    is_survived(Action::CutChunked).await;
}

#[tokio::test]
async fn f07_garbage_in_place_of_json_is_survived() {
    is_survived(Action::Body {
        content_type: "text/html".to_owned(),
        text: "<html>login</html>".to_owned(),
    })
    .await;
}

#[tokio::test]
async fn f09_a_hang_after_accept_is_survived() {
    is_survived(Action::Hang).await;
}

#[tokio::test]
async fn f09_a_hang_after_the_headers_is_survived() {
    is_survived(Action::HangAfterHeaders).await;
}

#[tokio::test]
async fn f09_a_server_that_always_hangs_ends_within_the_total_deadline() {
    let server = server().await;
    server.faults().add(Rule::new(Action::Hang));
    let client = fast().build().unwrap();
    let started = Instant::now();
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_millis(2000));
    server.stop().await;
}

#[tokio::test]
async fn f10_slow_drip_ends_at_the_total_deadline() {
    let server = server().await;
    server.faults().add(Rule::new(Action::Drip {
        bytes: 1,
        every_ms: 50,
    }));
    let client = fast().build().unwrap();
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    let HttpError::Timeout { deadline, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*deadline, Deadline::Total);
    server.stop().await;
}

#[tokio::test]
async fn f26_a_compressed_bomb_is_refused_before_it_unfolds() {
    let server = server().await;
    server
        .faults()
        .add(Rule::new(Action::GzipBomb { megabytes: 64 }));
    let client = fast().max_body_bytes(1 << 20).build().unwrap();
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { .. }), "{error}");
    server.stop().await;
}

#[tokio::test]
async fn f27_a_redirect_to_another_host_is_refused_and_never_asked() {
    let (server, other) = (server().await, server().await);
    server.faults().add(Rule::new(Action::Redirect {
        location: format!("{}/b", other.url()),
        code: 302,
    }));
    let client = fast().build().unwrap();
    let mut request = get(&server, "/a");
    request
        .headers_mut()
        .insert("authorization", "Bearer abcdefgh".parse().unwrap());
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, HttpError::Redirect { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(
        error_chain(&error).contains(&other.url()),
        "{}",
        error_chain(&error)
    );
    assert!(other.journal().is_empty());
    assert_eq!(server.journal().len(), 1, "it is not tried again");
    server.stop().await;
}

#[tokio::test]
async fn f27_a_redirect_loop_ends() {
    let server = server().await;
    server.faults().add(Rule::new(Action::Redirect {
        location: "/a".to_owned(),
        code: 302,
    }));
    let client = fast().build().unwrap();
    let error = client.send(get(&server, "/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::Redirect { .. }), "{error}");
    assert_eq!(server.journal().len(), 6);
    server.stop().await;
}

#[tokio::test]
async fn f27_a_redirect_within_the_host_is_followed_unless_forbidden() {
    let server = server().await;
    server.faults().add(
        Rule::new(Action::Redirect {
            location: "/b".to_owned(),
            code: 302,
        })
        .path("/a"),
    );
    let page: serde_json::Value = fast()
        .build()
        .unwrap()
        .send_json(get(&server, "/a"))
        .await
        .unwrap();
    assert_eq!(page["path"], "/b");
    let strict = fast().follow_redirects(false).build().unwrap();
    let response = strict.send(get(&server, "/a")).await.unwrap();
    assert_eq!(response.status(), 302);
    server.stop().await;
}

#[tokio::test]
async fn nobody_listening_is_a_connection_error_that_may_pass() {
    let server = server().await;
    let request = get(&server, "/a");
    server.stop().await;
    let client = fast().retry(RetryPolicy::none()).build().unwrap();
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Retryable);
}

#[tokio::test]
async fn f11_tls_trouble_is_named() {
    let server = server().await;
    let client = fast().retry(RetryPolicy::none()).build().unwrap();
    let mut request = get(&server, "/a");
    *request.uri_mut() = format!("https://{}/a", server.addr()).parse().unwrap();
    let error = client.send(request).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error}");
    server.stop().await;
}

#[tokio::test]
async fn the_body_can_be_streamed() {
    let server = server().await;
    let client = fast().build().unwrap();
    let streamed: Vec<Bytes> = client
        .send_streaming(get(&server, "/a"))
        .try_collect()
        .await
        .unwrap();
    let whole = client.send(get(&server, "/a")).await.unwrap();
    assert_eq!(streamed.concat(), whole.body().to_vec());
    server.stop().await;
}

#[tokio::test]
async fn requests_go_through_the_proxy_except_for_hosts_named() {
    let (server, proxy) = (server().await, server().await);
    let proxies = |except: &str| {
        let except = except.to_owned();
        let url = proxy.url();
        Proxies::from_env(move |name| match name {
            "HTTP_PROXY" => Some(url.clone()),
            "NO_PROXY" => Some(except.clone()),
            _ => None,
        })
    };
    let proxied = fast().proxies(proxies("")).build().unwrap();
    proxied.send(get(&server, "/a")).await.unwrap();
    assert_eq!((proxy.journal().len(), server.journal().len()), (1, 0));
    let direct = fast().proxies(proxies("127.0.0.1")).build().unwrap();
    direct.send(get(&server, "/a")).await.unwrap();
    assert_eq!((proxy.journal().len(), server.journal().len()), (1, 1));
    server.stop().await;
}

#[tokio::test]
async fn f54_a_proxy_that_is_not_there_is_told_without_its_password() {
    let server = server().await;
    let proxy = format!("http://user:hunter2@{}", server.addr());
    server.stop().await;
    for url in ["http://site.example/a", "https://site.example/a"] {
        let proxies = Proxies::from_env(|name| (name == "ALL_PROXY").then(|| proxy.clone()));
        let client = fast().retry(RetryPolicy::none()).proxies(proxies);
        let client = client.build().unwrap();
        let request = HttpRequest::get(url).body(Bytes::new()).unwrap();
        let error = client.send(request).await.unwrap_err();
        let told = format!("{client:?} {error:?} {}", error_chain(&error));
        assert!(told.contains("site.example"), "{told}");
        for secret in ["hunter2", "dXNlcjpodW50ZXIy"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[tokio::test]
async fn headers_of_the_client_yield_to_those_of_the_request() {
    let server = server().await;
    let client = fast().user_agent("ours/1").build().unwrap();
    client.send(get(&server, "/a")).await.unwrap();
    let mut request = get(&server, "/b");
    request
        .headers_mut()
        .insert("user-agent", "theirs/2".parse().unwrap());
    client.send(request).await.unwrap();
    let agents: Vec<_> = server
        .journal()
        .requests()
        .iter()
        .map(|entry| entry.header("user-agent").unwrap().to_owned())
        .collect();
    assert_eq!(agents, ["ours/1", "theirs/2"]);
    server.stop().await;
}

#[test]
fn an_unusable_setting_is_refused_when_the_client_is_made() {
    let refused = |builder: HttpClientBuilder| builder.build().unwrap_err().to_string();
    let expected = "the settings of the tracker client are not usable";
    assert_eq!(refused(fast().user_agent("line\nbreak")), expected);
    assert_eq!(
        refused(fast().ca_pem("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----")),
        expected
    );
}

#[tokio::test]
async fn a_bearer_token_is_sent_and_hidden_from_errors() {
    let server = server().await;
    let client = fast().bearer_token("s3cret-t0ken").build().unwrap();
    client.get(&format!("{}/a", server.url())).await.unwrap();
    let sent = server.journal().requests();
    assert_eq!(sent[0].header("authorization"), Some("Bearer s3cret-t0ken"));

    let echo = Action::Status {
        code: 400,
        headers: Default::default(),
        body: json!("the key s3cret-t0ken is not welcome"),
    };
    server.faults().add(Rule::new(echo));
    let error = client.get(&format!("{}/a", server.url())).await;
    let text = error_chain(&error.unwrap_err());
    assert!(
        text.contains("[REDACTED]") && !text.contains("s3cret"),
        "{text}"
    );
}

#[tokio::test]
async fn a_secret_is_sent_in_the_header_that_the_system_wants_and_hidden() {
    let server = server().await;
    let echo = Action::Status {
        code: 400,
        headers: Default::default(),
        body: json!("the key s3cret-k3y is not welcome"),
    };
    server.faults().add(Rule::new(echo));
    let journal = server.journal();
    journal.keep_headers(["x-api-key", "authorization"]);
    let client = fast().secret_header("X-Api-Key", "key=", "s3cret-k3y");
    let client = client.build().unwrap();
    let error = client.get(&format!("{}/a", server.url())).await;
    let sent = server.journal().requests();
    assert_eq!(sent[0].header("x-api-key"), Some("key=s3cret-k3y"));
    assert_eq!(sent[0].header("authorization"), None);
    let text = error_chain(&error.unwrap_err());
    let is_hidden = text.contains("[REDACTED]") && !text.contains("s3cret");
    assert!(is_hidden, "{text}");
    let error = fast().secret_header("no name", "", "x").build();
    assert!(matches!(error, Err(HttpError::Setup { .. })), "{error:?}");
}

#[tokio::test]
async fn what_is_no_url_and_what_is_no_token_are_errors() {
    let error = fast().build().unwrap().get("not a url").await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent, "{error}");
    let error = fast().bearer_token("line\nbreak").build().unwrap_err();
    assert!(matches!(error, HttpError::Setup { .. }), "{error}");
    assert!(!format!("{error:?}").contains("break"), "{error:?}");
}
