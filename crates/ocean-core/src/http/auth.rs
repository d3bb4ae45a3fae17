//! How does a request get its credentials, and what happens when they are refused?
//!
//! An integration implements [`Authenticator`]; the client asks it before each attempt, and to
//! renew once when the answer is 401.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use http::HeaderMap;
use tokio::sync::Mutex;

/// Adds credentials to the requests of one client.
///
/// # Guarantees
///
/// - [`authorize`](Self::authorize) is called before every attempt, outside the client's
///   concurrency limit, so it may use another client (or this one) to fetch a token.
/// - [`refresh`](Self::refresh) is called after a 401, at most once for each call, never twice at
///   the same time; calls that were refused with the same credentials share one refresh and its
///   outcome. The call is then sent once more, whatever its method: a 401 was not executed.
///
/// # Errors
///
/// An error of either ends the call with [`HttpError::Authorize`](super::HttpError::Authorize);
/// it is not retried, since whoever fetched the token already did.
#[async_trait]
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// Adds the credentials to the headers of a request about to be sent.
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError>;

    /// Whether an answer says that the credentials are refused although its status is not 401.
    ///
    /// Some servers then answer as to somebody unknown, with nothing or with what is public. Such
    /// an answer is treated like a 401.
    fn refuses(&self, answer: &HeaderMap) -> bool {
        let _ = answer;
        false
    }

    /// Gets new credentials after those in the headers `refused` were answered with 401.
    ///
    /// The default is for credentials that cannot change: the 401 stands.
    async fn refresh(&self, refused: &HeaderMap) -> Result<Refresh, AuthError> {
        let _ = refused;
        Ok(Refresh::Impossible)
    }
}

/// The credentials of a client whose answers are known already: none are added, and a refusal is
/// followed by the answer that came after new ones.
#[derive(Debug)]
pub(super) struct Unneeded(pub(super) Option<Arc<dyn Authenticator>>);

#[async_trait]
impl Authenticator for Unneeded {
    async fn authorize(&self, _: &mut HeaderMap) -> Result<(), AuthError> {
        Ok(())
    }

    fn refuses(&self, answer: &HeaderMap) -> bool {
        let known = self.0.as_ref();
        known.is_some_and(|known| known.refuses(answer))
    }

    async fn refresh(&self, _: &HeaderMap) -> Result<Refresh, AuthError> {
        Ok(Refresh::Renewed)
    }
}

/// The outcome of [`Authenticator::refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// There are new credentials: send the request again.
    Renewed,
    /// There are no others: the 401 stands.
    Impossible,
}

/// Why there are no credentials. Cheap to clone, since callers that wait together share it.
#[derive(Debug, Clone)]
pub struct AuthError(Arc<dyn StdError + Send + Sync>);

impl AuthError {
    /// Wraps any error, or a text.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The error itself.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.0.as_ref()
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl From<super::HttpError> for AuthError {
    fn from(error: super::HttpError) -> Self {
        Self::new(error)
    }
}

/// A client's authenticator, with the single flight around its refresh.
#[derive(Debug)]
pub(super) struct Credentials {
    authenticator: Arc<dyn Authenticator>,
    /// How many refreshes ended; a call remembers the one its credentials are from.
    generation: AtomicU64,
    last: Mutex<Result<Refresh, AuthError>>,
}

impl Credentials {
    pub(super) fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator,
            generation: AtomicU64::new(0),
            last: Mutex::new(Ok(Refresh::Impossible)),
        }
    }

    /// Adds the credentials and tells which generation they are of.
    pub(super) async fn authorize(&self, headers: &mut HeaderMap) -> Result<u64, AuthError> {
        let generation = self.generation.load(Ordering::Acquire);
        self.authenticator.authorize(headers).await?;
        Ok(generation)
    }

    pub(super) fn refuses(&self, answer: &HeaderMap) -> bool {
        self.authenticator.refuses(answer)
    }

    /// Renews credentials of this generation, or waits for whoever is doing so.
    ///
    /// A caller that is dropped while it renews leaves the generation as it was, and the next
    /// waiter renews.
    pub(super) async fn refresh(
        &self,
        generation: u64,
        refused: &HeaderMap,
    ) -> Result<Refresh, AuthError> {
        let mut last = self.last.lock().await;
        if self.generation.load(Ordering::Acquire) == generation {
            *last = self.authenticator.refresh(refused).await;
            self.generation.fetch_add(1, Ordering::Release);
        }
        last.clone()
    }
}
