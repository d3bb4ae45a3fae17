//! The Jira integration: reads projects, issues, users and teams of Jira Cloud and keeps them up
//! to date with webhooks.
//!
//! It knows nothing of Port: what becomes of the items that it reads is the mapping's and the
//! engine's business. Flavours of Jira other than Cloud are not supported.
//!
//! # Map
//!
//! | to | see |
//! | --- | --- |
//! | talk to Jira | [`JiraClient`], [`JiraConfig`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod config;
mod error;
mod id;
mod webhook;

use ocean_core::http::HttpClientBuilder;

pub use crate::client::{IssueQuery, JiraClient, MAX_RECONCILED_ISSUES, ProjectQuery};
pub use crate::config::{Credentials, JiraConfig, JiraSettings};
pub use crate::error::{JiraError, Result};

/// A client of the Jira that the settings speak of, which sends through `http`.
///
/// # Errors
///
/// When the host or the credentials are not usable. Whether Jira accepts them is not asked.
pub fn create_jira_client(settings: &JiraSettings, http: HttpClientBuilder) -> Result<JiraClient> {
    JiraClient::new(settings.try_into()?, http)
}
