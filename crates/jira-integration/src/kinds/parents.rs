//! Boards and projects as parents: listed once per resync, for all kinds that belong to them.

use std::future::ready;
use std::sync::Arc;

use futures::{StreamExt as _, TryFutureExt as _, stream};
use ocean_core::prelude::*;

use crate::client::{BoardQuery, CONCURRENT_REQUESTS, JiraClient, ProjectQuery};
use crate::error::JiraError;

/// Reads what belongs to each board, by the board's id.
pub(super) fn of_all_boards<S, C, F>(
    jira: JiraClient,
    cx: &ResyncContext<S>,
    children: F,
) -> impl Stream<Item = Result<Batch, SourceError>> + use<S, C, F>
where
    S: Selector,
    C: Stream<Item = Result<Batch, JiraError>> + Send,
    F: FnMut(u64) -> C + Send,
{
    let ids = cx.shared("boards", move || async move {
        let pages: Vec<Batch> = jira.boards(BoardQuery::default()).try_collect().await?;
        let boards = pages.into_iter().flatten();
        Ok::<_, JiraError>(boards.map(|board| board.get("id")).collect::<Vec<_>>())
    });
    let boards = one_by_one(ids)
        .and_then(|id: Option<u64>| ready(id.ok_or_else(|| nameless("a board without an id"))));
    fan_out(boards, CONCURRENT_REQUESTS, children)
}

/// Reads what belongs to each project, by the project's key and the project as Jira lists it.
pub(super) fn of_all_projects<S, C, F>(
    jira: JiraClient,
    cx: &ResyncContext<S>,
    mut children: F,
) -> impl Stream<Item = Result<Batch, SourceError>> + use<S, C, F>
where
    S: Selector,
    C: Stream<Item = Result<Batch, JiraError>> + Send,
    F: FnMut(String, RawItem) -> C + Send,
{
    let projects = cx.shared("projects", move || async move {
        let pages: Vec<Batch> = jira.projects(ProjectQuery::default()).try_collect().await?;
        Ok::<_, JiraError>(pages.into_iter().flatten().collect::<Vec<RawItem>>())
    });
    let projects = one_by_one(projects).and_then(|project| {
        let key = project.get("key");
        let key = key.ok_or_else(|| nameless("a project without a key"));
        ready(key.map(|key: String| (key, project)))
    });
    fan_out(projects, CONCURRENT_REQUESTS, move |(key, project)| {
        children(key, project)
    })
}

/// The elements of a shared list, or the error of fetching it.
fn one_by_one<T: Clone + Send + Sync>(
    list: impl Future<Output = Result<Arc<Vec<T>>, SourceError>> + Send,
) -> impl Stream<Item = Result<T, SourceError>> + Send {
    let each = |list: Arc<Vec<T>>| {
        let places = 0..list.len();
        stream::iter(places.filter_map(move |place| list.get(place).cloned())).map(Ok)
    };
    list.map_ok(each).try_flatten_stream()
}

/// Nothing can be read about a parent that cannot be named, so its kind is not complete.
fn nameless(what: &'static str) -> SourceError {
    JiraError::Unexpected { what }.into()
}
