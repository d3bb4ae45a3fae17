//! How do requests reach a socket? The one file that knows reqwest and rustls.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Request, Response};
use reqwest::redirect;
use url::Url;

use super::config::Settings;
use super::transport::{BodyStream, Transport, TransportError, TransportErrorKind};

/// A redirect within a host is a moved page; more than a few are a loop.
const MAX_REDIRECTS: usize = 5;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The transport of production: pooled connections, TLS, proxies, decompression.
#[derive(Debug)]
pub(super) struct Sockets {
    client: reqwest::Client,
}

impl Sockets {
    pub(super) fn new(settings: &Settings) -> Result<Self, BoxError> {
        install_crypto_provider();
        let client = match builder(settings)?.build() {
            Ok(client) => client,
            // A minimal image may have no CA certificates at all. Plain HTTP still works there,
            // and an https request then fails with an error about its certificate.
            Err(error) if settings.ca_pems.is_empty() && settings.verify_tls => {
                tracing::warn!(
                    system = &*settings.name,
                    error = &error as &dyn StdError,
                    "no CA certificates found, https will be refused"
                );
                builder(settings)?.tls_certs_only([]).build()?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { client })
    }
}

/// Somebody else may have installed a provider first; theirs is then used.
fn install_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _lost_a_race = rustls::crypto::ring::default_provider().install_default();
    }
}

fn builder(settings: &Settings) -> Result<reqwest::ClientBuilder, BoxError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .referer(false)
        .connect_timeout(settings.deadlines.connect)
        .redirect(if settings.follow_redirects {
            redirect::Policy::custom(follow_within_the_host)
        } else {
            redirect::Policy::none()
        });
    for proxy in proxies(settings)? {
        builder = builder.proxy(proxy);
    }
    let mut roots = Vec::new();
    for pem in &settings.ca_pems {
        roots.extend(reqwest::Certificate::from_pem_bundle(pem)?);
    }
    if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots);
    }
    if !settings.verify_tls {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

fn proxies(settings: &Settings) -> Result<Vec<reqwest::Proxy>, BoxError> {
    type MakeProxy = fn(&str) -> reqwest::Result<reqwest::Proxy>;
    let configured = &settings.proxies;
    let kinds: [(&Option<String>, MakeProxy); 3] = [
        (&configured.http, |url| reqwest::Proxy::http(url)),
        (&configured.https, |url| reqwest::Proxy::https(url)),
        (&configured.all, |url| reqwest::Proxy::all(url)),
    ];
    let except = configured.none_for.as_deref().unwrap_or_default();
    let mut proxies = Vec::new();
    for (url, make) in kinds {
        if let Some(url) = url {
            proxies.push(make(url)?.no_proxy(reqwest::NoProxy::from_string(except)));
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
        let mut received = self.client.execute(request).await.map_err(classify)?;
        let mut response = Response::new(());
        *response.status_mut() = received.status();
        *response.headers_mut() = std::mem::take(received.headers_mut());
        Ok(response.map(|()| received.bytes_stream().map_err(classify).boxed()))
    }
}

/// The URL is left out: whoever reports the error knows it, and redacts it.
fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let kind = if error.is_redirect() {
        TransportErrorKind::Redirect
    } else if error.is_builder() {
        TransportErrorKind::InvalidRequest
    } else if error.is_connect() && error.is_timeout() {
        TransportErrorKind::ConnectTimeout
    } else if error.is_connect() && cannot_pass(&error) {
        TransportErrorKind::Unreachable
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::new(kind, error)
}

/// Whether a failed connection is about a certificate or an unknown name, which a retry does not
/// change.
fn cannot_pass(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if is_tls(cause) || is_unknown_name(cause) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// An `io::Error` hides what it wraps from `source()`, so it is looked into as well.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    matches!(
        error
            .downcast_ref::<rustls::Error>()
            .or_else(|| wrapped?.downcast_ref()),
        Some(
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::UnsupportedNameType
                | rustls::Error::PeerIncompatible(_)
        )
    )
}

/// The resolver's answer reaches us only as text: "Name or service not known" (glibc), "Name does
/// not resolve" (musl), "nodename nor servname provided, or not known" (BSD). A resolver that is
/// itself in trouble says something else.
fn is_unknown_name(error: &(dyn StdError + 'static)) -> bool {
    let Some(error) = error.downcast_ref::<io::Error>() else {
        return false;
    };
    let text = error.to_string();
    text.contains("not known") || text.contains("does not resolve")
}
