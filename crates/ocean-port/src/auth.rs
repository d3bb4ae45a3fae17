//! Port's token: fetched when it is first needed, renewed before it expires, once for all.
//!
//! # Guarantees
//!
//! - However many calls need a token, one request fetches it, and the others wait for that one.
//! - A token is renewed a minute before it expires (a tenth of its life, if that is shorter).
//! - When Port refuses a token, it is renewed and the call repeated, whatever its method; calls
//!   that were refused with the same token share the renewal.
//! - When Port refuses the credentials themselves, every waiting call fails at once.

use std::fmt;
use std::sync::Arc;
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

/// Puts Port's token on requests. Clones share it.
#[derive(Clone)]
pub(crate) struct TokenKeeper {
    http: HttpClient,
    request: Request<Bytes>,
    /// Locked while a token is fetched, so that whoever needs one waits for it.
    token: Arc<Mutex<Option<Token>>>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    renew_at: Instant,
}

impl TokenKeeper {
    /// `http` has no credentials of its own; `request` asks for a token.
    pub(crate) fn new(http: HttpClient, request: Request<Bytes>) -> Self {
        Self {
            http,
            request,
            token: Arc::default(),
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

/// The request holds the credentials, so it is not shown.
impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeeper").finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::script::Script;

    fn keeper() -> (TokenKeeper, Script) {
        let token = |name| json!({"accessToken": name, "expiresIn": 1000, "tokenType": "Bearer"});
        let script = Script::new(["token-1", "token-2"].map(|name| (200, token(name))));
        let http = HttpClient::builder("port").transport(script.clone());
        let keeper = TokenKeeper::new(
            http.build().unwrap(),
            Request::new(Bytes::from_static(b"s3cret")),
        );
        (keeper, script)
    }

    async fn authorization(keeper: &TokenKeeper) -> HeaderMap {
        let mut headers = HeaderMap::new();
        keeper.authorize(&mut headers).await.unwrap();
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_kept_until_shortly_before_its_end() {
        let (keeper, script) = keeper();
        authorization(&keeper).await;
        tokio::time::advance(Duration::from_secs(939)).await;
        assert_eq!(
            authorization(&keeper).await[AUTHORIZATION],
            "Bearer token-1"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(
            authorization(&keeper).await[AUTHORIZATION],
            "Bearer token-2"
        );
        assert_eq!(script.sent(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_that_was_replaced_meanwhile_is_not_fetched_again() {
        let (keeper, script) = keeper();
        let refused = authorization(&keeper).await;
        keeper.refresh(&refused).await.unwrap();
        keeper.refresh(&refused).await.unwrap();
        assert_eq!(script.sent(), 2);
        assert_eq!(
            authorization(&keeper).await[AUTHORIZATION],
            "Bearer token-2"
        );
    }

    #[tokio::test]
    async fn debug_output_hides_token_and_credentials() {
        let (keeper, _) = keeper();
        let headers = authorization(&keeper).await;
        let shown = format!("{keeper:?} {headers:?}");
        assert!(
            !shown.contains("token-1") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
