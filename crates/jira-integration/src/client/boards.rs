//! Boards of the agile API and the projects they show.

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap, Window};
use ocean_core::{Batch, RawItem, Stream};

use super::site::{PageQuery, Site, get};
use super::{CONCURRENT_REQUESTS, JiraClient, PAGE_SIZE};
use crate::error::JiraError;

/// Which boards to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardQuery {
    board_type: Option<String>,
    project: Option<String>,
}

impl BoardQuery {
    /// Only boards of a type: `scrum`, `kanban` or `simple`.
    #[must_use]
    pub fn board_type(mut self, board_type: impl Into<String>) -> Self {
        self.board_type = Some(board_type.into());
        self
    }

    /// Only boards that show a project, given by key or id.
    #[must_use]
    pub fn project(mut self, key_or_id: impl Into<String>) -> Self {
        self.project = Some(key_or_id.into());
        self
    }
}

impl JiraClient {
    /// All boards that our account may see.
    pub fn boards(
        &self,
        query: BoardQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        OffsetPages::of("values")
            .page_size(PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(list_request(jira.site(), &query, page)))
    }

    /// One board; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn board(&self, id: u64) -> Result<Option<RawItem>, JiraError> {
        let url = self.site().agile(&["board", &id.to_string()]);
        self.find(get(url, &[])?).await
    }

    /// The projects that a board shows; `None` when the board is gone.
    ///
    /// # Errors
    ///
    /// When not all of them can be read.
    pub async fn board_projects(&self, id: u64) -> Result<Option<Vec<RawItem>>, JiraError> {
        let jira = self.clone();
        let pages = OffsetPages::of("values")
            .page_size(PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(projects_request(jira.site(), id, page)));
        match pages.try_collect::<Vec<Batch>>().await {
            Ok(pages) => Ok(Some(pages.into_iter().flatten().collect())),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same boards, each with the keys of its projects as `__projectKeys`, in one batch.
    ///
    /// A board that is gone is left out. One whose projects cannot be read is left out too, and its
    /// error follows the batch.
    pub fn with_project_keys(
        &self,
        boards: Batch,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        let read = async move {
            let boards: Vec<_> = stream::iter(boards)
                .map(|board| jira.with_its_project_keys(board))
                .buffered(CONCURRENT_REQUESTS)
                .collect()
                .await;
            let (mut batch, mut errors) = (Vec::new(), Vec::new());
            for board in boards {
                match board {
                    Ok(board) => batch.extend(board),
                    Err(error) => errors.push(Err(error)),
                }
            }
            stream::iter([Ok(Batch::new(batch))].into_iter().chain(errors))
        };
        read.flatten_stream()
    }

    async fn with_its_project_keys(&self, board: RawItem) -> Result<Option<RawItem>, JiraError> {
        let Some(id) = board.get::<u64>("id") else {
            return Ok(Some(with_keys_of(board, &[])));
        };
        let projects = self.board_projects(id).await?;
        Ok(projects.map(|projects| with_keys_of(board, &projects)))
    }
}

/// A board with the keys of its projects as `__projectKeys`.
pub(crate) fn with_keys_of(board: RawItem, projects: &[RawItem]) -> RawItem {
    let keys: Vec<String> = projects
        .iter()
        .filter_map(|project| project.get("key"))
        .collect();
    board.with("__projectKeys", keys)
}

fn list_request(
    site: &Site,
    query: &BoardQuery,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let board_type = query.board_type.as_deref().map(|of| ("type", of));
    let project = query.project.as_deref().map(|of| ("projectKeyOrId", of));
    let page = PageQuery::from(page);
    let parameters = board_type.into_iter().chain(project);
    let parameters: Vec<_> = parameters.chain(page.parameters()).collect();
    get(site.agile(&["board"]), &parameters)
}

fn projects_request(site: &Site, id: u64, page: Window) -> Result<Request<Bytes>, JiraError> {
    let url = site.agile(&["board", &id.to_string(), "project"]);
    get(url, &PageQuery::from(page).parameters())
}
