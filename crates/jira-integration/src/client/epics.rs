//! Epics of the agile API.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Window};
use ocean_core::{Batch, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, PAGE_SIZE};
use crate::error::JiraError;

const NO_EPICS: &[&str] = &["does not support epics"];

impl JiraClient {
    /// The epics of a board, done or not or both; none when the board is gone or cannot have any.
    pub fn epics(
        &self,
        board: u64,
        done: Option<bool>,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        let pages = OffsetPages::of("values")
            .page_size(PAGE_SIZE)
            .pages(move |page| jira.fetch(list_request(jira.site(), board, done, page)));
        or_nothing(pages, NO_EPICS)
    }
}

fn list_request(
    site: &Site,
    board: u64,
    done: Option<bool>,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let page = PageQuery::from(page);
    let done = done.map(|done| ("done", if done { "true" } else { "false" }));
    let parameters: Vec<_> = done.into_iter().chain(page.parameters()).collect();
    let url = site.agile(&["board", &board.to_string(), "epic"]);
    get(url, &parameters)
}
