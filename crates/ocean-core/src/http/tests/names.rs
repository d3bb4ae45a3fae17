//! Where a name leads: what happens when it does not exist, when it moves, and when it leads into
//! the network that the process stands in.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ocean_testkit::{Action, Request, Response, Rule, Server, Service};
use serde_json::json;

use crate::error::{ErrorClass, error_chain};
use crate::http::{HttpClient, HttpClientBuilder, HttpError, Proxies, Resolver, RetryPolicy};

/// What a name leads to at one look-up.
#[derive(Debug, Clone)]
enum Look {
    At(Vec<IpAddr>),
    Unknown,
    Trouble,
}

/// Answers look-ups in order; the last answer stays.
#[derive(Debug, Clone)]
struct Script(Arc<Mutex<(VecDeque<Look>, usize)>>);

impl Script {
    fn new(looks: impl IntoIterator<Item = Look>) -> Self {
        Self(Arc::new(Mutex::new((looks.into_iter().collect(), 0))))
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[async_trait]
impl Resolver for Script {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (looks, asked) = &mut *script;
        *asked += 1;
        let look = if looks.len() > 1 {
            looks.pop_front()
        } else {
            looks.front().cloned()
        };
        match look {
            Some(Look::At(addresses)) => Ok(addresses),
            Some(Look::Unknown) | None => {
                Err(io::Error::new(io::ErrorKind::NotFound, "no such name"))
            }
            Some(Look::Trouble) => Err(io::Error::other("the name server does not answer")),
        }
    }
}

struct Echo;

impl Service for Echo {
    async fn handle(&self, request: Request) -> Response {
        Response::json(&json!({ "host": request.header("host") }))
    }
}

async fn server_at(addr: SocketAddr) -> Server {
    Server::start(addr, Echo).await.unwrap()
}

async fn server() -> Server {
    server_at((Ipv4Addr::LOCALHOST, 0).into()).await
}

fn client(script: &Script) -> HttpClientBuilder {
    let ms = Duration::from_millis;
    HttpClient::builder("tracker")
        .retry(RetryPolicy::default().delays(ms(1), ms(5)))
        .resolver(script.clone())
}

fn at(address: &str) -> Look {
    Look::At(vec![address.parse().unwrap()])
}

async fn ask(client: HttpClientBuilder, url: &str) -> Result<String, HttpError> {
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    let answer: serde_json::Value = client.build()?.send_json(request).await?;
    Ok(answer["host"].as_str().unwrap_or_default().to_owned())
}

/// The call fails for good, and nobody was asked.
async fn is_refused(client: HttpClientBuilder, url: &str, reason: &str) {
    let error = ask(client, url).await.unwrap_err();
    let told = error_chain(&error).to_string();
    assert!(matches!(error, HttpError::Connect { .. }), "{told}");
    assert_eq!(error.class(), ErrorClass::Permanent, "{told}");
    assert!(told.contains(reason), "{told}");
}

#[tokio::test]
async fn f12_a_name_that_does_not_exist_fails_at_once() {
    let script = Script::new([Look::Unknown]);
    is_refused(client(&script), "http://nowhere.example/a", "no such name").await;
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn f12_a_resolver_in_trouble_is_asked_again() {
    let server = server().await;
    let script = Script::new([Look::Trouble, Look::Trouble, at("127.0.0.1")]);
    let url = format!("http://site.example:{}/a", server.addr().port());
    let host = ask(client(&script), &url).await.unwrap();
    assert_eq!(host, format!("site.example:{}", server.addr().port()));
    assert_eq!(script.asked(), 3);
    server.stop().await;
}

#[tokio::test]
async fn f12_a_name_that_moves_is_followed() {
    let old = server().await;
    let port = old.addr().port();
    let new = server_at((Ipv4Addr::new(127, 0, 0, 2), port).into()).await;
    let script = Script::new([at("127.0.0.1"), at("127.0.0.2")]);
    let client = client(&script).build().unwrap();
    let request = || {
        let url = format!("http://site.example:{port}/a");
        http::Request::get(url).body(Bytes::new()).unwrap()
    };
    client.send(request()).await.unwrap();
    assert_eq!((old.journal().len(), new.journal().len()), (1, 0));
    old.stop().await;
    client.send(request()).await.unwrap();
    assert_eq!(new.journal().len(), 1);
    new.stop().await;
}

#[tokio::test]
async fn f28_a_name_in_a_private_network_is_not_asked_unless_allowed() {
    let server = server().await;
    let url = format!("http://site.example:{}/a", server.addr().port());
    for address in ["127.0.0.1", "::ffff:127.0.0.1"] {
        let script = Script::new([at(address)]);
        let only = client(&script).public_hosts_only(true);
        is_refused(only, &url, "is not public").await;
        assert_eq!(script.asked(), 1, "it is not tried again");
    }
    assert!(server.journal().is_empty());
    let allowed = client(&Script::new([at("127.0.0.1")]));
    assert!(ask(allowed, &url).await.is_ok());
    server.stop().await;
}

#[tokio::test]
async fn f28_a_host_that_is_written_as_an_address_is_checked_too() {
    let server = server().await;
    let port = server.addr().port();
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "2130706433",
        "0x7f.1",
        "169.254.169.254",
    ] {
        let only = client(&Script::new([Look::Unknown])).public_hosts_only(true);
        is_refused(only, &format!("http://{host}:{port}/a"), "is not public").await;
    }
    assert!(server.journal().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn f28_a_trusted_host_is_asked_wherever_it_is() {
    let server = server().await;
    let url = format!("http://acme.atlassian.net:{}/a", server.addr().port());
    let only = client(&Script::new([at("127.0.0.1")])).public_hosts_only(true);
    assert!(ask(only, &url).await.is_ok());
    server.stop().await;
}

/// Between a check and a connection of its own look-up a name could change; here both are one.
#[tokio::test]
async fn f28_the_address_that_was_checked_is_the_one_that_is_used() {
    let server = server().await;
    let script = Script::new([at("203.0.113.1"), at("127.0.0.1")]);
    let ms = Duration::from_millis;
    let only = client(&script)
        .public_hosts_only(true)
        .deadlines(
            crate::http::Deadlines::default()
                .connect(ms(50))
                .total(ms(400)),
        )
        .retry(RetryPolicy::none());
    let url = format!("http://site.example:{}/a", server.addr().port());
    ask(only, &url).await.unwrap_err();
    assert_eq!(script.asked(), 1);
    assert!(server.journal().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn f28_a_redirect_to_a_private_address_is_not_followed() {
    let (server, inside) = (server().await, server().await);
    for (target, only) in [
        (format!("{}/latest/meta-data", inside.url()), false),
        ("http://169.254.169.254/latest/meta-data".to_owned(), false),
        (format!("{}/latest/meta-data", inside.url()), true),
    ] {
        server.faults().add(
            Rule::new(Action::Redirect {
                location: target.clone(),
                code: 302,
            })
            .times(1),
        );
        let client = client(&Script::new([at("127.0.0.1")])).public_hosts_only(only);
        let url = format!("http://acme.atlassian.net:{}/a", server.addr().port());
        let error = ask(client, &url).await.unwrap_err();
        assert!(
            matches!(error, HttpError::Redirect { .. }),
            "{target}: {error}"
        );
    }
    assert!(inside.journal().is_empty());
    server.stop().await;
    inside.stop().await;
}

/// The proxy looks the host up itself, so it is looked up here as well before the proxy is asked;
/// the proxy is the operator's own and may be anywhere.
#[tokio::test]
async fn f28_a_proxy_in_a_private_network_is_asked_for_public_hosts_only() {
    let proxy = server().await;
    let proxied = |script: &Script| {
        let url = format!("http://proxy.corp:{}", proxy.addr().port());
        let proxies = Proxies::from_env(move |name| (name == "HTTP_PROXY").then(|| url.clone()));
        client(script).public_hosts_only(true).proxies(proxies)
    };
    let public = Script::new([at("203.0.113.1"), at("127.0.0.1")]);
    assert!(ask(proxied(&public), "http://site.example/a").await.is_ok());
    assert_eq!(proxy.journal().len(), 1);
    let private = Script::new([at("10.0.0.1"), at("127.0.0.1")]);
    is_refused(proxied(&private), "http://site.example/a", "is not public").await;
    is_refused(proxied(&private), "http://10.0.0.1/a", "is not public").await;
    assert_eq!(proxy.journal().len(), 1);
    proxy.stop().await;
}
