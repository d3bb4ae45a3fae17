//! What the webhook processors of all kinds share: the signature check, the name of a delivery and
//! typed snapshots.
//!
//! Start with [`authenticate`].

use hmac::{Hmac, KeyInit as _, Mac as _};
use ocean_core::{RawItem, Unauthenticated, WebhookEvent};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use sha2::Sha256;

/// The header that a delivery shares with its repetitions.
const DELIVERY_HEADER: &str = "x-atlassian-webhook-identifier";

/// The header in which Jira puts the signature of a webhook whose secret is set.
const SIGNATURE_HEADER: &str = "x-hub-signature";

/// Checks that Jira sent this event: its signature is the HMAC-SHA256 of the exact body, made with
/// one of the secrets. While a secret is changed there are two.
///
/// Without a secret every event is accepted, as a webhook that was registered without one is not
/// signed.
pub(crate) fn authenticate<'s>(
    secrets: impl IntoIterator<Item = &'s SecretString>,
    event: &WebhookEvent,
) -> Result<(), Unauthenticated> {
    let mut secrets = secrets.into_iter().peekable();
    if secrets.peek().is_none() {
        return Ok(());
    }
    let refused = |reason: &str| Unauthenticated(reason.to_owned());
    let header = event
        .header(SIGNATURE_HEADER)
        .ok_or_else(|| refused("the request has no signature"))?;
    let signature = header
        .strip_prefix("sha256=")
        .ok_or_else(|| refused("the signature is not of the form `sha256=...`"))?;
    let signature = decode_hex(signature).ok_or_else(|| refused("the signature is not hex"))?;
    // All secrets are tried whatever comes of the first, so that the time tells nothing.
    let matching = secrets
        .filter(|secret| is_signed(secret, event, &signature))
        .count();
    if matching == 0 {
        return Err(refused("the signature does not match"));
    }
    Ok(())
}

fn is_signed(secret: &SecretString, event: &WebhookEvent, signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).is_ok_and(|mut mac| {
        mac.update(event.body());
        mac.verify_slice(signature).is_ok()
    })
}

/// What Jira calls this delivery; it says the same when it sends the event again.
pub(crate) fn delivery_id(event: &WebhookEvent) -> Option<String> {
    let id = event.header(DELIVERY_HEADER)?.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// Part of a payload, as it arrived and as the fields a processor needs.
#[derive(Debug)]
pub(crate) struct Snapshot<F> {
    /// What the processor needs to know.
    pub(crate) fields: F,
    /// The object as Jira sent it; a deletion is mapped from it.
    pub(crate) item: RawItem,
}

impl<'de, F: DeserializeOwned> Deserialize<'de> for Snapshot<F> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let item = RawItem::deserialize(json)?;
        let fields = item.parse().map_err(D::Error::custom)?;
        Ok(Self { fields, item })
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

    /// `printf '{"a": 1}' | openssl dgst -sha256 -hmac s3cret`
    const SIGNATURE: &str = "1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";

    fn check(secrets: &[&str], signature: Option<&str>, body: &'static str) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        }
        let event = WebhookEvent::new(headers, body).unwrap();
        let secrets: Vec<_> = secrets.iter().map(|&one| SecretString::from(one)).collect();
        authenticate(&secrets, &event).map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_signature_over_the_exact_body_is_accepted() {
        let signature = format!("sha256={SIGNATURE}");
        assert_eq!(check(&["s3cret"], Some(&signature), r#"{"a": 1}"#), Ok(()));
    }

    #[test]
    fn while_the_secret_is_changed_the_one_of_before_counts_too() {
        let signature = format!("sha256={SIGNATURE}");
        let body = r#"{"a": 1}"#;
        assert_eq!(check(&["new", "s3cret"], Some(&signature), body), Ok(()));
        assert_eq!(check(&["s3cret", "old"], Some(&signature), body), Ok(()));
        let refused = check(&["new", "old"], Some(&signature), body).unwrap_err();
        assert_eq!(refused, "the signature does not match");
    }

    #[test]
    fn another_body_secret_or_algorithm_is_refused() {
        let signature = format!("sha256={SIGNATURE}");
        let cut = signature.replace("767", "7");
        for (secret, signature, body, reason) in [
            (
                "s3cret",
                Some(signature.as_str()),
                r#"{"a":1}"#,
                "does not match",
            ),
            (
                "other",
                Some(signature.as_str()),
                r#"{"a": 1}"#,
                "does not match",
            ),
            (
                "s3cret",
                Some(cut.as_str()),
                r#"{"a": 1}"#,
                "does not match",
            ),
            ("s3cret", Some("sha256="), r#"{"a": 1}"#, "does not match"),
            ("s3cret", Some("sha1=00"), r#"{"a": 1}"#, "not of the form"),
            ("s3cret", Some("sha256=0"), r#"{"a": 1}"#, "not hex"),
            ("s3cret", Some("sha256=zz"), r#"{"a": 1}"#, "not hex"),
            ("s3cret", None, r#"{"a": 1}"#, "no signature"),
        ] {
            let refused = check(&[secret], signature, body).unwrap_err();
            assert!(refused.contains(reason), "{signature:?}: {refused}");
        }
    }

    #[test]
    fn without_a_secret_every_event_is_accepted() {
        assert_eq!(check(&[], None, "{}"), Ok(()));
    }
}
