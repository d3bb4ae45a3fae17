//! What must not be on a tape, and what stands in its place?

use std::sync::LazyLock;

use fancy_regex::Regex;
use http::header::{HeaderMap, HeaderName};
use http::{HeaderValue, Uri};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::body::Body;
use crate::http::Masker;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[REDACTED]";

/// Names whose values are credentials, without their case, `_` and `-`.
const CREDENTIALS: [&str; 23] = [
    "accesstoken",
    "apikey",
    "apitoken",
    "assertion",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientassertion",
    "clientsecret",
    "cookie",
    "csrftoken",
    "idtoken",
    "jwt",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessiontoken",
    "sig",
    "signature",
    "token",
];

/// Headers of answers that say nothing once the body lies decoded on a tape, or that would have a
/// replay wait as the recorded run did.
const DROPPED: [&str; 7] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
];

/// Tokens that nobody configured, such as those that a token endpoint gives.
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    let patterns = concat!(
        r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*",
        r"|(?i:\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{20,})",
    );
    #[expect(
        clippy::expect_used,
        reason = "the pattern is a constant, compiled by the tests"
    )]
    Regex::new(patterns).expect("the pattern is valid")
});

/// Takes secrets out of what goes on a tape.
#[derive(Debug, Clone)]
pub(super) struct Cleaner {
    masker: Masker,
}

impl Cleaner {
    /// Hides what this masker hides, and what is named or looks like a credential.
    pub(super) const fn new(masker: Masker) -> Self {
        Self { masker }
    }

    /// For requests that are looked up on a tape. Settings that came off a tape have the
    /// replacement in the place of a secret, which a URL then holds in encoded form.
    pub(super) fn of_replay() -> Self {
        Self::new(Masker::new([REDACTED]))
    }

    pub(super) fn text(&self, text: &str) -> String {
        let masked = self.masker.full(text);
        // A search that gives up must not show what it could not search.
        TOKENS
            .try_replacen(&masked, 0, REDACTED)
            .map_or_else(|_| REDACTED.to_owned(), std::borrow::Cow::into_owned)
    }

    /// A URL without user, password and the values of parameters named like a credential.
    pub(super) fn url(&self, uri: &Uri) -> String {
        let mut clean = String::new();
        if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
            let host = authority.as_str();
            let host = host.rsplit_once('@').map_or(host, |(_user, host)| host);
            clean.push_str(&format!("{scheme}://{host}"));
        }
        clean.push_str(uri.path());
        if let Some(query) = uri.query() {
            clean.push('?');
            clean.push_str(&without_credentials(query));
        }
        self.text(&clean)
    }

    /// The headers of an answer that a client may want to read.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let kept = headers.iter().filter(|(name, _)| is_kept(name));
        kept.filter_map(|(name, value)| Some((name.to_string(), self.text(shown(value)?))))
            .collect()
    }

    /// A body; one that needs no cleaning stays byte for byte as it is.
    pub(super) fn body(&self, bytes: &[u8]) -> Body {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let lossy = String::from_utf8_lossy(bytes);
            // A secret in what is no text cannot be cut out of it.
            return if self.text(&lossy) == lossy {
                Body::of_bytes(bytes)
            } else {
                Body::of_text(self.text(&lossy))
            };
        };
        let text = match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                if self.json(&mut value) {
                    value.to_string()
                } else {
                    text.to_owned()
                }
            }
            Err(_) => self.text(&without_credentials_in_form(text)),
        };
        // JSON was cleaned value by value; what is found now stands across values or in a number,
        // and is worth more than the body being JSON.
        Body::of_text(self.remaining(text))
    }

    /// Cleans a value, its keys included; whether there was something to clean.
    pub(super) fn json(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let clean = self.text(text);
                let differs = clean != *text;
                *text = clean;
                differs
            }
            Value::Array(values) => {
                let mut differs = false;
                for value in values {
                    differs |= self.json(value);
                }
                differs
            }
            Value::Object(members) => self.members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn members(&self, members: &mut Map<String, Value>) -> bool {
        let mut differs = false;
        let mut clean = Map::new();
        for (name, mut value) in std::mem::take(members) {
            if value.is_string() && is_credential(&name) {
                value = Value::from(REDACTED);
                differs = true;
            } else {
                differs |= self.json(&mut value);
            }
            let shown = self.text(&name);
            differs |= shown != name;
            clean.insert(shown, value);
        }
        *members = clean;
        differs
    }

    /// Shapes of secrets that span several values, such as a key beside its name, are left: the
    /// values themselves were looked at.
    fn remaining(&self, text: String) -> String {
        self.masker.known(&text).unwrap_or(text)
    }
}

fn is_kept(name: &HeaderName) -> bool {
    let name = name.as_str();
    let plain = name.strip_prefix("x-").unwrap_or(name);
    !DROPPED.contains(&name) && !is_credential(plain)
}

fn shown(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

fn is_credential(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    CREDENTIALS.contains(&plain.as_str())
}

fn without_credentials(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_credential(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The same for a body that is a form; any other text has no such pairs.
fn without_credentials_in_form(text: &str) -> String {
    let is_form = form_urlencoded::parse(text.as_bytes()).any(|(name, _)| is_credential(&name));
    if is_form && !text.contains(char::is_whitespace) {
        without_credentials(text)
    } else {
        text.to_owned()
    }
}
