//! The kinds of Jira, one file each: its selector, its resync function, its webhook processor.
//!
//! A new kind is a file here, a variant of [`Kinds`] and a line in
//! [`integration`](crate::integration).

mod backlog;
mod board;
mod component;
mod epic;
mod issue;
mod parents;
mod project;
mod release;
mod spoken;
mod sprint;
mod team;
mod user;
mod worklog;

use ocean_core::kinds;

pub use self::backlog::{BacklogSelector, on_resync_backlogs};
pub use self::board::{
    BoardEvent, BoardSelector, BoardType, BoardWebhookProcessor, on_resync_boards,
};
pub use self::component::{ComponentSelector, ComponentSource, on_resync_components};
pub use self::epic::{EpicSelector, EpicStatus, on_resync_epics};
pub use self::issue::{IssueEvent, IssueSelector, IssueWebhookProcessor, on_resync_issues};
pub use self::project::{
    ProjectEvent, ProjectSelector, ProjectWebhookProcessor, on_resync_projects,
};
pub use self::release::{VersionEvent, VersionWebhookProcessor, on_resync_releases};
pub use self::sprint::{
    SprintEvent, SprintSelector, SprintState, SprintWebhookProcessor, on_resync_sprints,
};
pub use self::team::{TeamSelector, on_resync_teams};
pub use self::user::{UserEvent, UserWebhookProcessor, on_resync_users};
pub use self::worklog::{
    WorklogEvent, WorklogParameters, WorklogSelector, WorklogWebhookProcessor,
    on_incremental_resync_worklogs, on_resync_worklogs,
};

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
        /// A version of a project.
        Release = "release",
        /// A board, with the keys of the projects it shows.
        Board = "board",
        /// A sprint of a board.
        Sprint = "sprint",
        /// An issue that waits on a board.
        Backlog = "backlog",
        /// An epic of a board.
        Epic = "epic",
        /// Time that was logged on an issue.
        Worklog = "worklog",
        /// A component of a project.
        Component = "component",
    }
}

#[cfg(test)]
mod tests;
