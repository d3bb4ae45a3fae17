//! How credentials are added, renewed once, and given up on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Request, Response};

use super::script::{Script, get, request, status};
use crate::error::ErrorClass;
use crate::http::{
    AuthError, Authenticator, BodyStream, HttpClient, HttpError, Refresh, Retry, Transport,
    TransportError,
};

/// Tokens are numbers; each refresh gives the next one.
#[derive(Debug, Clone, Default)]
struct Tokens {
    current: Arc<AtomicUsize>,
    refreshes: Arc<AtomicUsize>,
    broken: bool,
}

#[async_trait]
impl Authenticator for Tokens {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        let token = HeaderValue::from(self.current.load(Ordering::SeqCst));
        headers.insert("authorization", token);
        Ok(())
    }

    async fn refresh(&self, _refused: &HeaderMap) -> Result<Refresh, AuthError> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        if self.broken {
            return Err(AuthError::new("the token endpoint is down"));
        }
        self.current.fetch_add(1, Ordering::SeqCst);
        Ok(Refresh::Renewed)
    }
}

/// Accepts only the token with this number.
#[derive(Debug, Clone)]
struct Gate {
    accepted: usize,
    asked: Arc<AtomicUsize>,
}

impl Gate {
    fn new(accepted: usize) -> Self {
        Self {
            accepted,
            asked: Arc::default(),
        }
    }
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let accepted = request.headers()["authorization"] == self.accepted.to_string().as_str();
        let body: BodyStream = stream::empty().boxed();
        Ok(Response::builder()
            .status(if accepted { 200 } else { 401 })
            .body(body)
            .unwrap())
    }
}

fn client(gate: &Gate, tokens: &Tokens) -> HttpClient {
    HttpClient::builder("tracker")
        .transport(gate.clone())
        .authenticator(tokens.clone())
        .concurrency(50)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn f13_concurrent_refusals_share_one_refresh() {
    let (gate, tokens) = (Gate::new(1), Tokens::default());
    let client = client(&gate, &tokens);
    let sent = join_all((0..50).map(|_| client.send(get("/a")))).await;
    assert!(sent.into_iter().all(|result| result.is_ok()));
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 1);
    assert_eq!(gate.asked.load(Ordering::SeqCst), 100);
}

#[tokio::test(start_paused = true)]
async fn f13_every_method_is_replayed_after_a_refresh() {
    for method in ["POST", "PATCH", "DELETE"] {
        let (gate, tokens) = (Gate::new(1), Tokens::default());
        let mut request = request(method, "/a");
        request.extensions_mut().insert(Retry::Never);
        assert!(
            client(&gate, &tokens).send(request).await.is_ok(),
            "{method}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn f14_a_second_refusal_is_for_good() {
    let (gate, tokens) = (Gate::new(9), Tokens::default());
    let error = client(&gate, &tokens).send(get("/a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    assert_eq!(gate.asked.load(Ordering::SeqCst), 2);
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn f14_credentials_that_cannot_change_are_refused_at_once() {
    let script = Script::new([status(401)]);
    let client = script.client().build().unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert!(matches!(error, HttpError::Unauthorized { .. }));
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f14_a_403_is_not_about_the_token() {
    let script = Script::new([status(403)]);
    let tokens = Tokens::default();
    let client = script
        .client()
        .authenticator(tokens.clone())
        .build()
        .unwrap();
    let error = client.send(get("/a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert_eq!(script.count(), 1);
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_is_shared_and_tried_again_by_later_calls() {
    let gate = Gate::new(1);
    let tokens = Tokens {
        broken: true,
        ..Tokens::default()
    };
    let client = client(&gate, &tokens);
    let sent = join_all((0..10).map(|_| client.send(get("/a")))).await;
    for result in sent {
        assert!(matches!(result, Err(HttpError::Authorize { .. })));
    }
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 1);
    let _failed = client.send(get("/a")).await;
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_while_it_renews_leaves_the_refresh_to_the_next() {
    let (gate, tokens) = (Gate::new(1), Tokens::default());
    let client = client(&gate, &tokens);
    let hurried = tokio::time::timeout(Duration::from_millis(500), client.send(get("/a")));
    let (hurried, patient) = tokio::join!(hurried, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(get("/b")).await
    });
    assert!(hurried.is_err());
    assert!(patient.is_ok());
    assert_eq!(tokens.refreshes.load(Ordering::SeqCst), 2);
}
