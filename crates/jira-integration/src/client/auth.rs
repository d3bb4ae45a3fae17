//! How requests prove who we are.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use ocean_core::http::{AuthError, Authenticator, Refresh, TokenFile};
use secrecy::ExposeSecret as _;

use crate::config::Credentials;
use crate::error::JiraError;

/// The header in which Jira says what it made of the credentials.
const LOGIN_REASON: &str = "x-seraph-loginreason";

const REFUSALS: [&str; 2] = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];

/// The `Authorization` header of all requests.
#[derive(Debug)]
pub(super) enum Authorization {
    /// An API token cannot be renewed by us, so a 401 stands and is not tried again.
    Basic(HeaderValue),
    /// Another process renews an access token.
    OAuth(TokenFile),
}

impl Authorization {
    pub(super) fn new(credentials: &Credentials) -> Result<Self, JiraError> {
        match credentials {
            Credentials::Basic { email, token } => {
                let pair = format!("{}:{}", email.expose_secret(), token.expose_secret());
                let text = format!("Basic {}", STANDARD.encode(pair));
                let mut header = HeaderValue::try_from(text).map_err(JiraError::invalid_request)?;
                header.set_sensitive(true);
                Ok(Self::Basic(header))
            }
            Credentials::OAuth { token_file, token } => {
                let file = TokenFile::new(token_file);
                Ok(Self::OAuth(if token.expose_secret().is_empty() {
                    file
                } else {
                    file.or(token.clone())
                }))
            }
        }
    }
}

#[async_trait]
impl Authenticator for Authorization {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        match self {
            Self::Basic(header) => {
                headers.insert(AUTHORIZATION, header.clone());
                Ok(())
            }
            Self::OAuth(file) => file.authorize(headers).await,
        }
    }

    /// To an expired token Jira may answer as to nobody: with 200 and what is public, or with 404.
    fn refuses(&self, answer: &HeaderMap) -> bool {
        let reasons = answer.get_all(LOGIN_REASON).iter();
        let mut reasons = reasons.filter_map(|reason| reason.to_str().ok());
        reasons.any(|reason| REFUSALS.iter().any(|refusal| reason.contains(refusal)))
    }

    async fn refresh(&self, refused: &HeaderMap) -> Result<Refresh, AuthError> {
        match self {
            Self::Basic(_) => Ok(Refresh::Impossible),
            Self::OAuth(file) => file.refresh(refused).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JiraConfig;

    #[tokio::test]
    async fn basic_credentials_become_one_header_that_debug_hides() {
        let config = JiraConfig::new("https://acme.test", "ada@acme.test", "t0ken").unwrap();
        let authorization = Authorization::new(&config.credentials).unwrap();
        let mut headers = HeaderMap::new();
        authorization.authorize(&mut headers).await.unwrap();
        assert_eq!(headers[AUTHORIZATION], "Basic YWRhQGFjbWUudGVzdDp0MGtlbg==");
        assert!(!format!("{authorization:?}{headers:?}").contains("YWRh"));
    }

    #[tokio::test]
    async fn with_oauth_the_configured_token_stands_in_for_an_absent_file() {
        let config = JiraConfig::new("https://acme.test", "ada@acme.test", "t0ken").unwrap();
        let config = config.access_token_file("/nowhere/token");
        let authorization = Authorization::new(&config.credentials).unwrap();
        let mut headers = HeaderMap::new();
        authorization.authorize(&mut headers).await.unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer t0ken");
        assert!(!format!("{authorization:?}{headers:?}").contains("t0ken"));
    }
}
