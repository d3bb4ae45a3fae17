//! Port's token: fetched when it is first needed, renewed before it expires, once for all.
//!
//! # Guarantees
//!
//! - However many calls need a token, one request fetches it, and the others wait for that one.
//! - A token is renewed a minute before it expires (a tenth of its life, if that is shorter).
//! - When Port refuses a token, it is renewed and the call repeated, whatever its method; calls
//!   that were refused with the same token share the renewal.
//! - When Port refuses the credentials themselves, every waiting call fails at once.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request};
use ocean_core::http::{AuthError, Authenticator, HttpClient, Refresh};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::wire::AccessToken;

/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::from_secs(60);

/// Puts Port's token on requests.
#[derive(Debug)]
pub(crate) struct TokenKeeper {
    http: HttpClient,
    request: Request<Bytes>,
    /// Locked while a token is fetched, so that whoever needs one waits for it.
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    /// Marked as sensitive, so that it is hidden in debug output.
    header: HeaderValue,
    renew_at: Instant,
}

impl TokenKeeper {
    /// `http` has no credentials of its own; `request` asks for a token.
    pub(crate) fn new(http: HttpClient, request: Request<Bytes>) -> Self {
        Self {
            http,
            request,
            token: Mutex::default(),
        }
    }

    async fn fetch(&self) -> Result<Token, AuthError> {
        // The lifetime counts from before the request: the answer may have been slow.
        let asked = Instant::now();
        let answer: AccessToken = self.http.send_json(self.request.clone()).await?;
        let life = Duration::from_secs(answer.expires_in);
        let text = format!("{} {}", answer.token_type, answer.access_token);
        let mut header = HeaderValue::try_from(text).map_err(AuthError::new)?;
        header.set_sensitive(true);
        Ok(Token {
            header,
            renew_at: asked + life.saturating_sub(MARGIN.min(life / 10)),
        })
    }
}

#[async_trait]
impl Authenticator for TokenKeeper {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        let mut token = self.token.lock().await;
        let header = match token.as_ref() {
            Some(current) if Instant::now() < current.renew_at => current.header.clone(),
            _ => token.insert(self.fetch().await?).header.clone(),
        };
        headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    async fn refresh(&self, refused: &HeaderMap) -> Result<Refresh, AuthError> {
        let mut token = self.token.lock().await;
        let is_current = token
            .as_ref()
            .is_some_and(|token| refused.get(AUTHORIZATION) == Some(&token.header));
        // Another token than the refused one was fetched meanwhile and is to be tried first.
        if is_current || token.is_none() {
            *token = None;
            *token = Some(self.fetch().await?);
        }
        Ok(Refresh::Renewed)
    }
}
