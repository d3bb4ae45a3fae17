//! Who may call? [`Tokens`]: client credentials become bearer tokens that expire.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use crate::message::{Request, Response};

/// The lifetime that Port announces, in seconds.
const LIFETIME: Duration = Duration::from_secs(10_800);

/// The credentials this server accepts and the tokens it has given out.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) lifetime: Duration,
    issued: u64,
    calls: u64,
    valid: HashMap<String, Instant>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            client_id: "client-id".to_owned(),
            client_secret: "client-secret".to_owned(),
            lifetime: LIFETIME,
            issued: 0,
            calls: 0,
            valid: HashMap::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    client_id: String,
    client_secret: String,
}

impl Tokens {
    /// `POST /auth/access_token`
    pub(crate) fn issue(&mut self, request: &Request) -> Result<Response, ApiError> {
        self.calls += 1;
        let sent: Credentials = request.json()?;
        if sent.client_id != self.client_id || sent.client_secret != self.client_secret {
            return Err(ApiError::unauthorized(
                "the client id or the client secret is wrong",
            ));
        }
        self.issued += 1;
        let token = self.token();
        self.valid
            .insert(token.clone(), Instant::now() + self.lifetime);
        Ok(Response::json(&json!({
            "ok": true,
            "accessToken": token,
            "expiresIn": self.lifetime.as_secs(),
            "tokenType": "Bearer",
        })))
    }

    /// Refuses a request without a token that is valid now.
    pub(crate) fn check(&self, request: &Request) -> Result<(), ApiError> {
        let token = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let expiry = token.and_then(|token| self.valid.get(token));
        match expiry {
            Some(expiry) if *expiry > Instant::now() => Ok(()),
            _ => Err(ApiError::unauthorized(
                "the access token is missing, unknown or expired",
            )),
        }
    }

    /// From now on every token given out so far is refused.
    pub(crate) fn expire_all(&mut self) {
        self.valid.clear();
    }

    /// How often a token was asked for.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// A text with the shape of a JWT, since clients look into its payload for the kind of user.
    fn token(&self) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "alg": "none", "typ": "JWT" }));
        let payload = part(json!({ "isMachine": true, "n": self.issued }));
        format!("{header}.{payload}.twin")
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::*;

    fn ask(tokens: &mut Tokens, secret: &str) -> Result<String, u16> {
        let body = json!({ "clientId": "client-id", "clientSecret": secret }).to_string();
        let request = Request::local(Method::POST, Uri::from_static("/"), body);
        let answer = tokens
            .issue(&request)
            .map_err(|error| error.status.as_u16())?;
        let answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        Ok(answer["accessToken"].as_str().unwrap().to_owned())
    }

    fn allowed(tokens: &Tokens, authorization: &str) -> bool {
        let request = http::Request::get("/")
            .header("authorization", authorization)
            .body(());
        let head = request.unwrap().into_parts().0;
        tokens
            .check(&Request::new(head, bytes::Bytes::new()))
            .is_ok()
    }

    #[test]
    fn only_the_right_secret_gets_a_token_and_each_call_counts() {
        let mut tokens = Tokens::default();
        assert_eq!(ask(&mut tokens, "wrong"), Err(401));
        let token = ask(&mut tokens, "client-secret").unwrap();
        assert!(allowed(&tokens, &format!("Bearer {token}")));
        assert!(!allowed(&tokens, "Bearer other"));
        assert!(!allowed(&tokens, &token));
        assert_eq!(tokens.calls(), 2);
    }

    #[test]
    fn tokens_end_by_time_or_on_demand() {
        let mut tokens = Tokens::default();
        let token = ask(&mut tokens, "client-secret").unwrap();
        tokens.expire_all();
        assert!(!allowed(&tokens, &format!("Bearer {token}")));
        tokens.lifetime = Duration::ZERO;
        let token = ask(&mut tokens, "client-secret").unwrap();
        assert!(!allowed(&tokens, &format!("Bearer {token}")));
    }
}
