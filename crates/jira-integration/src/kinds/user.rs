//! Users: read page by page, read again on every user event.

use ocean_core::prelude::*;
use serde::Deserialize;

use super::Kinds;
use crate::client::JiraClient;
use crate::error::JiraError;
use crate::webhook::{self, Snapshot};

/// Reads all accounts, people and apps alike.
pub fn on_resync_users(
    jira: JiraClient,
    _: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    jira.users()
}

/// Keeps users up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct UserWebhookProcessor;

/// What a user event must carry.
#[derive(Debug, Deserialize)]
pub struct UserEvent {
    user: Snapshot<UserFields>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserFields {
    account_id: String,
}

impl WebhookProcessor<JiraClient> for UserWebhookProcessor {
    type Kind = Kinds;
    type Payload = UserEvent;
    type Selector = NoSelector;

    const KINDS: &'static [Kinds] = &[Kinds::User];

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("user_"))
    }

    fn subject(&self, event: &UserEvent) -> Option<Subject> {
        Some(Subject::new("user", &event.user.fields.account_id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the user either way.
    fn supersedes(&self, _: &UserEvent, _: &UserEvent) -> bool {
        true
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<UserEvent>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira).await?);
        }
        Ok(changes)
    }
}

impl UserEvent {
    /// Whatever the event says, Jira knows whether the user is there: accounts that were closed
    /// are listed, and so they are kept.
    async fn changes(self, jira: &JiraClient) -> Result<Changes, JiraError> {
        Ok(match jira.user(&self.user.fields.account_id).await? {
            Some(user) => Changes::updated([user]),
            None => Changes::deleted([self.user.item]),
        })
    }
}
