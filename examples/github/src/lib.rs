//! The GitHub integration: repositories of an organization, their pull requests and issues.
//!
//! | to see | open |
//! | --- | --- |
//! | how GitHub is asked | `client.rs` |
//! | a kind: selector, resync function, live events | `kinds/` |

mod client;
mod kinds;

use ocean_core::Integration;

pub use crate::client::{Github, GithubSettings, create_github_client};
use crate::kinds::{
    Issue, Kinds, NumberedProcessor, PullRequest, RepositoryProcessor, on_resync_numbered,
    on_resync_repositories,
};

/// What settings it has.
pub const SPEC: &str = include_str!("../.port/spec.yaml");
/// The mapping that a new installation begins with.
pub const MAPPING: &str = include_str!("../.port/resources/port-app-config.yaml");
/// The blueprints that a new installation begins with.
pub const BLUEPRINTS: &str = include_str!("../.port/resources/blueprints.json");

/// Adds everything that this integration does.
#[must_use]
pub fn integration(ocean: Integration<Github>) -> Integration<Github> {
    ocean
        .on_resync(Kinds::Repository, on_resync_repositories)
        .on_resync(Kinds::PullRequest, on_resync_numbered::<PullRequest>)
        .on_resync(Kinds::Issue, on_resync_numbered::<Issue>)
        .add_webhook_processor("/webhook", RepositoryProcessor)
        .add_webhook_processor("/webhook", NumberedProcessor::<PullRequest>::default())
        .add_webhook_processor("/webhook", NumberedProcessor::<Issue>::default())
}
