//! Worklogs of the platform API.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap, Window};
use ocean_core::{Batch, RawItem, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, PAGE_SIZE};
use crate::error::JiraError;

/// Which worklogs of an issue to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorklogQuery {
    parameters: Vec<(&'static str, String)>,
    expand: Option<String>,
}

impl WorklogQuery {
    /// Only work that began at this instant or later, in milliseconds since the epoch.
    #[must_use]
    pub fn started_after(mut self, millis: i64) -> Self {
        self.parameters.push(("startedAfter", millis.to_string()));
        self
    }

    /// Only work that began before this instant, in milliseconds since the epoch.
    #[must_use]
    pub fn started_before(mut self, millis: i64) -> Self {
        self.parameters.push(("startedBefore", millis.to_string()));
        self
    }

    /// Asks for extra parts of each worklog, comma-separated; an empty text is not sent.
    #[must_use]
    pub fn expand(mut self, expand: impl Into<String>) -> Self {
        self.expand = Some(expand.into()).filter(|expand| !expand.is_empty());
        self
    }

    fn expand_parameter(&self) -> Option<(&str, &str)> {
        self.expand.as_deref().map(|expand| ("expand", expand))
    }
}

impl JiraClient {
    /// The work logged on an issue; none when the issue is gone.
    pub fn worklogs(
        &self,
        issue_key: &str,
        query: &WorklogQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, issue_key, query) = (self.clone(), issue_key.to_owned(), query.clone());
        let pages = OffsetPages::of("worklogs")
            .page_size(PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(list_request(jira.site(), &issue_key, &query, page)));
        or_nothing(pages, &[])
    }

    /// One worklog; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn worklog(
        &self,
        issue: u64,
        id: u64,
        query: &WorklogQuery,
    ) -> Result<Option<RawItem>, JiraError> {
        self.find(worklog_request(self.site(), issue, id, query)?)
            .await
    }
}

fn list_request(
    site: &Site,
    issue_key: &str,
    query: &WorklogQuery,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let page = PageQuery::from(page);
    let limits = query.parameters.iter();
    let mut parameters = page.parameters().to_vec();
    parameters.extend(limits.map(|(name, value)| (*name, value.as_str())));
    parameters.extend(query.expand_parameter());
    get(site.platform(&["issue", issue_key, "worklog"]), &parameters)
}

/// A single worklog is expanded like a listed one.
fn worklog_request(
    site: &Site,
    issue: u64,
    id: u64,
    query: &WorklogQuery,
) -> Result<Request<Bytes>, JiraError> {
    let parameters: Vec<_> = query.expand_parameter().into_iter().collect();
    let (issue, id) = (issue.to_string(), id.to_string());
    get(
        site.platform(&["issue", &issue, "worklog", &id]),
        &parameters,
    )
}
