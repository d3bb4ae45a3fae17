//! What waits on a board, from the software API or from the agile one.

use bytes::Bytes;
use futures::StreamExt as _;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap, TokenPages, Window};
use ocean_core::{Batch, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, LARGE_PAGE_SIZE};
use crate::error::JiraError;

const NO_BACKLOG: &[&str] = &["Backlogs are not supported on this board"];

/// Which issues of a backlog to ask for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogQuery {
    jql: Option<String>,
    fields: Option<String>,
    api: BacklogApi,
}

/// Jira tells backlogs in two places; the newer one does not know all boards, the older one is
/// slow on large ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BacklogApi {
    /// The newer one, with chained pages.
    Software,
    /// The older one, with numbered pages.
    Agile,
}

impl BacklogQuery {
    /// All issues of a backlog, with the fields that Jira sends by default.
    #[must_use]
    pub const fn from_api(api: BacklogApi) -> Self {
        Self {
            jql: None,
            fields: None,
            api,
        }
    }

    /// Only issues that a Jira query finds; an empty text is not sent.
    #[must_use]
    pub fn jql(mut self, jql: impl Into<String>) -> Self {
        self.jql = Some(jql.into()).filter(|jql| !jql.is_empty());
        self
    }

    /// Asks for these fields; none at all is sent as such.
    #[must_use]
    pub fn fields(mut self, fields: &[String]) -> Self {
        self.fields = Some(fields.join(","));
        self
    }

    fn parameters(&self) -> Vec<(&str, &str)> {
        let jql = self.jql.as_deref().map(|jql| ("jql", jql));
        let fields = self.fields.as_deref().map(|fields| ("fields", fields));
        jql.into_iter().chain(fields).collect()
    }
}

impl JiraClient {
    /// What waits on a board; nothing when the board is gone or has no backlog.
    pub fn backlog(
        &self,
        board: u64,
        query: &BacklogQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, query) = (self.clone(), query.clone());
        let pages = match query.api {
            BacklogApi::Software => TokenPages::next_page_token("issues")
                .absent_is_end()
                .pages(move |token| {
                    let token = token.as_deref();
                    jira.fetch(software_request(jira.site(), board, &query, token))
                })
                .left_stream(),
            BacklogApi::Agile => OffsetPages::of("issues")
                .page_size(LARGE_PAGE_SIZE)
                .overlap(Overlap::Always)
                .pages(move |page| jira.fetch(agile_request(jira.site(), board, &query, page)))
                .right_stream(),
        };
        or_nothing(pages, NO_BACKLOG)
    }
}

fn software_request(
    site: &Site,
    board: u64,
    query: &BacklogQuery,
    token: Option<&str>,
) -> Result<Request<Bytes>, JiraError> {
    let size = LARGE_PAGE_SIZE.to_string();
    let mut parameters = query.parameters();
    parameters.push(("maxResults", &size));
    parameters.extend(token.map(|token| ("nextPageToken", token)));
    let url = site.software(&["board", &board.to_string(), "backlog"]);
    get(url, &parameters)
}

fn agile_request(
    site: &Site,
    board: u64,
    query: &BacklogQuery,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let page = PageQuery::from(page);
    let parameters = [query.parameters(), page.parameters().to_vec()].concat();
    let url = site.agile(&["board", &board.to_string(), "backlog"]);
    get(url, &parameters)
}
