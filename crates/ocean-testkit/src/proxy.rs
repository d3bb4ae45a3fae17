//! How does a test break a system that it cannot steer? [`Proxy`] stands in front of any simulated
//! source, passes requests on, and misbehaves as its fault plan says.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::join;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, LINK, LOCATION,
    TRANSFER_ENCODING,
};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::fault::Faults;
use crate::journal::Journal;
use crate::message::{Request, Response};
use crate::server::{Controls, Server, Service};

/// A running proxy in front of one upstream server. Dropping it ends it.
///
/// ```
/// use ocean_testkit::{Action, Proxy, Rule, SourceTwin};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let source = SourceTwin::builder().start().await?;
/// let proxy = Proxy::to(&source.url()).await?;
/// proxy.faults().add(Rule::new(Action::status(503)).times(1));
/// assert!(proxy.url() != source.url());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    relay: Arc<Relay>,
}

/// A request that was passed on, and what the upstream truly answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// Path and query as sent.
    pub target: String,
    /// The body of the request.
    pub request: Bytes,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body of the answer.
    pub answer: Bytes,
}

impl Exchange {
    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Relay {
    authority: String,
    exchanges: Mutex<Vec<Exchange>>,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl Proxy {
    /// Starts a proxy in front of the server at this base URL (`http://host:port`).
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub async fn to(upstream: &str) -> io::Result<Self> {
        let rest = upstream.strip_prefix("http://").unwrap_or(upstream);
        let relay = Arc::new(Relay {
            authority: rest.split('/').next().unwrap_or_default().to_owned(),
            exchanges: Mutex::default(),
        });
        let address = ([127, 0, 0, 1], 0).into();
        let controls = Controls::default();
        let server = Server::start_with(address, Arc::clone(&relay), controls).await?;
        Ok(Self { server, relay })
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What was asked so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        self.server.journal()
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What was passed on since this was last called.
    #[must_use]
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.relay.exchanges())
    }
}

impl Service for Relay {
    async fn handle(&self, request: Request) -> Response {
        match self.pass_on(&request).await {
            Ok(response) => {
                self.exchanges().push(Exchange {
                    method: request.method().clone(),
                    target: request.path_and_query().to_owned(),
                    request: request.body().clone(),
                    status: response.status_code(),
                    headers: response.headers().clone(),
                    answer: response.body().clone(),
                });
                response
            }
            Err(_) => Response::status(StatusCode::BAD_GATEWAY),
        }
    }
}

impl Relay {
    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the request on a connection of its own and reads the whole answer.
    async fn pass_on(&self, request: &Request) -> Result<Response, Error> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut outgoing = http::Request::builder()
            .method(request.method())
            .uri(request.path_and_query())
            .body(Full::new(request.body().clone()))?;
        *outgoing.headers_mut() = forwarded(request.headers());
        let exchange = async move {
            let (head, body) = sender.send_request(outgoing).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            // The connection ends with its sender.
            drop(sender);
            Ok::<_, hyper::Error>((head, body))
        };
        let (_, answered) = join(connection, exchange).await;
        let (head, body) = answered?;
        let mut response = Response::bytes("application/json", body).with_status(head.status);
        response.headers = self.returned(head.headers, request);
        Ok(response)
    }

    /// The headers of an answer, with links that lead to the proxy again.
    fn returned(&self, mut headers: HeaderMap, request: &Request) -> HeaderMap {
        for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let host = request.header("host").unwrap_or_default();
        for name in [LINK, LOCATION] {
            let here = |value: &HeaderValue| {
                let text = value.to_str().ok()?.replace(&self.authority, host);
                HeaderValue::from_str(&text).ok()
            };
            if let Some(value) = headers.get(&name).and_then(here) {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// The headers of a request for the upstream. It must not compress: faults change bodies.
fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        CONNECTION,
        CONTENT_LENGTH,
        TRANSFER_ENCODING,
        ACCEPT_ENCODING,
    ] {
        headers.remove(name);
    }
    headers
}
