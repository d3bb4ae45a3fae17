//! What is read from GitHub: repositories, and what is numbered below them.

mod numbered;
mod repository;

use ocean_core::prelude::*;

pub(crate) use self::numbered::{Issue, NumberedWebhookProcessor, PullRequest, on_resync_numbered};
pub(crate) use self::repository::{RepositoryWebhookProcessor, on_resync_repositories};

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
