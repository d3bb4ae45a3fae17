//! What is read from GitHub: repositories, and what is numbered below them.

mod numbered;
mod repository;

use ocean_core::prelude::*;
use serde::Deserialize;

pub(crate) use self::numbered::{Issue, NumberedProcessor, PullRequest, on_resync_numbered};
pub(crate) use self::repository::{RepositoryProcessor, on_resync_repositories};

kinds! {
    /// What this integration reads.
    pub(crate) enum Kinds {
        /// A repository of the organization.
        Repository = "repository",
        /// A pull request of one of them.
        PullRequest = "pull-request",
        /// An issue of one of them; pull requests are not among them.
        Issue = "issue",
    }
}

/// Part of every event: the repository it is about.
#[derive(Debug, Deserialize)]
struct RepositoryPart {
    id: u64,
    full_name: String,
}

/// Whether the event is about this sort of object, as GitHub calls it.
fn is_about(event: &WebhookEvent, name: &str) -> bool {
    event.header("x-github-event") == Some(name) && event.payload().get("repository").is_some()
}

/// What GitHub calls this delivery; it says the same when it sends the event again.
fn delivery_id(event: &WebhookEvent) -> Option<String> {
    event.header("x-github-delivery").map(str::to_owned)
}
