//! How do requests reach a socket? The one folder that knows reqwest and rustls.

mod failure;
mod names;

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Request, Response};
use reqwest::redirect;
use url::Url;

use self::failure::classify;
use self::names::Names;
use super::config::{Authorities, Settings};
use super::transport::{BodyStream, Transport, TransportError};

/// A redirect within a host is a moved page; more than a few are a loop.
const MAX_REDIRECTS: usize = 5;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The transport of production: pooled connections, TLS, proxies, decompression.
#[derive(Debug)]
pub(super) struct Sockets {
    client: reqwest::Client,
    names: Names,
}

impl Sockets {
    pub(super) fn new(settings: &Settings) -> Result<Self, BoxError> {
        install_crypto_provider();
        let names = Names::new(settings);
        let builder = || builder(settings, &names);
        let client = match builder()?.build() {
            Ok(client) => client,
            // A minimal image may have no CA certificates at all. Plain HTTP still works there,
            // and an https request then fails with an error about its certificate.
            Err(error) if settings.authorities.is_system() && settings.verify_tls => {
                tracing::warn!(
                    system = &*settings.name,
                    error = &error as &dyn StdError,
                    "no CA certificates found, https will be refused"
                );
                builder()?.tls_certs_only([]).build()?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { client, names })
    }
}

/// Somebody else may have installed a provider first; theirs is then used.
fn install_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _lost_a_race = rustls::crypto::ring::default_provider().install_default();
    }
}

fn builder(settings: &Settings, names: &Names) -> Result<reqwest::ClientBuilder, BoxError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .referer(false)
        .dns_resolver(names.clone())
        .connect_timeout(settings.deadlines.connect)
        .redirect(if settings.follow_redirects {
            redirect::Policy::custom(follow_within_the_host)
        } else {
            redirect::Policy::none()
        });
    for proxy in proxies(settings)? {
        builder = builder.proxy(proxy);
    }
    builder = match &settings.authorities {
        Authorities::System => builder,
        Authorities::AndThese(pems) => builder.tls_certs_merge(certificates(pems)?),
        Authorities::OnlyThese(pems) => builder.tls_certs_only(certificates(pems)?),
    };
    if !settings.verify_tls {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

/// A text without any certificate would trust nobody, or say nothing: either is a mistake.
fn certificates(pems: &[Vec<u8>]) -> Result<Vec<reqwest::Certificate>, BoxError> {
    let mut certificates = Vec::new();
    for pem in pems {
        let found = reqwest::Certificate::from_pem_bundle(pem)?;
        if found.is_empty() {
            return Err("there is no certificate in the PEM text of an authority".into());
        }
        certificates.extend(found);
    }
    Ok(certificates)
}

fn proxies(settings: &Settings) -> Result<Vec<reqwest::Proxy>, BoxError> {
    type MakeProxy = fn(&str) -> reqwest::Result<reqwest::Proxy>;
    let configured = &settings.proxies;
    let kinds: [(&str, &Option<String>, MakeProxy); 3] = [
        ("HTTP_PROXY", &configured.http, |url| {
            reqwest::Proxy::http(url)
        }),
        ("HTTPS_PROXY", &configured.https, |url| {
            reqwest::Proxy::https(url)
        }),
        ("ALL_PROXY", &configured.all, |url| reqwest::Proxy::all(url)),
    ];
    let except = configured.none_for.as_deref().unwrap_or_default();
    let mut proxies = Vec::new();
    for (variable, url, make) in kinds {
        if let Some(url) = url {
            // The reason would quote the address, which may hold a password.
            let proxy =
                make(url).map_err(|_unfit| format!("{variable} is no address of a proxy"))?;
            proxies.push(proxy.no_proxy(reqwest::NoProxy::from_string(except)));
        }
    }
    Ok(proxies)
}

fn follow_within_the_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let reason = match attempt.previous().last() {
        _ if attempt.previous().len() > MAX_REDIRECTS => RefusedRedirect::TooMany,
        Some(from) if !is_same_host(from, attempt.url()) => RefusedRedirect::OtherHost {
            to: attempt.url().origin().ascii_serialization(),
        },
        _ => return attempt.follow(),
    };
    attempt.error(reason)
}

/// The same scheme, host and port, or the step from `http` to `https` on their usual ports.
fn is_same_host(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http"
        && to.scheme() == "https"
        && from.port().is_none()
        && to.port().is_none();
    from.host() == to.host() && (upgraded || from.origin() == to.origin())
}

#[derive(Debug)]
enum RefusedRedirect {
    OtherHost { to: String },
    TooMany,
}

impl fmt::Display for RefusedRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherHost { to } => write!(f, "it leads to {to}"),
            Self::TooMany => write!(f, "more than {MAX_REDIRECTS} redirects"),
        }
    }
}

impl StdError for RefusedRedirect {}

#[async_trait]
impl Transport for Sockets {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<BodyStream>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(classify)?;
        let allowed = self.names.check(request.url()).await;
        allowed.map_err(failure::of_names)?;
        let mut received = self.client.execute(request).await.map_err(classify)?;
        let mut response = Response::new(());
        *response.status_mut() = received.status();
        *response.headers_mut() = std::mem::take(received.headers_mut());
        Ok(response.map(|()| received.bytes_stream().map_err(classify).boxed()))
    }
}
