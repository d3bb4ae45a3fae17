//! Did the sender of an event know the secret? [`Signature`] checks it the way most systems sign.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Unauthenticated, WebhookEvent};

/// How many signatures of one header are looked at; two are enough while a secret is changed.
const MOST_SIGNATURES: usize = 8;

/// What a header carries to prove that the sender knows a secret: a signature of the exact body, or
/// the secret itself.
///
/// A header may carry several signatures with commas between them, as systems send them that sign
/// with the old and the new secret while it is changed; one that matches is enough.
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
    proof: Proof,
}

#[derive(Debug, Clone, Copy)]
enum Proof {
    /// The HMAC-SHA256 of the body, in hex.
    Hmac,
    /// The secret as it is.
    Secret,
}

impl Signature {
    /// A signature in this header, behind this prefix (`sha256=`, or nothing): the HMAC-SHA256 of
    /// the exact body, in hex.
    #[must_use]
    pub const fn hmac_sha256(header: &'static str, prefix: &'static str) -> Self {
        Self {
            header,
            prefix,
            proof: Proof::Hmac,
        }
    }

    /// The secret itself in this header, behind this prefix (`Bearer `, or nothing), as GitLab
    /// sends it in `x-gitlab-token`.
    ///
    /// It says nothing about the body, and whoever sees one request can send others. Take a
    /// signature if the system has one.
    #[must_use]
    pub const fn shared_secret(header: &'static str, prefix: &'static str) -> Self {
        Self {
            header,
            prefix,
            proof: Proof::Secret,
        }
    }

    /// Checks that the sender knows one of these secrets; while a secret is changed there are two.
    /// Without any secret nothing is accepted, and an empty one is none.
    ///
    /// How long it takes tells nothing about the secrets.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`] with what is wrong with the signature, or the secret.
    pub fn verify<'s>(
        &self,
        event: &WebhookEvent,
        secrets: impl IntoIterator<Item = &'s str>,
    ) -> Result<(), Unauthenticated> {
        let what = self.proof.name();
        let header = event
            .header(self.header)
            .ok_or_else(|| Unauthenticated(format!("the request has no {what}")))?;
        let of_this_form = self.parts(header);
        if of_this_form.is_empty() {
            let message = format!("the {what} is not of the form `{self}`");
            return Err(Unauthenticated(message));
        }
        let parts = of_this_form.into_iter();
        let given: Vec<Vec<u8>> = parts.filter_map(|part| self.proof.bytes(part)).collect();
        if given.is_empty() {
            return Err(Unauthenticated(format!("the {what} is not hex")));
        }
        // All are tried with all secrets whatever comes of the first, so that the time tells
        // nothing.
        let fits = |secret: &str| {
            let tried = given.iter();
            tried
                .filter(|one| self.proof.fits(secret, event.body(), one))
                .count()
        };
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        match secrets.map(fits).sum::<usize>() {
            0 => Err(Unauthenticated(format!("the {what} does not match"))),
            _ => Ok(()),
        }
    }

    /// What the header carries behind the prefix. A secret may have commas in it.
    fn parts<'h>(&self, header: &'h str) -> Vec<&'h str> {
        let behind = |part: &'h str| part.strip_prefix(self.prefix);
        match self.proof {
            Proof::Hmac => {
                let parts = header.split(',').take(MOST_SIGNATURES).map(str::trim);
                parts.filter_map(behind).collect()
            }
            Proof::Secret => behind(header).into_iter().collect(),
        }
    }
}

impl Proof {
    /// What is compared; `None` for what is no hex.
    fn bytes(self, given: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hmac => decode_hex(given),
            Self::Secret => Some(given.as_bytes().to_vec()),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Hmac => "signature",
            Self::Secret => "secret",
        }
    }

    /// Whether what was given proves that this secret is known. HMACs are compared in both cases,
    /// in a time that is the same wherever they differ.
    fn fits(self, secret: &str, body: &[u8], given: &[u8]) -> bool {
        let keyed = || Hmac::<Sha256>::new_from_slice(secret.as_bytes());
        let (Ok(mut known), Ok(mut guessed)) = (keyed(), keyed()) else {
            return false;
        };
        match self {
            Self::Hmac => {
                known.update(body);
                known.verify_slice(given).is_ok()
            }
            Self::Secret => {
                known.update(secret.as_bytes());
                guessed.update(given);
                known.finalize() == guessed.finalize()
            }
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}...", self.prefix)
    }
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
    fn one_of_several_signatures_is_enough_and_none_of_another_sort_counts() {
        let body = r#"{"a": 1}"#;
        let wrong = "0".repeat(64);
        for signature in [
            format!("sha256={SIGNED},sha256={wrong}"),
            format!("sha256={wrong}, sha256={SIGNED}"),
            format!("t=1700000000,sha256={SIGNED},sha256=what"),
        ] {
            let checked = check(&["s3cret"], Some(&signature), body);
            assert_eq!(checked, Ok(()), "{signature}");
        }
        for signature in [
            format!("sha256={wrong},sha256={wrong}"),
            format!("sha256={wrong},{SIGNED}"),
            format!("sha256={wrong},sha1={SIGNED}"),
            format!(
                "{}sha256={SIGNED}",
                format!("sha256={wrong},").repeat(MOST_SIGNATURES)
            ),
        ] {
            let refused = check(&["s3cret"], Some(&signature), body).unwrap_err();
            assert_eq!(refused, "the signature does not match", "{signature}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_accepted() {
        let signature = format!("sha256={SIGNED}");
        assert!(check(&[], Some(&signature), r#"{"a": 1}"#).is_err());
        // `printf '{"a": 1}' | openssl dgst -sha256 -hmac ''`
        let by_nobody = "sha256=1c388e050a00814c70352a0af03fbca049fc349ebce8a4df1ce38433715aeed2";
        assert!(check(&[""], Some(by_nobody), r#"{"a": 1}"#).is_err());
    }

    #[test]
    fn a_shared_secret_is_accepted_as_it_is_and_not_otherwise() {
        const TOKEN: Signature = Signature::shared_secret("x-desk-token", "");
        const BEARER: Signature = Signature::shared_secret("authorization", "Bearer ");
        let check = |signature: Signature, given: Option<&str>, secrets: &[&str]| {
            let mut headers = HeaderMap::new();
            if let Some(given) = given {
                headers.insert(signature.header, given.parse().unwrap());
            }
            let event = WebhookEvent::new(headers, "{}").unwrap();
            let verified = signature.verify(&event, secrets.iter().copied());
            verified.map_err(|refused| refused.to_string())
        };
        assert_eq!(check(TOKEN, Some("s3cret"), &["s3cret"]), Ok(()));
        assert_eq!(check(TOKEN, Some("s3cret"), &["new", "s3cret"]), Ok(()));
        assert_eq!(check(BEARER, Some("Bearer s3cret"), &["s3cret"]), Ok(()));
        for (signature, given, secret, reason) in [
            (TOKEN, Some("s3cre"), "s3cret", "the secret does not match"),
            (
                TOKEN,
                Some("s3crets"),
                "s3cret",
                "the secret does not match",
            ),
            (TOKEN, Some("S3cret"), "s3cret", "the secret does not match"),
            (TOKEN, Some(""), "s3cret", "the secret does not match"),
            (TOKEN, Some(""), "", "the secret does not match"),
            (TOKEN, None, "s3cret", "the request has no secret"),
            (
                BEARER,
                Some("s3cret"),
                "s3cret",
                "the secret is not of the form `Bearer ...`",
            ),
        ] {
            assert_eq!(
                check(signature, given, &[secret]),
                Err(reason.to_owned()),
                "{given:?}"
            );
        }
        assert!(check(TOKEN, Some("s3cret"), &[]).is_err());
    }
}
