//! What must not be read in a log, an error or an example? Secrets; a [`Masker`] hides them.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use fancy_regex::{Captures, Regex};
use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// What stands in the place of a secret.
const REDACTED: &str = "[REDACTED]";

/// A shorter value would hide every second word.
const SHORTEST_SECRET: usize = 4;

/// What is kept of a match in partial mode, to recognise which one it was.
const KEPT_CHARACTERS: usize = 6;

/// Where a body is cut before it is masked: a secret that the cut splits lies beyond any excerpt.
const EXCERPT_SOURCE: usize = 4 << 10;

/// What has to be encoded anywhere in a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Shapes of secrets that are recognised anywhere.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    regex(&[
        // A URL with user and password, which is also what connection strings look like.
        r#"\b[A-Za-z][A-Za-z0-9+.\-]*://[^/\s:@"']+:[^/\s@"']+@[^\s"']+"#,
        r#"(?i:api_?key["']?\s{0,8}[:=]+\s{0,8}["'][0-9a-z]{32,45}["'])"#,
        r#"(?i:secret["']?\s{0,8}[:=]+\s{0,8}["'][0-9a-z]{32,45}["'])"#,
        r#"(?i:github.{0,20}["'][0-9a-z]{35,40}["'])"#,
        r"AIza[0-9A-Za-z_\-]{35}",
        r"[A-Za-z0-9.\-]{0,64}firebaseio\.com",
        r"-----BEGIN (?:RSA|DSA|EC|PGP) PRIVATE KEY(?: BLOCK)?-----",
        r"AKIA[0-9A-Z]{16}",
        r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"[0-9]+-[0-9A-Za-z_]{32}\.apps\.googleusercontent\.com",
        r#""type"\s{0,8}:\s{0,8}"service_account""#,
        r"ya29\.[0-9A-Za-z_\-]+",
    ])
});

/// Credentials as other systems' error pages repeat them.
static CREDENTIALS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&[
        r"(?i:\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,})",
        r"\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*",
        concat!(
            r#"(?i:"[a-z_\-]{0,32}(?:token|secret|password|authorization|cookie)""#,
            r#"\s{0,8}:\s{0,8}"[^"]*"?)"#
        ),
    ])
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, compiled by the tests"
)]
fn regex(alternatives: &[&str]) -> Regex {
    Regex::new(&alternatives.join("|")).expect("the pattern is valid")
}

/// Hides secrets in text: the values it was given, and whatever has the shape of a credential.
///
/// ```
/// use ocean_core::http::Masker;
///
/// let masker = Masker::new(["hunter22"]);
/// assert_eq!(masker.full("login hunter22 failed"), "login [REDACTED] failed");
/// assert_eq!(masker.partial("login hunter22 failed"), "login hunter[REDACTED] failed");
/// ```
#[derive(Clone, Default)]
pub struct Masker {
    /// The longest first, so that a secret that contains another is hidden whole.
    secrets: Arc<[String]>,
}

impl Masker {
    /// A masker that hides these values (those shorter than 4 characters would hide too much),
    /// plain, encoded for a URL or a form, in base64, and escaped as in JSON and `Debug` output.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self::default().and(secrets)
    }

    /// A masker that hides these values too.
    #[must_use]
    pub fn and<S: AsRef<str>>(&self, secrets: impl IntoIterator<Item = S>) -> Self {
        let mut all = self.secrets.to_vec();
        for secret in secrets {
            let secret = secret.as_ref().trim();
            if secret.chars().count() >= SHORTEST_SECRET {
                all.extend(forms_of(secret));
            }
        }
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self {
            secrets: all.into(),
        }
    }

    /// Replaces every secret.
    #[must_use]
    pub fn full<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.mask(text, &SHAPES, |_| REDACTED.to_owned())
    }

    /// Replaces every secret in the texts of a JSON value; keys stay as they are.
    ///
    /// JSON is masked before it is written, because as text it may hold a secret in escaped form.
    pub fn full_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.full(text) {
                    *text = masked;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.full_json(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.full_json(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces every secret but its first six characters, for logs that stay on the machine.
    #[must_use]
    pub fn partial<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.mask(text, &SHAPES, |secret| {
            secret
                .chars()
                .take(KEPT_CHARACTERS)
                .chain(REDACTED.chars())
                .collect()
        })
    }

    /// Replaces the secrets it was given and nothing else; `None` when there are none.
    pub(crate) fn known(&self, text: &str) -> Option<String> {
        let is_there = self.secrets.iter().any(|secret| text.contains(&**secret));
        is_there.then(|| {
            let secrets = self.secrets.iter();
            secrets.fold(text.to_owned(), |text, secret| {
                text.replace(&**secret, REDACTED)
            })
        })
    }

    /// The start of a body as an error may show it: one line, masked, at most `most` bytes.
    pub(super) fn excerpt(&self, body: &[u8], most: usize) -> String {
        let start = body.get(..EXCERPT_SOURCE).unwrap_or(body);
        let text = String::from_utf8_lossy(start);
        let masked = self.full(&text);
        let masked = replace(&masked, &CREDENTIALS, |_| REDACTED.to_owned());
        let mut excerpt = String::new();
        for character in masked.trim().chars() {
            if excerpt.len() + character.len_utf8() > most {
                excerpt.push('…');
                break;
            }
            excerpt.push(if character.is_control() {
                ' '
            } else {
                character
            });
        }
        if excerpt.is_empty() {
            excerpt.push_str("empty body");
        }
        excerpt
    }

    fn mask<'t>(
        &self,
        text: &'t str,
        shapes: &Regex,
        with: impl Fn(&str) -> String,
    ) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.secrets.iter() {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), &with(secret)));
            }
        }
        match replace(&masked, shapes, with) {
            Cow::Borrowed(_) => masked,
            Cow::Owned(changed) => Cow::Owned(changed),
        }
    }
}

/// How a secret may be written. Encoders for URLs do not agree about `-`, `.`, `_` and `~`, nor
/// whether a blank is a `+`; base64 is written with and without padding, and in two alphabets.
fn forms_of(secret: &str) -> [String; 7] {
    [
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(secret, RESERVED).to_string(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.replace('\\', "\\\\").replace('"', "\\\""),
    ]
}

/// A search that gives up (it has a step limit) must not show what it could not search.
fn replace<'t>(text: &'t str, shapes: &Regex, with: impl Fn(&str) -> String) -> Cow<'t, str> {
    let replacement = |found: &Captures<'_>| {
        found
            .get(0)
            .map_or_else(String::new, |found| with(found.as_str()))
    };
    shapes
        .try_replacen(text, 0, replacement)
        .unwrap_or(Cow::Borrowed(REDACTED))
}

/// The values are the secrets, so only their number is shown.
impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker")
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

/// A URL without user, password, and the values of query parameters named like a credential.
///
/// ```
/// use ocean_core::http::redact_url;
///
/// let url = "https://me:pw@host.example/a?page=2&access_token=abc".parse().expect("a URL");
/// assert_eq!(
///     redact_url(&url),
///     "https://host.example/a?page=2&access_token=[REDACTED]"
/// );
/// ```
#[must_use]
pub fn redact_url(url: &Url) -> String {
    let mut bare = url.clone();
    // Both fail only for URLs that cannot have a user, and such have none.
    let _cannot_have_one = bare.set_username("").and_then(|()| bare.set_password(None));
    bare.set_query(None);
    bare.set_fragment(None);
    with_query(bare.to_string(), url.query())
}

/// The URI of a request, without secrets wherever it is shown.
///
/// They are hidden when somebody looks, and not before: every call has a URI, and hardly any fails.
#[derive(Clone, Default)]
pub(super) struct RedactedUri {
    uri: Uri,
    masker: Masker,
}

impl RedactedUri {
    pub(super) const fn new(uri: Uri, masker: Masker) -> Self {
        Self { uri, masker }
    }
}

impl fmt::Display for RedactedUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masker.full(&redact_uri(&self.uri)))
    }
}

impl fmt::Debug for RedactedUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As [`redact_url`], for the URI of a request.
fn redact_uri(uri: &Uri) -> String {
    let mut bare = String::new();
    if let Some(scheme) = uri.scheme_str() {
        bare.push_str(scheme);
        bare.push_str("://");
    }
    if let Some(authority) = uri.authority() {
        let host = authority.as_str();
        bare.push_str(host.rsplit_once('@').map_or(host, |(_user, host)| host));
    }
    bare.push_str(uri.path());
    with_query(bare, uri.query())
}

fn with_query(mut bare: String, query: Option<&str>) -> String {
    for (index, pair) in query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .enumerate()
    {
        bare.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if is_named_like_a_secret(name) => {
                bare.push_str(name);
                bare.push('=');
                bare.push_str(REDACTED);
            }
            _ => bare.push_str(pair),
        }
    }
    bare
}

fn is_named_like_a_secret(name: &str) -> bool {
    const PARTS: [&str; 10] = [
        "token",
        "secret",
        "password",
        "passwd",
        "apikey",
        "api_key",
        "signature",
        "auth",
        "credential",
        "session",
    ];
    const WHOLE: [&str; 4] = ["key", "sig", "jwt", "code"];
    let name = name.to_lowercase();
    WHOLE.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests;
