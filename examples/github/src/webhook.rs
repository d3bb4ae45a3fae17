//! What the live events of all kinds share: how they are signed, named and counted.

use ocean_core::Signature;
use ocean_core::prelude::*;
use serde::Deserialize;

use crate::client::GithubClient;

const SIGNATURE: Signature = Signature::hmac_sha256("x-hub-signature-256", "sha256=");

/// Part of every event: the repository it is about.
#[derive(Debug, Deserialize)]
pub(crate) struct RepositoryPart {
    pub(crate) id: u64,
    pub(crate) full_name: String,
}

/// Checks the signature; without a secret in the settings nobody can prove anything.
pub(crate) fn authenticate(
    github: &GithubClient,
    event: &WebhookEvent,
) -> Result<(), Unauthenticated> {
    SIGNATURE.verify(event, github.webhook_secret())
}

/// Whether the event is about this kind of object, as GitHub calls it.
pub(crate) fn is_about(event: &WebhookEvent, name: &str) -> bool {
    event.header("x-github-event") == Some(name) && event.payload().get("repository").is_some()
}

/// What GitHub calls this delivery; it says the same when it sends the event again.
pub(crate) fn delivery_id(event: &WebhookEvent) -> Option<String> {
    event.header("x-github-delivery").map(str::to_owned)
}
