//! Which names say that their value is a credential?

use percent_encoding::percent_decode_str;

/// How a name ends whose value is a credential, without case, `_`, `-` and the like.
const ENDINGS: [&str; 20] = [
    "accesskey",
    "apikey",
    "assertion",
    "authorization",
    "codeverifier",
    "cookie",
    "credential",
    "credentials",
    "csrf",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sessionid",
    "signature",
    "signingkey",
];

/// Names that say so only as a whole.
const WHOLE: [&str; 2] = ["pass", "sig"];

/// Names that say so where a request is authorised, and mean all sorts of things in an answer.
const IN_REQUESTS: [&str; 4] = ["auth", "code", "key", "session"];

/// A token whose name has one of these leads to the next page, and lets nobody in.
const OF_PAGES: [&str; 4] = ["continuation", "cursor", "next", "page"];

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tape) enum Place {
    /// In a query or a body that we sent. A false alarm costs nothing, as a stand-in tells requests
    /// apart as well as the value does.
    Request,
    /// In what was answered. A false alarm changes data that a mapping may read.
    Answer,
}

impl Place {
    /// Whether the value of this name is a credential. The name may be encoded as in a URL.
    pub(super) fn has_credential(self, name: &str) -> bool {
        let name = percent_decode_str(name).decode_utf8_lossy();
        let plain: String = name
            .chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let is_token = plain.ends_with("token") && !OF_PAGES.iter().any(|of| plain.contains(of));
        is_token
            || WHOLE.contains(&plain.as_str())
            || ENDINGS.iter().any(|ending| plain.ends_with(ending))
            || (self == Self::Request && IN_REQUESTS.contains(&plain.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::Place::{Answer, Request};

    #[test]
    fn names_of_credentials_are_known_however_they_are_written() {
        for name in [
            "token",
            "access_token",
            "access%5Ftoken",
            "privateToken",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "aws_secret_access_key",
            "webhook-secret",
            "sessionId",
            "pwd",
        ] {
            assert!(Request.has_credential(name), "{name}");
            assert!(Answer.has_credential(name), "{name}");
        }
    }

    #[test]
    fn data_and_the_way_to_the_next_page_are_none() {
        for name in [
            "author",
            "key",
            "session",
            "nextPageToken",
            "continuation_token",
            "page[token]",
            "tokens",
            "passed",
            "secretary",
        ] {
            assert!(!Answer.has_credential(name), "{name}");
        }
        assert!(!Request.has_credential("nextPageToken"));
        assert!(Request.has_credential("key"));
    }
}
