//! What can be decided about a client? Everything [`HttpClientBuilder`] has a method for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::auth::{Authenticator, Credentials, Unneeded};
use super::client::HttpClient;
use super::deadline::Deadlines;
use super::error::HttpError;
use super::meter::HttpMeter;
use super::pause::Pauses;
use super::priority::Precedence;
use super::proxy::Proxies;
use super::redact::Masker;
use super::resolver::{Resolver, SystemResolver};
use super::retry::RetryPolicy;
use super::throttle::Throttle;
use super::transport::Transport;
use super::wire::Sockets;

/// A page of a listing has some hundred kilobytes; 64 MiB is far beyond any honest one.
const MAX_BODY_BYTES: usize = 64 << 20;

/// A streamed answer never is in memory as a whole; this only ends an endless one.
const MAX_STREAM_BYTES: u64 = 4 << 30;

/// What the original grants a third party.
const CONCURRENCY: usize = 10;

/// A longer pause fails the call: whoever called has better things to do than to hold a slot.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// Whose signature makes a certificate valid, as PEM texts.
pub(super) enum Authorities {
    /// Those that the system trusts.
    System,
    /// Those, and these.
    AndThese(Vec<Vec<u8>>),
    /// Nobody else than these.
    OnlyThese(Vec<Vec<u8>>),
}

impl Authorities {
    fn add(&mut self, pem: Vec<u8>) {
        match self {
            Self::System => *self = Self::AndThese(vec![pem]),
            Self::AndThese(pems) | Self::OnlyThese(pems) => pems.push(pem),
        }
    }

    pub(super) const fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }
}

/// A source of numbers between 0 and 1.
pub(super) type Randomness = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The decisions about a client, when no more are made.
pub(super) struct Settings {
    pub(super) name: Arc<str>,
    pub(super) headers: HeaderMap,
    pub(super) retry: RetryPolicy,
    pub(super) deadlines: Deadlines,
    pub(super) max_body_bytes: usize,
    pub(super) max_stream_bytes: u64,
    pub(super) max_pause: Duration,
    pub(super) follow_redirects: bool,
    pub(super) proxies: Proxies,
    pub(super) authorities: Authorities,
    pub(super) verify_tls: bool,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) public_hosts_only: bool,
    pub(super) masker: Masker,
    pub(super) meter: Arc<HttpMeter>,
    pub(super) randomness: Randomness,
    /// Whether errors leave out what differs from run to run: attempts and seconds.
    pub(super) repeatable: bool,
}

/// What is put around the transport.
type Wrap = Box<dyn FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync>;

/// A header that proves who we are.
struct SecretHeader {
    name: String,
    value: String,
    /// The part of the value that is hidden.
    secret: String,
}

/// Makes an [`HttpClient`]; start with [`HttpClient::builder`].
#[must_use]
pub struct HttpClientBuilder {
    settings: Settings,
    user_agent: Option<String>,
    secret_headers: Vec<SecretHeader>,
    concurrency: usize,
    authenticator: Option<Arc<dyn Authenticator>>,
    access_token_file: Option<PathBuf>,
    throttle: Option<Arc<dyn Throttle>>,
    transport: Option<Arc<dyn Transport>>,
    wrap: Option<Wrap>,
    is_offline: bool,
}

impl HttpClientBuilder {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            settings: Settings {
                name,
                headers: HeaderMap::new(),
                retry: RetryPolicy::default(),
                deadlines: Deadlines::default(),
                max_body_bytes: MAX_BODY_BYTES,
                max_stream_bytes: MAX_STREAM_BYTES,
                max_pause: MAX_PAUSE,
                follow_redirects: true,
                proxies: Proxies::default(),
                authorities: Authorities::System,
                verify_tls: true,
                resolver: Arc::new(SystemResolver),
                public_hosts_only: false,
                masker: Masker::default(),
                meter: Arc::default(),
                randomness: Arc::new(fastrand::f64),
                repeatable: false,
            },
            user_agent: None,
            secret_headers: Vec::new(),
            concurrency: CONCURRENCY,
            authenticator: None,
            access_token_file: None,
            throttle: None,
            transport: None,
            wrap: None,
            is_offline: false,
        }
    }

    /// What errors and spans call the other system.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The `User-Agent` of requests that bring none.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Headers for requests that do not bring them.
    pub fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.settings.headers.extend(headers);
        self
    }

    /// How failed requests are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// How long calls may take.
    pub const fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.settings.deadlines = deadlines;
        self
    }

    /// How large a whole answer may be, decompressed. 64 MiB.
    pub const fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_body_bytes = bytes;
        self
    }

    /// How large a streamed answer may be, decompressed. 4 GiB.
    pub const fn max_stream_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_stream_bytes = bytes;
        self
    }

    /// How many requests are on the wire at the same time (at least one). 10.
    ///
    /// A call that waits, for a retry or a pause, does not count. An open stream does.
    pub const fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// How long a pause of the server is waited for; a longer one fails the calls. 300 s.
    pub const fn max_pause(mut self, pause: Duration) -> Self {
        self.settings.max_pause = pause;
        self
    }

    /// Whether redirects within the same host are followed, 5 at most. They are unless told.
    ///
    /// If not, a redirect is an answer like any other.
    pub const fn follow_redirects(mut self, follow: bool) -> Self {
        self.settings.follow_redirects = follow;
        self
    }

    /// Sends through these proxies. The environment is not read.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.settings.proxies = proxies;
        self
    }

    /// Trusts the certificates of this PEM file too, beside those of the system.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.authorities.add(pem.into());
        self
    }

    /// Trusts the certificates of this PEM file in place of those of the system.
    pub fn only_ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.authorities = Authorities::OnlyThese(vec![pem.into()]);
        self
    }

    /// `false` accepts any certificate for any host name.
    pub const fn verify_tls(mut self, verify: bool) -> Self {
        self.settings.verify_tls = verify;
        self
    }

    /// `true` refuses hosts whose addresses are private, loopback or otherwise not public, but for
    /// those of well-known services.
    pub const fn public_hosts_only(mut self, only: bool) -> Self {
        self.settings.public_hosts_only = only;
        self
    }

    /// Looks up addresses by something else than the system, for tests.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.settings.resolver = Arc::new(resolver);
        self
    }

    /// Sends this token with every request, as `Authorization: Bearer`, and hides it in errors.
    ///
    /// For a token that does not change while the process runs; an
    /// [`authenticator`](Self::authenticator) is for all others, and comes before it.
    pub fn bearer_token(self, token: impl Into<String>) -> Self {
        self.secret_header("authorization", "Bearer ", token)
    }

    /// Sends this secret with every request in the header that the system wants it in, behind a
    /// prefix (`Token token=`, or nothing), and hides it in errors.
    ///
    /// ```
    /// # use ocean_core::http::HttpClient;
    /// # let secret = "s3cret";
    /// let forge = HttpClient::builder("forge").secret_header("x-api-key", "", secret);
    /// let pager = HttpClient::builder("pager").secret_header("authorization", "Token ", secret);
    /// ```
    ///
    /// The same as [`bearer_token`](Self::bearer_token) in all else.
    pub fn secret_header(
        mut self,
        name: impl Into<String>,
        prefix: &str,
        secret: impl Into<String>,
    ) -> Self {
        let (name, secret) = (name.into(), secret.into());
        let value = format!("{prefix}{secret}");
        self.secret_headers.push(SecretHeader {
            name,
            value,
            secret,
        });
        self
    }

    /// Where requests get their credentials from.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Where the operator's access token lies (`OCEAN__OAUTH_ACCESS_TOKEN_FILE_PATH`).
    ///
    /// It is for whoever completes the client: what a token is good for is known there, and the
    /// client makes nothing of it. [`TokenFile`](super::TokenFile) is the usual answer.
    pub fn access_token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.access_token_file = Some(path.into());
        self
    }

    /// What was given to [`access_token_file`](Self::access_token_file).
    #[must_use]
    pub fn operators_access_token_file(&self) -> Option<&Path> {
        self.access_token_file.as_deref()
    }

    /// Holds requests back as this says, beside the pauses that every client keeps.
    pub fn throttle(mut self, throttle: impl Throttle) -> Self {
        self.throttle = Some(Arc::new(throttle));
        self
    }

    /// Hides secrets in errors; give it the values of the credentials.
    pub fn masker(mut self, masker: Masker) -> Self {
        self.settings.masker = masker;
        self
    }

    /// Counts its requests here, too.
    pub fn meter(mut self, meter: Arc<HttpMeter>) -> Self {
        self.settings.meter = meter;
        self
    }

    /// Sends through something else than sockets, for tests.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Puts something around the transport, whatever that is, that sees every request and answer.
    ///
    /// Errors then leave out what differs from run to run, the number of attempts and the seconds.
    pub fn around(
        mut self,
        wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static,
    ) -> Self {
        self.wrap = Some(Box::new(wrap));
        self.settings.repeatable = true;
        self
    }

    /// Sends nothing: this transport has all the answers already.
    ///
    /// Whatever is decided later about the client, it opens no socket, waits for nobody and needs
    /// no credentials.
    pub fn offline(mut self, answers: impl Transport) -> Self {
        self.transport = Some(Arc::new(answers));
        self.is_offline = true;
        self.settings.repeatable = true;
        self
    }

    /// Takes delays from these numbers (0 to 1) instead of random ones, for tests.
    pub fn randomness(mut self, numbers: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.settings.randomness = Arc::new(numbers);
        self
    }

    /// Turns what is sent with every request into headers.
    fn settle_headers(&mut self) -> Result<(), http::Error> {
        if let Some(user_agent) = &self.user_agent {
            let value = HeaderValue::from_str(user_agent)?;
            self.settings.headers.insert(header::USER_AGENT, value);
        }
        for SecretHeader {
            name,
            value,
            secret,
        } in &self.secret_headers
        {
            let name = HeaderName::from_str(name)?;
            let mut value = HeaderValue::from_str(value)?;
            value.set_sensitive(true);
            self.settings.headers.insert(name, value);
            self.settings.masker = self.settings.masker.clone().and([secret]);
        }
        Ok(())
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// [`HttpError::Setup`]: the user agent, the token, a proxy or a certificate is not usable.
    pub fn build(mut self) -> Result<HttpClient, HttpError> {
        let name = Arc::clone(&self.settings.name);
        let failed = |source| HttpError::Setup {
            client: name,
            source,
        };
        if let Err(error) = self.settle_headers() {
            return Err(failed(error.into()));
        }
        let transport: Arc<dyn Transport> = match self.transport {
            Some(transport) => transport,
            None => match Sockets::new(&self.settings) {
                Ok(sockets) => Arc::new(sockets),
                Err(error) => return Err(failed(error)),
            },
        };
        let transport = match self.wrap {
            Some(wrap) => wrap(transport),
            None => transport,
        };
        if self.is_offline {
            self.settings.randomness = Arc::new(|| 0.0);
            self.throttle = None;
            self.authenticator = Some(Arc::new(Unneeded(self.authenticator)));
        }
        Ok(HttpClient::new(Inner {
            settings: self.settings,
            transport,
            slots: Arc::new(tokio::sync::Semaphore::new(self.concurrency.max(1))),
            pauses: Pauses::default(),
            precedence: Precedence::default(),
            credentials: self.authenticator.map(Credentials::new),
            throttle: self.throttle,
        }))
    }
}

/// What all clones of a client share.
pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) slots: Arc<tokio::sync::Semaphore>,
    pub(super) pauses: Pauses,
    pub(super) precedence: Precedence,
    pub(super) credentials: Option<Credentials>,
    pub(super) throttle: Option<Arc<dyn Throttle>>,
}

/// Default headers may hold credentials, so only the name and the limits are shown.
impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("name", &self.settings.name)
            .field("retry", &self.settings.retry)
            .field("deadlines", &self.settings.deadlines)
            .finish_non_exhaustive()
    }
}
