//! The Jira integration: reads projects, issues, users, teams, releases, boards, sprints, backlogs,
//! epics, worklogs and components of Jira Cloud, and keeps up to date with webhooks what Jira sends
//! events about.
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
//! assert_eq!(kinds[..4], ["project", "issue", "user", "team"]);
//! assert_eq!(kinds.len(), 11);
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

pub use crate::client::{
    BacklogApi, BacklogQuery, BoardQuery, ComponentQuery, IssueQuery, JiraClient,
    MAX_RECONCILED_ISSUES, ProjectQuery, WorklogQuery,
};
pub use crate::config::{Credentials, JiraConfig, JiraSettings};
pub use crate::error::{JiraError, Result};
pub use crate::kinds::{
    BacklogSelector, BoardEvent, BoardSelector, BoardType, BoardWebhookProcessor,
    ComponentSelector, ComponentSource, EpicSelector, EpicStatus, IssueEvent, IssueSelector,
    IssueWebhookProcessor, Kinds, ProjectEvent, ProjectSelector, ProjectWebhookProcessor,
    SprintEvent, SprintSelector, SprintState, SprintWebhookProcessor, TeamSelector, UserEvent,
    UserWebhookProcessor, VersionEvent, VersionWebhookProcessor, WorklogEvent, WorklogParameters,
    WorklogSelector, WorklogWebhookProcessor, on_incremental_resync_worklogs, on_resync_backlogs,
    on_resync_boards, on_resync_components, on_resync_epics, on_resync_issues, on_resync_projects,
    on_resync_releases, on_resync_sprints, on_resync_teams, on_resync_users, on_resync_worklogs,
};
pub use crate::resources::{BLUEPRINTS, MAPPING, SPEC};
use crate::webhook_setup::RENEWAL_INTERVAL;
pub use crate::webhook_setup::{renew_webhook, setup_application};

/// A client of the Jira that the settings speak of, which sends through `http`.
///
/// It signs in with OAuth when `http` knows where an access token lies, and else with the account
/// of the settings.
///
/// # Errors
///
/// When the host or the credentials are not usable. Whether Jira accepts them is not asked.
pub fn create_jira_client(settings: &JiraSettings, http: HttpClientBuilder) -> Result<JiraClient> {
    let config = JiraConfig::try_from(settings)?;
    let config = match http.operators_access_token_file() {
        Some(path) => config.access_token_file(path),
        None => config,
    };
    JiraClient::new(config, http)
}

/// Adds everything that this integration does.
#[must_use]
pub fn integration(ocean: Integration<JiraClient>) -> Integration<JiraClient> {
    ocean
        .on_start(setup_application)
        .every(RENEWAL_INTERVAL, renew_webhook)
        .on_resync(Kinds::Project, on_resync_projects)
        .on_resync(Kinds::Issue, on_resync_issues)
        .on_resync(Kinds::User, on_resync_users)
        .on_resync(Kinds::Team, on_resync_teams)
        .on_resync(Kinds::Release, on_resync_releases)
        .on_resync(Kinds::Board, on_resync_boards)
        .on_resync(Kinds::Sprint, on_resync_sprints)
        .on_resync(Kinds::Backlog, on_resync_backlogs)
        .on_resync(Kinds::Epic, on_resync_epics)
        .on_resync(Kinds::Worklog, on_resync_worklogs)
        .on_resync(Kinds::Component, on_resync_components)
        .on_incremental_resync(Kinds::Issue, on_resync_issues)
        .on_incremental_resync(Kinds::Backlog, on_resync_backlogs)
        .on_incremental_resync(Kinds::Worklog, on_incremental_resync_worklogs)
        .add_webhook_processor("/webhook", IssueWebhookProcessor)
        .add_webhook_processor("/webhook", ProjectWebhookProcessor)
        .add_webhook_processor("/webhook", UserWebhookProcessor)
        .add_webhook_processor("/webhook", VersionWebhookProcessor)
        .add_webhook_processor("/webhook", BoardWebhookProcessor)
        .add_webhook_processor("/webhook", SprintWebhookProcessor)
        .add_webhook_processor("/webhook", WorklogWebhookProcessor)
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
    let jira = create_jira_client(settings, http)?;
    Ok(integration(Integration::new(jira)))
}
