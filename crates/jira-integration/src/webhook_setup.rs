//! Makes sure that Jira has a webhook that sends its events to us.
//!
//! Start with [`setup_application`].

mod app;

use std::time::Duration;

use ocean_core::StartContext;
use tracing::{info, warn};

use crate::client::{JiraClient, NewWebhook, Webhook};
use crate::error::JiraError;

/// Where the runtime takes in the events of the processors registered at `/webhook`.
const INGEST_PATH: &str = "/integration/webhook";

/// How often [`renew_webhook`] is to look.
pub(crate) const RENEWAL_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The events we ask for. Those of kinds that are not read yet are part of it, so that a webhook
/// that an earlier version or the Python integration created needs no change.
const EVENTS: &[&str] = &[
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "jira:version_created",
    "jira:version_updated",
    "jira:version_deleted",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_moved",
    "project_created",
    "project_updated",
    "project_deleted",
    "project_soft_deleted",
    "project_restored_deleted",
    "project_archived",
    "project_restored_archived",
    "user_created",
    "user_updated",
    "user_deleted",
    "board_created",
    "board_updated",
    "board_deleted",
    "worklog_created",
    "worklog_updated",
    "worklog_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_deleted",
    "sprint_closed",
];

/// Registers our webhook when the process starts, or brings the one that is there up to date.
///
/// Does nothing when the process ends after one resync or nothing can reach it, and warns when
/// the account may not administer webhooks. With OAuth the webhook is the app's, which Jira does
/// not sign with a webhook secret: with one configured a warning says that nothing is set up.
///
/// # Errors
///
/// When Jira does not answer one of the requests as expected.
pub async fn setup_application(jira: JiraClient, cx: StartContext) -> Result<(), JiraError> {
    if cx.once {
        info!("no webhook is set up, because the event listener is ONCE");
        return Ok(());
    }
    let Some(url) = target(&cx) else {
        info!("no webhook is set up, because there is no base url that Jira could call");
        return Ok(());
    };
    if !jira.verifies_signatures() {
        warn!(
            "no webhook secret is set: whoever can reach `{INGEST_PATH}` can send events, because \
             nothing tells them from those of Jira; they cost requests to Jira, and may delete \
             entities that a mapping identifies by neither id nor key"
        );
    }
    if !jira.uses_oauth() {
        return set_up_as_administrator(&jira, &cx, url).await;
    }
    if jira.verifies_signatures() {
        warn!(
            "no webhook is set up: with oauth Jira does not sign its events with the webhook \
             secret, and all of them would be refused; unset the secret, or let an administrator \
             create a webhook with it by hand"
        );
        return Ok(());
    }
    app::keep(&jira, &url).await
}

/// Keeps the webhook of an OAuth app from expiring, and makes it again when it is gone.
///
/// Those of administrators do not expire, so without OAuth nothing is asked.
///
/// # Errors
///
/// When Jira does not answer one of the requests as expected.
pub async fn renew_webhook(jira: JiraClient, cx: StartContext) -> Result<(), JiraError> {
    let is_ours = jira.uses_oauth() && !jira.verifies_signatures() && !cx.once;
    match target(&cx).filter(|_| is_ours) {
        Some(url) => app::keep(&jira, &url).await,
        None => Ok(()),
    }
}

/// Where Jira is to send events; `None` when nothing can reach us.
fn target(cx: &StartContext) -> Option<String> {
    let base_url = cx.base_url.as_deref()?;
    Some(format!("{}{INGEST_PATH}", base_url.trim_end_matches('/')))
}

async fn set_up_as_administrator(
    jira: &JiraClient,
    cx: &StartContext,
    url: String,
) -> Result<(), JiraError> {
    if !jira.may_administer().await? {
        warn!("no webhook is set up, because the account is not a Jira administrator");
        return Ok(());
    }
    let wanted = NewWebhook {
        name: format!("{}-Port-Ocean-Events-Webhook", cx.identifier),
        url,
        events: EVENTS.iter().map(|&event| event.to_owned()).collect(),
    };
    let existing = jira.webhooks().await?;
    match existing
        .into_iter()
        .find(|webhook| webhook.url == wanted.url)
    {
        Some(existing) => bring_up_to_date(jira, existing, wanted.events).await,
        None => {
            jira.create_webhook(&wanted).await?;
            info!(events = EVENTS.len(), "webhook created");
            Ok(())
        }
    }
}

/// Leaves everything but the events and the secret as the administrator set it.
async fn bring_up_to_date(
    jira: &JiraClient,
    webhook: Webhook,
    events: Vec<String>,
) -> Result<(), JiraError> {
    if webhook.filters_issues() {
        warn!("the webhook has a JQL filter: events of other issues do not arrive");
    }
    if !webhook.is_enabled() {
        warn!("the webhook is disabled: no events arrive");
    }
    if webhook.is_signed() && !jira.verifies_signatures() {
        warn!("the webhook signs its events, but no webhook secret is set to check them with");
    }
    let missing = without(&events, &webhook.events);
    let extra = without(&webhook.events, &events);
    // Jira does not tell a webhook's secret, so a configured one is always set anew.
    if missing.is_empty() && extra.is_empty() && !jira.registers_secret() {
        info!("the webhook exists and sends all events");
        return Ok(());
    }
    jira.update_webhook(&webhook, &events).await?;
    info!(
        missing = missing.join(" "),
        extra = extra.join(" "),
        "webhook updated"
    );
    Ok(())
}

/// Those of some events that are not among others.
fn without<'e>(events: &'e [String], others: &[String]) -> Vec<&'e str> {
    let known = |event: &&String| !others.contains(event);
    let left = events.iter().filter(known);
    left.map(String::as_str).collect()
}
