//! Did the sender of an event know the secret? [`Signature`] checks it the way most systems sign.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Unauthenticated, WebhookEvent};

/// A signature that a header carries: the HMAC-SHA256 of the exact body, in hex behind a prefix.
///
/// ```
/// use ocean_core::{Signature, WebhookEvent};
///
/// const SIGNATURE: Signature = Signature::hmac_sha256("x-hub-signature-256", "sha256=");
///
/// let mut headers = http::HeaderMap::new();
/// let signed = "sha256=1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";
/// headers.insert("x-hub-signature-256", http::HeaderValue::from_static(signed));
/// let event = WebhookEvent::new(headers, r#"{"a": 1}"#)?;
/// assert!(SIGNATURE.verify(&event, ["s3cret"]).is_ok());
/// assert!(SIGNATURE.verify(&event, ["guessed"]).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    header: &'static str,
    prefix: &'static str,
}

impl Signature {
    /// A signature in this header, behind this prefix (`sha256=`, or nothing).
    #[must_use]
    pub const fn hmac_sha256(header: &'static str, prefix: &'static str) -> Self {
        Self { header, prefix }
    }

    /// Checks that the event was signed with one of these secrets; while a secret is changed there
    /// are two. Without any secret nothing is accepted.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`] with what is wrong with the signature.
    pub fn verify<'s>(
        &self,
        event: &WebhookEvent,
        secrets: impl IntoIterator<Item = &'s str>,
    ) -> Result<(), Unauthenticated> {
        let refused = |reason: &str| Unauthenticated(reason.to_owned());
        let header = event
            .header(self.header)
            .ok_or_else(|| refused("the request has no signature"))?;
        let signature = header
            .strip_prefix(self.prefix)
            .ok_or_else(|| Unauthenticated(format!("the signature is not of the form `{self}`")))?;
        let signature = decode_hex(signature).ok_or_else(|| refused("the signature is not hex"))?;
        // All secrets are tried whatever comes of the first, so that the time tells nothing.
        let signed = |secret: &&str| is_signed(secret, event, &signature);
        match secrets.into_iter().filter(signed).count() {
            0 => Err(refused("the signature does not match")),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}...", self.prefix)
    }
}

fn is_signed(secret: &str, event: &WebhookEvent, signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).is_ok_and(|mut mac| {
        mac.update(event.body());
        mac.verify_slice(signature).is_ok()
    })
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const HEADER: &str = "x-hub-signature";

    /// `printf '{"a": 1}' | openssl dgst -sha256 -hmac s3cret`
    const SIGNED: &str = "1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";

    fn check(secrets: &[&str], signature: Option<&str>, body: &'static str) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert(HEADER, signature.parse().unwrap());
        }
        let event = WebhookEvent::new(headers, body).unwrap();
        Signature::hmac_sha256(HEADER, "sha256=")
            .verify(&event, secrets.iter().copied())
            .map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_signature_over_the_exact_body_is_accepted() {
        let signature = format!("sha256={SIGNED}");
        assert_eq!(check(&["s3cret"], Some(&signature), r#"{"a": 1}"#), Ok(()));
    }

    #[test]
    fn while_the_secret_is_changed_the_one_of_before_counts_too() {
        let signature = format!("sha256={SIGNED}");
        let body = r#"{"a": 1}"#;
        assert_eq!(check(&["new", "s3cret"], Some(&signature), body), Ok(()));
        assert_eq!(check(&["s3cret", "old"], Some(&signature), body), Ok(()));
        let refused = check(&["new", "old"], Some(&signature), body).unwrap_err();
        assert_eq!(refused, "the signature does not match");
    }

    #[test]
    fn another_body_secret_or_algorithm_is_refused() {
        let signature = format!("sha256={SIGNED}");
        let cut = signature.replace("767", "7");
        let body = r#"{"a": 1}"#;
        for (secret, signature, body, reason) in [
            (
                "s3cret",
                Some(signature.as_str()),
                r#"{"a":1}"#,
                "does not match",
            ),
            ("other", Some(signature.as_str()), body, "does not match"),
            ("s3cret", Some(cut.as_str()), body, "does not match"),
            ("s3cret", Some("sha256="), body, "does not match"),
            (
                "s3cret",
                Some("sha1=00"),
                body,
                "not of the form `sha256=...`",
            ),
            ("s3cret", Some("sha256=0"), body, "not hex"),
            ("s3cret", Some("sha256=zz"), body, "not hex"),
            ("s3cret", None, body, "no signature"),
        ] {
            let refused = check(&[secret], signature, body).unwrap_err();
            assert!(refused.contains(reason), "{signature:?}: {refused}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_accepted() {
        let signature = format!("sha256={SIGNED}");
        assert!(check(&[], Some(&signature), r#"{"a": 1}"#).is_err());
    }
}
