//! What the webhook processors of all kinds share: the signature check, the name of a delivery and
//! typed snapshots.
//!
//! Start with [`authenticate`].

use ocean_core::{RawItem, Signature, Unauthenticated, WebhookEvent};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

/// The header that a delivery shares with its repetitions.
const DELIVERY_HEADER: &str = "x-atlassian-webhook-identifier";

/// How Jira signs the events of a webhook whose secret is set.
const SIGNATURE: Signature = Signature::hmac_sha256("x-hub-signature", "sha256=");

/// Checks that Jira sent this event: it is signed with one of the secrets. While a secret is
/// changed there are two.
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
    SIGNATURE.verify(event, secrets.map(ExposeSecret::expose_secret))
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

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    /// `printf '{"a": 1}' | openssl dgst -sha256 -hmac s3cret`
    const SIGNED: &str = "sha256=1a9fab6cd4b8cdcaad8640f3eca73fa924c62ff24f3833254ef3547232153767";

    fn check(secrets: &[&str], signature: Option<&str>, body: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert("x-hub-signature", signature.parse().unwrap());
        }
        let event = WebhookEvent::new(headers, body).unwrap();
        let secrets: Vec<_> = secrets.iter().map(|&one| SecretString::from(one)).collect();
        authenticate(&secrets, &event).is_ok()
    }

    #[test]
    fn with_secrets_an_event_has_to_be_signed_with_one_of_them() {
        let body = r#"{"a": 1}"#;
        assert!(check(&["s3cret"], Some(SIGNED), body));
        assert!(check(&["new", "s3cret"], Some(SIGNED), body));
        assert!(!check(&["new"], Some(SIGNED), body));
        assert!(!check(&["s3cret"], Some(SIGNED), r#"{"a":1}"#));
        assert!(!check(&["s3cret"], None, body));
    }

    #[test]
    fn without_a_secret_every_event_is_accepted() {
        assert!(check(&[], None, "{}"));
    }
}
