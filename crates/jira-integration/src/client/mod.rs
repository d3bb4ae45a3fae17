//! The client of Jira: a cheap handle whose methods are split by API area, one file each.
//!
//! Start with [`JiraClient`]. Listing methods return streams of batches, one per page of Jira,
//! that own all they need; a stream that ends without an error has proven that it read
//! everything.

mod absence;
mod app_webhooks;
mod auth;
mod backlog;
mod boards;
mod cloud;
mod components;
mod epics;
mod existence;
mod issues;
mod projects;
mod rate_limit;
mod site;
mod sprints;
mod teams;
mod users;
mod versions;
mod webhooks;
mod worklogs;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use ocean_core::http::{HttpClient, HttpClientBuilder, Masker, Response};
use ocean_core::{RawItem, Unauthenticated, WebhookEvent};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;

pub(crate) use self::app_webhooks::AppWebhook;
use self::auth::Authorization;
pub use self::backlog::{BacklogApi, BacklogQuery};
pub use self::boards::BoardQuery;
pub(crate) use self::boards::with_keys_of;
use self::cloud::Clouds;
pub use self::components::ComponentQuery;
pub(crate) use self::existence::{ExistingIssues, IssueName};
pub use self::issues::{IssueQuery, MAX_RECONCILED_ISSUES};
pub use self::projects::ProjectQuery;
use self::rate_limit::RateLimiter;
use self::site::{Site, get};
pub(crate) use self::webhooks::{NewWebhook, Webhook};
pub use self::worklogs::WorklogQuery;
use crate::config::{Credentials, JiraConfig};
use crate::error::JiraError;
use crate::webhook;

/// How many requests are on the wire at the same time.
pub(crate) const CONCURRENT_REQUESTS: usize = 10;

/// How many items Jira gives at most in a page of projects, boards and what the boards show.
const PAGE_SIZE: usize = 50;

/// How many items we ask for where Jira documents no limit. It gives fewer if it has one.
const LARGE_PAGE_SIZE: usize = 100;

/// A handle on one Jira site. Clones share connections, limits and credentials.
#[derive(Clone)]
pub struct JiraClient {
    shared: Arc<Shared>,
}

struct Shared {
    http: HttpClient,
    site: Site,
    clouds: Clouds,
    organization_id: Option<String>,
    narrow_fields: bool,
    webhook_secret: Option<SecretString>,
    webhook_secret_previous: Option<SecretString>,
}

impl JiraClient {
    /// A client of the configured site that sends through `http`.
    ///
    /// What belongs to Jira (credentials, concurrency, masking) is set here; proxies,
    /// certificates and deadlines are the caller's.
    ///
    /// # Errors
    ///
    /// When the host, the credentials or the HTTP settings are not usable.
    pub fn new(config: JiraConfig, http: HttpClientBuilder) -> Result<Self, JiraError> {
        let http = http
            .concurrency(CONCURRENT_REQUESTS)
            .masker(masker(&config))
            .throttle(RateLimiter::default())
            .authenticator(Authorization::new(&config.credentials)?)
            .build()?;
        Ok(Self {
            shared: Arc::new(Shared {
                http,
                site: Site::new(&config)?,
                clouds: Clouds::default(),
                organization_id: config.organization_id,
                narrow_fields: config.narrow_fields,
                webhook_secret: config.webhook_secret,
                webhook_secret_previous: config.webhook_secret_previous,
            }),
        })
    }

    /// The Atlassian organization whose teams can be read, if one is configured.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.shared.organization_id.as_deref()
    }

    /// Asks the platform API (`rest/api/3/` and this path) for what this client has no method for.
    ///
    /// For listings with pages see [`paging`](ocean_core::http::paging) of the core.
    ///
    /// # Errors
    ///
    /// When Jira does not answer, or something else than a `T`.
    pub async fn platform<T>(&self, path: &[&str]) -> Result<T, JiraError>
    where
        T: DeserializeOwned + Send,
    {
        self.send_json(get(self.site().platform(path), &[])?).await
    }

    /// Whether an event comes from Jira, as far as we can tell.
    ///
    /// # Errors
    ///
    /// When a webhook secret is configured and the event is signed neither with it nor with the
    /// one of before.
    pub fn authenticate(&self, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        let previous = self.shared.webhook_secret_previous.as_ref();
        webhook::authenticate(self.webhook_secret().into_iter().chain(previous), event)
    }

    pub(crate) fn verifies_signatures(&self) -> bool {
        self.webhook_secret().is_some() || self.shared.webhook_secret_previous.is_some()
    }

    pub(crate) fn registers_secret(&self) -> bool {
        self.webhook_secret().is_some()
    }

    fn webhook_secret(&self) -> Option<&SecretString> {
        self.shared.webhook_secret.as_ref()
    }

    /// Whether fields that no mapping reads may be left out.
    fn narrows_fields(&self) -> bool {
        self.shared.narrow_fields
    }

    /// Whether an access token is sent.
    pub(crate) fn uses_oauth(&self) -> bool {
        self.site().is_oauth()
    }

    fn site(&self) -> &Site {
        &self.shared.site
    }

    fn http(&self) -> &HttpClient {
        &self.shared.http
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response, JiraError> {
        Ok(self.http().send(self.located(request).await?).await?)
    }

    /// The same for a pager: the future owns the client, and building may have failed.
    fn fetch(
        &self,
        request: Result<Request<Bytes>, JiraError>,
    ) -> impl Future<Output = Result<Response, JiraError>> + Send + use<> {
        let jira = self.clone();
        async move { jira.send(request?).await }
    }

    async fn send_json<T: DeserializeOwned + Send>(
        &self,
        request: Request<Bytes>,
    ) -> Result<T, JiraError> {
        Ok(self.http().send_json(self.located(request).await?).await?)
    }

    /// One object, or `None` when Jira does not have it (any more) or does not show it to us.
    async fn find(&self, request: Request<Bytes>) -> Result<Option<RawItem>, JiraError> {
        match self.send_json(request).await {
            Ok(item) => Ok(Some(item)),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for JiraClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JiraClient")
            .field("site", &self.shared.site)
            .finish_non_exhaustive()
    }
}

/// Hides our credentials in whatever an error quotes. An access token out of a file is known by its
/// shape instead, as it changes.
fn masker(config: &JiraConfig) -> Masker {
    let webhook = [&config.webhook_secret, &config.webhook_secret_previous].into_iter();
    let webhook = webhook.flatten().map(|secret| secret.expose_secret());
    match &config.credentials {
        Credentials::Basic { email, token } => {
            let (email, token) = (email.expose_secret(), token.expose_secret());
            // Of the pair in the `Authorization` header, only the masker knows the base64 form.
            let pair = format!("{email}:{token}");
            Masker::new([email, token, &pair].into_iter().chain(webhook))
        }
        Credentials::OAuth { token, .. } => {
            Masker::new([token.expose_secret()].into_iter().chain(webhook))
        }
    }
}
