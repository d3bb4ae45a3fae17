//! How does a caller send a request? With [`HttpClient`], one for each system that is talked to.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use http::Request;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::config::{HttpClientBuilder, Inner};
use super::error::{CallContext, HttpError};
use super::redact::RedactedUri;
use super::response::Response;
use super::retry::Mode;
use super::stream::StreamingResponse;
use super::transport::{TransportError, TransportErrorKind};

/// How often an answer that cannot be read is asked for. A login page or half a proxy's error page
/// in place of JSON often is gone a moment later.
pub(super) const DECODE_ATTEMPTS: u32 = 3;

/// The client of one other system. Clones are cheap and share limits, pauses and credentials.
///
/// # Cancel safety
///
/// Every call can be dropped at any time: it gives back its slot, and a refresh of credentials that
/// it had begun is begun again by the next call that needs it. The request may have been executed.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

impl HttpClient {
    /// Starts a client; `name` is how errors and spans call the other system.
    pub fn builder(name: impl Into<Arc<str>>) -> HttpClientBuilder {
        HttpClientBuilder::new(name.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The name it was built with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.settings.name
    }

    /// Asks for this URL; an answer with a status from 400 is an error.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), ocean_core::http::HttpError> {
    /// # let client = ocean_core::http::HttpClient::builder("forge").build()?;
    /// let answer = client.get("https://forge.example/repos?per_page=100").await?;
    /// # let _ = answer;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`HttpError`].
    pub async fn get(&self, url: &str) -> Result<Response, HttpError> {
        let request = Request::get(url).body(Bytes::new());
        let request = request.map_err(|error| self.unsendable(error))?;
        self.send(request).await
    }

    /// Sends a request; an answer with a status from 400 is an error.
    ///
    /// # Errors
    ///
    /// See [`HttpError`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response, HttpError> {
        self.send_any_status(request).await?.error_for_status()
    }

    /// Sends a request; an answer is returned whatever its status is, after the same retries.
    ///
    /// # Errors
    ///
    /// See [`HttpError`]; never `Status` or `Unauthorized`.
    pub async fn send_any_status(&self, request: Request<Bytes>) -> Result<Response, HttpError> {
        Call::new(&self.inner, request).whole().await
    }

    /// Sends a request and reads the answer as JSON. An answer that cannot be read is asked for
    /// again a few times, if the request is idempotent.
    ///
    /// # Errors
    ///
    /// See [`HttpError`].
    pub async fn send_json<T>(&self, request: Request<Bytes>) -> Result<T, HttpError>
    where
        T: DeserializeOwned + Send,
    {
        let may_repeat = Mode::of(&request) == Mode::Always;
        let mut attempt = 1;
        loop {
            let response = self.send(request.clone()).await?;
            match response.json() {
                Err(HttpError::Decode { .. }) if may_repeat && attempt < DECODE_ATTEMPTS => {
                    self.back_off(attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// Sends a request and returns as soon as the headers are there, for answers too large to hold.
    ///
    /// Retries end with the headers: a body that breaks off later is an error of the stream.
    ///
    /// # Errors
    ///
    /// See [`HttpError`].
    pub async fn open(&self, request: Request<Bytes>) -> Result<StreamingResponse, HttpError> {
        Call::new(&self.inner, request).open().await
    }

    /// The body of [`open`](Self::open) alone.
    pub fn send_streaming(
        &self,
        request: Request<Bytes>,
    ) -> impl Stream<Item = Result<Bytes, HttpError>> + Send + use<> {
        let client = self.clone();
        async_stream::try_stream! {
            let mut body = client.open(request).await?;
            while let Some(piece) = body.next_piece().await? {
                yield piece;
            }
        }
    }

    /// The error of a request that could not even be made. Its URL is not shown, as it is none.
    fn unsendable(&self, error: http::Error) -> HttpError {
        let call = CallContext {
            client: Arc::clone(&self.inner.settings.name),
            method: http::Method::GET,
            url: RedactedUri::default(),
            attempts: 0,
            elapsed: std::time::Duration::ZERO,
            repeatable: self.inner.settings.repeatable,
        };
        HttpError::InvalidRequest {
            call: Box::new(call),
            source: TransportError::new(TransportErrorKind::InvalidRequest, error),
        }
    }

    /// Waits as before the attempt after this one.
    async fn back_off(&self, attempt: u32) {
        let settings = &self.inner.settings;
        tokio::time::sleep(settings.retry.delay(attempt, (settings.randomness)())).await;
    }
}

/// Neither headers nor credentials are shown.
impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("name", &self.inner.settings.name)
            .finish_non_exhaustive()
    }
}
