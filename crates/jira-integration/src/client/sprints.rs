//! Sprints of the agile API.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Window};
use ocean_core::{Batch, RawItem, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, PAGE_SIZE};
use crate::error::JiraError;

const NO_SPRINTS: &[&str] = &["The board does not support sprints"];

impl JiraClient {
    /// The sprints of a board in some states (comma-separated), or in all; none when the board is
    /// gone or is not one for sprints.
    pub fn sprints(
        &self,
        board: u64,
        states: Option<&str>,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, states) = (self.clone(), states.map(str::to_owned));
        let pages = OffsetPages::of("values")
            .page_size(PAGE_SIZE)
            .pages(move |page| {
                jira.fetch(list_request(jira.site(), board, states.as_deref(), page))
            });
        or_nothing(pages, NO_SPRINTS)
    }

    /// One sprint; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn sprint(&self, id: u64) -> Result<Option<RawItem>, JiraError> {
        let url = self.site().agile(&["sprint", &id.to_string()]);
        self.find(get(url, &[])?).await
    }
}

fn list_request(
    site: &Site,
    board: u64,
    states: Option<&str>,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let page = PageQuery::from(page);
    let states = states.map(|states| ("state", states));
    let parameters: Vec<_> = states.into_iter().chain(page.parameters()).collect();
    let url = site.agile(&["board", &board.to_string(), "sprint"]);
    get(url, &parameters)
}
