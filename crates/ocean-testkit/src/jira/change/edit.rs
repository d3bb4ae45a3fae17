//! What can be set of an issue? [`IssueEdit`].

use serde::{Deserialize, Deserializer};

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
