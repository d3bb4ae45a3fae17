//! Worklogs of the platform API.

use std::collections::HashMap;

use bytes::Bytes;
use http::{Method, Request};
use ocean_core::http::Retry;
use ocean_core::http::paging::{OffsetPages, Overlap, Window};
use ocean_core::{Batch, RawItem, Since, Stream, try_stream};
use serde::Deserialize;
use serde_json::json;

use super::JiraClient;
use super::absence::or_nothing;
use super::site::{PageQuery, Site, get, with_json};
use crate::error::JiraError;
use crate::id::JiraId;

/// How many worklogs Jira lists in one request.
const MAX_LISTED_WORKLOGS: usize = 1_000;

/// What Jira leaves out of the worklogs that changed, in milliseconds.
const LATEST_MINUTE: i64 = 60_000;

/// Jira's limit for a page of worklogs.
const LARGEST_PAGE: usize = 5_000;

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
            .page_size(LARGEST_PAGE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(list_request(jira.site(), &issue_key, &query, page)));
        or_nothing(pages, &[])
    }

    /// The ids of worklogs that were made or changed since then, a page at a time. Some may come
    /// twice.
    ///
    /// Jira leaves out those of the last minute, so that one minute more is asked for.
    pub(crate) fn changed_worklogs(
        &self,
        since: Since,
    ) -> impl Stream<Item = Result<Vec<JiraId>, JiraError>> + Send + use<> {
        let jira = self.clone();
        try_stream! {
            let mut since = since.millis().saturating_sub(LATEST_MINUTE);
            loop {
                let request = changed_request(jira.site(), since)?;
                let page: ChangedPage = jira.send_json(request).await?;
                yield page.values.iter().map(|changed| changed.worklog_id).collect();
                if page.last_page {
                    return;
                }
                if page.until <= since {
                    Err(JiraError::Unexpected {
                        what: "a page of changed worklogs that leads nowhere",
                    })?;
                }
                since = page.until;
            }
        }
    }

    /// Those of some worklogs that exist and that our account may see, by id.
    ///
    /// Of `query` only what it expands counts.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub(crate) async fn existing_worklogs(
        &self,
        ids: &[JiraId],
        query: &WorklogQuery,
    ) -> Result<HashMap<JiraId, RawItem>, JiraError> {
        let mut existing = HashMap::new();
        for ids in ids.chunks(MAX_LISTED_WORKLOGS) {
            let request = listed_request(self.site(), ids, query)?;
            let worklogs: Vec<RawItem> = self.send_json(request).await?;
            for worklog in worklogs {
                let id = worklog.get("id").ok_or(JiraError::Unexpected {
                    what: "a worklog without an id",
                })?;
                existing.insert(id, worklog);
            }
        }
        Ok(existing)
    }
}

/// A page of what changed. The next one begins where it ends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedPage {
    values: Vec<ChangedWorklog>,
    until: i64,
    last_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedWorklog {
    worklog_id: JiraId,
}

fn changed_request(site: &Site, since: i64) -> Result<Request<Bytes>, JiraError> {
    let since = since.to_string();
    get(site.platform(&["worklog", "updated"]), &[("since", &since)])
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

/// Sent as POST, but changes nothing. A worklog is expanded here like in the listing of an issue.
fn listed_request(
    site: &Site,
    ids: &[JiraId],
    query: &WorklogQuery,
) -> Result<Request<Bytes>, JiraError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let parameters: Vec<_> = query.expand_parameter().into_iter().collect();
    let body = json!({ "ids": ids });
    let url = site.platform(&["worklog", "list"]);
    let mut request = with_json(Method::POST, url, &parameters, &body)?;
    request.extensions_mut().insert(Retry::Idempotent);
    Ok(request)
}
