//! Which headers may wait with an event? Those that prove nothing.

use http::HeaderMap;

/// Names that hold credentials of whoever called or of what stands between.
const CREDENTIALS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// A header whose name contains one of these is taken for a credential or a signature.
const SUSPECTS: &[&str] = &[
    "signature",
    "secret",
    "token",
    "password",
    "credential",
    "api-key",
    "apikey",
];

/// The headers that are kept with an event. Values that are no text are kept as far as they are.
pub(super) fn harmless(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !is_sensitive(name.as_str()))
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect()
}

/// Header names are in lower case already.
fn is_sensitive(name: &str) -> bool {
    CREDENTIALS.contains(&name) || SUSPECTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn credentials_and_signatures_are_left_out() {
        let headers: HeaderMap = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-hub-signature",
            "x-hub-signature-256",
            "x-gitlab-token",
            "x-shared-secret",
            "x-api-key",
            "content-type",
            "x-atlassian-webhook-identifier",
        ]
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("value"),
            )
        })
        .into_iter()
        .collect();

        let mut kept: Vec<_> = harmless(&headers)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        kept.sort();

        assert_eq!(kept, ["content-type", "x-atlassian-webhook-identifier"]);
    }
}
