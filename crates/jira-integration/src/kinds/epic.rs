//! Epics: read board by board. Jira sends no events about them.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parents::of_all_boards;
use crate::client::JiraClient;

/// What users may write under `selector:` of the kind `epic`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EpicSelector {
    /// Only epics with one of these statuses; `null` or an empty list for all epics.
    pub status: Option<Vec<EpicStatus>>,
}

/// Whether an epic is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum EpicStatus {
    /// It is not.
    Incomplete,
    /// It is.
    Complete,
}

impl Default for EpicSelector {
    fn default() -> Self {
        Self {
            status: Some(vec![EpicStatus::Incomplete]),
        }
    }
}

impl Selector for EpicSelector {}

impl EpicSelector {
    /// What Jira is asked for: it knows done, not done, or both.
    fn done(&self) -> Option<bool> {
        match self.status.as_deref()? {
            [only] => Some(*only == EpicStatus::Complete),
            _ => None,
        }
    }
}

/// Reads the epics of all boards that the selector wants, each with the id of its board as
/// `__boardId`.
pub fn on_resync_epics(
    jira: JiraClient,
    cx: ResyncContext<EpicSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let done = cx.selector().done();
    of_all_boards(jira.clone(), &cx, move |board| {
        let epics = jira.epics(board, done);
        epics.map_ok(move |batch| batch.with("__boardId", &board.into()))
    })
}
