//! How requests prove who we are.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use ocean_core::http::{AuthError, Authenticator};
use secrecy::ExposeSecret as _;

use crate::config::Credentials;
use crate::error::JiraError;

/// The header in which Jira says what it made of the credentials.
const LOGIN_REASON: &str = "x-seraph-loginreason";

const REFUSALS: [&str; 2] = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];

/// One `Authorization` header for all requests.
///
/// An API token cannot be renewed by us, so a 401 stands and is not tried again.
#[derive(Debug)]
pub(super) struct FixedAuthorization {
    header: HeaderValue,
}

impl FixedAuthorization {
    pub(super) fn new(credentials: &Credentials) -> Result<Self, JiraError> {
        let text = match credentials {
            Credentials::Basic { email, token } => {
                let pair = format!("{}:{}", email.expose_secret(), token.expose_secret());
                format!("Basic {}", STANDARD.encode(pair))
            }
        };
        let mut header = HeaderValue::try_from(text).map_err(JiraError::invalid_request)?;
        header.set_sensitive(true);
        Ok(Self { header })
    }
}

#[async_trait]
impl Authenticator for FixedAuthorization {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        headers.insert(AUTHORIZATION, self.header.clone());
        Ok(())
    }

    /// To an expired token Jira may answer as to nobody: with 200 and what is public, or with 404.
    fn refuses(&self, answer: &HeaderMap) -> bool {
        let reasons = answer.get_all(LOGIN_REASON).iter();
        let mut reasons = reasons.filter_map(|reason| reason.to_str().ok());
        reasons.any(|reason| REFUSALS.iter().any(|refusal| reason.contains(refusal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JiraConfig;

    #[tokio::test]
    async fn basic_credentials_become_one_header_that_debug_hides() {
        let config = JiraConfig::new("https://acme.test", "ada@acme.test", "t0ken").unwrap();
        let authorization = FixedAuthorization::new(&config.credentials).unwrap();
        let mut headers = HeaderMap::new();
        authorization.authorize(&mut headers).await.unwrap();
        assert_eq!(headers[AUTHORIZATION], "Basic YWRhQGFjbWUudGVzdDp0MGtlbg==");
        assert!(!format!("{authorization:?}{headers:?}").contains("YWRh"));
    }
}
