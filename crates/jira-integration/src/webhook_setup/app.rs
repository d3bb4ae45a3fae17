//! With OAuth: does the app have a webhook, and will it still have it tomorrow? [`keep`].

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::EVENTS;
use crate::client::{AppWebhook, JiraClient};
use crate::error::JiraError;

/// A webhook that expires in less than this is renewed. A process may be down for as long without
/// losing its webhook.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Makes sure that the app's webhook is there and lives on.
///
/// Jira lets an app send to one address only, so the first webhook speaks for all of them.
pub(super) async fn keep(jira: &JiraClient, url: &str) -> Result<(), JiraError> {
    let events: Vec<_> = events().collect();
    let Some(existing) = jira.app_webhooks().await?.into_iter().next() else {
        jira.create_app_webhook(url, &events).await?;
        info!(events = events.len(), "webhook created");
        return Ok(());
    };
    if existing.url != url {
        let address = existing.url.split('?').next();
        warn!(address, "the webhook of the app sends to another address");
        warn!("no webhook is set up: delete that one, or let its process serve the live events");
        return Ok(());
    }
    check_events(&existing, &events);
    renew(jira, &existing).await
}

/// Apps cannot have the events of projects and users.
fn events() -> impl Iterator<Item = &'static str> {
    let kept = |event: &&str| !event.starts_with("project_") && !event.starts_with("user_");
    EVENTS.iter().copied().filter(kept)
}

/// Jira has no request that changes an app's webhook.
fn check_events(webhook: &AppWebhook, wanted: &[&str]) {
    let missing: Vec<_> = wanted
        .iter()
        .copied()
        .filter(|&event| !webhook.events.iter().any(|sent| sent == event))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        warn!(missing, "the webhook does not send all events");
    }
}

async fn renew(jira: &JiraClient, webhook: &AppWebhook) -> Result<(), JiraError> {
    let expires = webhook.expires();
    let left = expires.map(|expires| expires.duration_since(Timestamp::now()));
    let days = left.map(|left| left.as_hours() / 24);
    if left.is_some_and(|left| left >= RENEWED_BEFORE) {
        info!(days, "the webhook exists and does not expire soon");
        return Ok(());
    }
    jira.renew_app_webhook(webhook).await?;
    info!(days, "the webhook was about to expire and is renewed");
    Ok(())
}
