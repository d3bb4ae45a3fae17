//! Backlogs: the issues that wait on each board. Jira sends no events about them.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parents::of_all_boards;
use super::spoken;
use crate::client::{BacklogApi, BacklogQuery, JiraClient};
use crate::jql;

/// What users may write under `selector:` of the kind `backlog`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BacklogSelector {
    /// Only issues that this Jira query finds.
    pub jql: Option<String>,
    /// Which fields of an issue to ask for; all by default.
    pub fields: Option<Vec<String>>,
    /// Whether to ask the newer of Jira's two interfaces for backlogs. The older one is not asked
    /// in its place when it fails.
    #[serde(deserialize_with = "spoken::boolean")]
    pub use_software_api: bool,
}

impl Default for BacklogSelector {
    fn default() -> Self {
        Self {
            jql: Some("updated >= -1w OR statusCategory != Done".to_owned()),
            fields: None,
            use_software_api: true,
        }
    }
}

impl Selector for BacklogSelector {}

impl From<&BacklogSelector> for BacklogQuery {
    fn from(selector: &BacklogSelector) -> Self {
        let mut query = Self::from_api(if selector.use_software_api {
            BacklogApi::Software
        } else {
            BacklogApi::Agile
        });
        if let Some(jql) = &selector.jql {
            query = query.jql(jql);
        }
        if let Some(fields) = &selector.fields {
            query = query.fields(fields);
        }
        query
    }
}

/// Reads the backlogs of all boards, each issue with the id of the board as `__boardId`; in an
/// incremental sync only issues that changed.
pub fn on_resync_backlogs(
    jira: JiraClient,
    cx: ResyncContext<BacklogSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let mut selector = cx.selector().clone();
    if cx.since().is_some() {
        let jql = selector.jql.unwrap_or_default();
        selector.jql = Some(jql::changed(&jql, cx.since()));
    }
    let query = BacklogQuery::from(&selector);
    let of_kind = cx.clone();
    of_all_boards(jira.clone(), &cx, move |board| {
        let cx = of_kind.clone();
        jira.backlog(board, &query)
            .map_ok(move |batch| with_ids(batch, &cx).with("__boardId", &board.into()))
    })
}

/// Leaves out what has no id, as it cannot be told apart from other items.
fn with_ids<S>(batch: Batch, cx: &ResyncContext<S>) -> Batch {
    let all = batch.len();
    let has_id = |issue: &RawItem| issue.get::<serde_json::Value>("id").is_some();
    let batch: Batch = batch.into_iter().filter(has_id).collect();
    if batch.len() < all {
        cx.incomplete("a backlog has an issue without an id");
    }
    batch
}
