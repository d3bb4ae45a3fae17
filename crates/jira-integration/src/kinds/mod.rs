//! The kinds of Jira, one file each: its selector, its resync function, its webhook processor.
//!
//! A new kind is a file here, a variant of [`Kinds`] and a line in
//! [`integration`](crate::integration).

mod issue;
mod project;
mod team;
mod user;

use ocean_core::kinds;

pub use self::issue::{IssueEvent, IssueSelector, IssueWebhookProcessor, on_resync_issues};
pub use self::project::{
    ProjectEvent, ProjectSelector, ProjectWebhookProcessor, on_resync_projects,
};
pub use self::team::{TeamSelector, on_resync_teams};
pub use self::user::{UserEvent, UserWebhookProcessor, on_resync_users};

kinds! {
    /// What this integration reads from Jira.
    pub enum Kinds {
        /// A project, the home of issues.
        Project = "project",
        /// An issue of any type, subtasks included.
        Issue = "issue",
        /// An account, a person's or an app's.
        User = "user",
        /// A team of the Atlassian organization, with its members if asked for.
        Team = "team",
    }
}

#[cfg(test)]
mod tests;
