//! What can happen on the site?
//!
//! A [`Change`] is data, so that a test can make it in Rust and a demo can send it as JSON to
//! `POST /__twin/change`. Each change moves the site's clock on by a second, so that no two
//! changes carry the same time.

mod apply;
mod event;
mod random;
mod surroundings;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

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
    /// Deletes a project with all its issues, versions and boards.
    DeleteProject {
        /// Key or id.
        key: String,
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

/// Fields of an issue to set; what is not named stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct IssueEdit {
    /// The summary.
    pub summary: Option<String>,
    /// The name of a status.
    pub status: Option<String>,
    /// The name of a priority.
    pub priority: Option<String>,
    /// The name of an issue type; only read when an issue is created.
    pub issuetype: Option<String>,
    /// An account id or address; the inner `None` leaves the issue to nobody.
    #[serde(deserialize_with = "present")]
    pub assignee: Option<Option<String>>,
    /// All labels.
    pub labels: Option<Vec<String>>,
}

/// Tells a field that is null from one that is not there.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl IssueEdit {
    /// An edit that sets nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the summary.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Sets the status by its name.
    #[must_use]
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Sets the priority by its name.
    #[must_use]
    pub fn priority(mut self, priority: impl Into<String>) -> Self {
        self.priority = Some(priority.into());
        self
    }

    /// Gives the issue to a user, by account id or address.
    #[must_use]
    pub fn assignee(mut self, account: impl Into<String>) -> Self {
        self.assignee = Some(Some(account.into()));
        self
    }

    /// Takes the issue from whoever has it.
    #[must_use]
    pub fn unassigned(mut self) -> Self {
        self.assignee = Some(None);
        self
    }

    /// Replaces the labels.
    #[must_use]
    pub fn labels<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> Self {
        self.labels = Some(labels.into_iter().map(Into::into).collect());
        self
    }
}

/// An item that a change touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changed {
    /// `issue`, `project`, `user`, `team`, `version`, `board` or `sprint`.
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
