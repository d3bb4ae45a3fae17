//! What can happen on the site?
//!
//! A [`Change`] is data, so that a test can make it in Rust and a demo can send it as JSON to
//! `POST /__twin/change`. Each change moves the site's clock on by a second, so that no two
//! changes carry the same time.

mod apply;
mod edit;
mod event;
mod people;
mod plans;
mod projects;
mod random;
#[cfg(test)]
mod tests;
mod work;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::edit::IssueEdit;
pub(crate) use self::event::Event;

/// Something that happens on the site.
///
/// ```
/// use ocean_testkit::jira::Change;
///
/// let change: Change = serde_json::from_str(
///     r#"{"op":"update_issue","key":"PAY-1","summary":"Pay twice, refund once"}"#,
/// )?;
/// assert!(matches!(change, Change::UpdateIssue { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Sets fields of an issue.
    UpdateIssue {
        /// Key or id.
        key: String,
        /// What is set.
        #[serde(flatten)]
        edit: IssueEdit,
    },
    /// Adds an issue to a project.
    CreateIssue {
        /// Key or id of the project.
        project: String,
        /// What is not left to its default.
        #[serde(flatten)]
        edit: IssueEdit,
    },
    /// Deletes an issue and its subtasks.
    DeleteIssue {
        /// Key or id.
        key: String,
    },
    /// Moves an issue to another project: it gets a new key and keeps its id.
    MoveIssue {
        /// Key or id.
        key: String,
        /// Key or id of the project it goes to.
        project: String,
    },
    /// Adds a project.
    CreateProject {
        /// Its key.
        key: String,
        /// Its name.
        name: String,
    },
    /// Renames a project.
    UpdateProject {
        /// Key or id.
        key: String,
        /// Its new name.
        name: String,
    },
    /// Gives a project another key, and with it all its issues. The old keys still find them.
    ChangeProjectKey {
        /// Key or id.
        key: String,
        /// Its new key.
        new_key: String,
    },
    /// Puts a project with everything in it into the bin.
    BinProject {
        /// Key or id.
        key: String,
    },
    /// Takes a project out of the bin.
    RestoreProject {
        /// Key or id.
        key: String,
    },
    /// Archives a project.
    ArchiveProject {
        /// Key or id.
        key: String,
    },
    /// Brings a project back from the archive.
    UnarchiveProject {
        /// Key or id.
        key: String,
    },
    /// Deletes a project with all its issues, versions and boards, also out of the bin.
    DeleteProject {
        /// Key or id.
        key: String,
    },
    /// Adds a user.
    CreateUser {
        /// The name.
        name: String,
    },
    /// Sets facts of a user.
    UpdateUser {
        /// Account id or address.
        account_id: String,
        /// A new name.
        #[serde(default)]
        name: Option<String>,
        /// Whether the account is active.
        #[serde(default)]
        active: Option<bool>,
    },
    /// Deletes a user.
    DeleteUser {
        /// Account id or address.
        account_id: String,
    },
    /// Sets facts of a team.
    UpdateTeam {
        /// Id of the team.
        team_id: String,
        /// A new name.
        #[serde(default)]
        name: Option<String>,
        /// Account ids of all its members from now on.
        #[serde(default)]
        members: Option<Vec<String>>,
    },
    /// Deletes a team.
    DeleteTeam {
        /// Id of the team.
        team_id: String,
    },
    /// Adds a version to a project.
    CreateVersion {
        /// Key or id of the project.
        project: String,
        /// Its name.
        name: String,
    },
    /// Puts a version at another place among those of its project, which tells nothing but that.
    MoveVersion {
        /// Its id.
        id: u64,
    },
    /// Sets facts of a version.
    UpdateVersion {
        /// Its id.
        id: u64,
        /// A new name.
        #[serde(default)]
        name: Option<String>,
        /// Whether it is released.
        #[serde(default)]
        released: Option<bool>,
    },
    /// Deletes a version.
    DeleteVersion {
        /// Its id.
        id: u64,
        /// The version that takes over its issues.
        #[serde(default)]
        merged_to: Option<u64>,
    },
    /// Adds a board that shows a project.
    CreateBoard {
        /// Key or id of the project.
        project: String,
        /// Its name.
        name: String,
    },
    /// Renames a board.
    UpdateBoard {
        /// Its id.
        id: u64,
        /// Its new name.
        name: String,
    },
    /// Deletes a board with its sprints.
    DeleteBoard {
        /// Its id.
        id: u64,
    },
    /// Adds a sprint that did not begin to a board.
    CreateSprint {
        /// Id of the board.
        board: u64,
        /// Its name.
        name: String,
    },
    /// Sets facts of a sprint.
    UpdateSprint {
        /// Its id.
        id: u64,
        /// A new name.
        #[serde(default)]
        name: Option<String>,
        /// `future`, `active` or `closed`.
        #[serde(default)]
        state: Option<String>,
    },
    /// Deletes a sprint.
    DeleteSprint {
        /// Its id.
        id: u64,
    },
    /// Logs work on an issue.
    LogWork {
        /// Key or id of the issue.
        issue: String,
        /// How long it took.
        minutes: u64,
    },
    /// Corrects how long work took.
    UpdateWorklog {
        /// Its id.
        id: u64,
        /// How long it took.
        minutes: u64,
    },
    /// Deletes a worklog.
    DeleteWorklog {
        /// Its id.
        id: u64,
    },
    /// Changes issues at random; the same numbers on the same site give the same changes.
    Random {
        /// How many issues to change.
        #[serde(default)]
        updates: u64,
        /// How many to add.
        #[serde(default)]
        creates: u64,
        /// How many to delete, beside their subtasks.
        #[serde(default)]
        deletes: u64,
        /// Decides which.
        #[serde(default)]
        seed: u64,
    },
}

/// An item that a change touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changed {
    /// `issue`, `project`, `user`, `team`, `version`, `board`, `sprint` or `worklog`.
    pub kind: &'static str,
    /// What happened to it: `created`, `updated` or `deleted`.
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// Its key now, or its last one; only issues and projects have keys.
    pub key: Option<String>,
}

/// Why a change could not be made. The site is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeError {
    /// There is no such item.
    NotFound {
        /// What was looked for, as in [`Changed::kind`].
        kind: &'static str,
        /// By which name.
        name: String,
    },
    /// The value cannot be set.
    Invalid {
        /// Which field.
        field: &'static str,
        /// The value.
        value: String,
    },
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { kind, name } => write!(f, "no {kind} `{name}`"),
            Self::Invalid { field, value } => write!(f, "`{value}` is no {field}"),
        }
    }
}

impl std::error::Error for ChangeError {}

/// What a change did and which webhooks Jira would send for it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) changed: Vec<Changed>,
    pub(crate) events: Vec<Event>,
}
