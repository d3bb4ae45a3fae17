//! The Jira integration: reads projects, issues, users and teams of Jira Cloud and keeps them up
//! to date with webhooks.
//!
//! It knows nothing of Port: what becomes of the items that it reads is the mapping's and the
//! engine's business. Flavours of Jira other than Cloud are not supported.
//!
//! ```
//! use jira_integration::{JiraSettings, connect};
//! use ocean_core::http::HttpClient;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings: JiraSettings = serde_json::from_value(serde_json::json!({
//!     "jira_host": "https://example.atlassian.net",
//!     "atlassian_user_email": "ada@example.com",
//!     "atlassian_user_token": "an API token",
//! }))?;
//! let integration = connect(&settings, HttpClient::builder("jira"))?;
//! let kinds: Vec<_> = integration.registry().kinds().collect();
//! assert_eq!(kinds, ["project", "issue", "user", "team"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! | to | see |
//! | --- | --- |
//! | run all of it | [`connect`], [`integration`] |
//! | read one kind, or add your own to it | [`Kinds`], the `on_resync_*` functions and `*Selector` types |
//! | talk to Jira | [`JiraClient`], [`JiraConfig`] |
//! | install it | [`SPEC`], [`BLUEPRINTS`], [`MAPPING`] |
//!
//! To add a kind, write a file in `kinds/`, list it in [`Kinds`], and register it in
//! [`integration`]. An integration built elsewhere can register kinds of its own on top of the
//! [`Integration`] that it gets from here.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod config;
mod error;
mod id;
mod jql;
mod kinds;
mod resources;
mod webhook;
mod webhook_setup;

use ocean_core::Integration;
use ocean_core::http::HttpClientBuilder;

pub use crate::client::{IssueQuery, JiraClient, MAX_RECONCILED_ISSUES, ProjectQuery};
pub use crate::config::{Credentials, JiraConfig, JiraSettings};
pub use crate::error::{JiraError, Result};
pub use crate::kinds::{
    IssueEvent, IssueSelector, IssueWebhookProcessor, Kinds, ProjectEvent, ProjectSelector,
    ProjectWebhookProcessor, TeamSelector, UserEvent, UserWebhookProcessor, on_resync_issues,
    on_resync_projects, on_resync_teams, on_resync_users,
};
pub use crate::resources::{BLUEPRINTS, MAPPING, SPEC};
pub use crate::webhook_setup::setup_application;

/// A client of the Jira that the settings speak of, which sends through `http`.
///
/// # Errors
///
/// When the host or the credentials are not usable. Whether Jira accepts them is not asked.
pub fn create_jira_client(settings: &JiraSettings, http: HttpClientBuilder) -> Result<JiraClient> {
    JiraClient::new(settings.try_into()?, http)
}

/// Everything that this integration does, around a client.
#[must_use]
pub fn integration(jira: JiraClient) -> Integration<JiraClient> {
    Integration::new(jira)
        .on_start(setup_application)
        .on_resync(Kinds::Project, on_resync_projects)
        .on_resync(Kinds::Issue, on_resync_issues)
        .on_resync(Kinds::User, on_resync_users)
        .on_resync(Kinds::Team, on_resync_teams)
        .add_webhook_processor("/webhook", IssueWebhookProcessor)
        .add_webhook_processor("/webhook", ProjectWebhookProcessor)
        .add_webhook_processor("/webhook", UserWebhookProcessor)
}

/// The integration of an operator's settings.
///
/// The caller decides about proxies, certificates and deadlines of `http`.
///
/// # Errors
///
/// As [`create_jira_client`].
pub fn connect(
    settings: &JiraSettings,
    http: HttpClientBuilder,
) -> Result<Integration<JiraClient>> {
    Ok(integration(create_jira_client(settings, http)?))
}
