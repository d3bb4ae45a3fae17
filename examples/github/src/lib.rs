//! The GitHub integration: repositories of an organization, their pull requests and issues.
//!
//! | to see | open |
//! | --- | --- |
//! | how GitHub is asked | `client.rs` |
//! | a kind: selector, resync function, live events | `kinds/` |
//! | what the live events of all kinds share | `webhook.rs` |

mod client;
mod kinds;
mod webhook;

use ocean_core::Integration;
use ocean_core::http::{HttpClientBuilder, HttpError};

pub use crate::client::{GithubClient, GithubSettings};
use crate::kinds::{
    Issue, Kinds, NumberedWebhookProcessor, PullRequest, RepositoryWebhookProcessor,
    on_resync_numbered, on_resync_repositories,
};

/// What settings it has.
pub const SPEC: &str = include_str!("../.port/spec.yaml");
/// The mapping that a new installation begins with.
pub const MAPPING: &str = include_str!("../.port/resources/port-app-config.yaml");
/// The blueprints that a new installation begins with.
pub const BLUEPRINTS: &str = include_str!("../.port/resources/blueprints.json");

/// A client of the GitHub that the settings speak of.
///
/// # Errors
///
/// The token cannot be sent.
pub fn create_github_client(
    settings: &GithubSettings,
    http: HttpClientBuilder,
) -> Result<GithubClient, HttpError> {
    GithubClient::new(settings, http)
}

/// Adds everything that this integration does.
#[must_use]
pub fn integration(ocean: Integration<GithubClient>) -> Integration<GithubClient> {
    ocean
        .on_resync(Kinds::Repository, on_resync_repositories)
        .on_resync(Kinds::PullRequest, on_resync_numbered::<PullRequest>)
        .on_resync(Kinds::Issue, on_resync_numbered::<Issue>)
        .add_webhook_processor("/webhook", RepositoryWebhookProcessor)
        .add_webhook_processor("/webhook", NumberedWebhookProcessor::<PullRequest>::new())
        .add_webhook_processor("/webhook", NumberedWebhookProcessor::<Issue>::new())
}
