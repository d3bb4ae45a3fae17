//! The issue search of the platform API.

use bytes::Bytes;
use http::{Method, Request};
use ocean_core::http::Retry;
use ocean_core::http::paging::TokenPages;
use ocean_core::{Batch, Stream};
use serde::Serialize;

use super::site::{Site, with_json};
use super::{JiraClient, PAGE_SIZE};
use crate::error::JiraError;

/// How many issues one search can be asked to look up past its index: Jira's limit of
/// `reconcileIssues`.
pub const MAX_RECONCILED_ISSUES: usize = 50;

/// Which issues to find and what to ask for about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueQuery {
    jql: String,
    fields: Vec<String>,
    expand: Option<String>,
    reconcile: Vec<u64>,
}

impl IssueQuery {
    /// All issues that a Jira query finds, with the fields that Jira sends by default.
    pub fn new(jql: impl Into<String>) -> Self {
        Self {
            jql: jql.into(),
            fields: Vec::new(),
            expand: None,
            reconcile: Vec::new(),
        }
    }

    /// Finds the issues of another query.
    #[must_use]
    pub fn jql(mut self, jql: impl Into<String>) -> Self {
        self.jql = jql.into();
        self
    }

    /// Asks for these fields; blank names are left out, and none means Jira's default.
    #[must_use]
    pub fn fields<'a>(mut self, fields: impl IntoIterator<Item = &'a str>) -> Self {
        let named = fields.into_iter().map(str::trim);
        self.fields = named
            .filter(|field| !field.is_empty())
            .map(str::to_owned)
            .collect();
        self
    }

    /// Asks for extra parts of each issue, comma-separated; an empty text is not sent.
    #[must_use]
    pub fn expand(mut self, expand: impl Into<String>) -> Self {
        self.expand = Some(expand.into()).filter(|expand| !expand.is_empty());
        self
    }

    /// Asks Jira to look these issues up rather than trust its index, which lags behind changes.
    /// At most [`MAX_RECONCILED_ISSUES`]; the page size becomes their number.
    #[must_use]
    pub fn reconcile(mut self, ids: impl IntoIterator<Item = u64>) -> Self {
        self.reconcile = ids.into_iter().collect();
        self
    }

    const fn page_size(&self) -> usize {
        match self.reconcile.len() {
            0 => PAGE_SIZE,
            issues => issues,
        }
    }
}

impl JiraClient {
    /// All issues that a query finds and our account may see.
    pub fn issues(
        &self,
        query: IssueQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        TokenPages::next_page_token("issues")
            .pages(move |token| jira.fetch(search_request(jira.site(), &query, token.as_deref())))
    }
}

/// A search is sent as POST, because queries can be long, but changes nothing.
fn search_request(
    site: &Site,
    query: &IssueQuery,
    token: Option<&str>,
) -> Result<Request<Bytes>, JiraError> {
    /// In the order in which the parts are sent.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        jql: &'a str,
        max_results: usize,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        fields: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        expand: Option<&'a str>,
        #[serde(skip_serializing_if = "<[u64]>::is_empty")]
        reconcile_issues: &'a [u64],
        #[serde(skip_serializing_if = "Option::is_none")]
        next_page_token: Option<&'a str>,
    }
    let body = Body {
        jql: &query.jql,
        max_results: query.page_size(),
        fields: &query.fields,
        expand: query.expand.as_deref(),
        reconcile_issues: &query.reconcile,
        next_page_token: token,
    };
    let mut request = with_json(Method::POST, site.platform(&["search", "jql"]), &[], &body)?;
    request.extensions_mut().insert(Retry::Idempotent);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(query: &IssueQuery, token: Option<&str>) -> String {
        let site = Site::at("https://acme.test");
        let request = search_request(&site, query, token).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://acme.test/rest/api/3/search/jql");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.extensions().get(), Some(&Retry::Idempotent));
        String::from_utf8(request.into_body().to_vec()).unwrap()
    }

    #[test]
    fn the_parts_of_a_search_are_sent_in_this_order() {
        let query = IssueQuery::new("project = A")
            .fields(["*all"])
            .expand("changelog")
            .reconcile([3, 4]);
        assert_eq!(
            body(&query, Some("next")),
            r#"{"jql":"project = A","maxResults":2,"fields":["*all"],"expand":"changelog","reconcileIssues":[3,4],"nextPageToken":"next"}"#
        );
    }

    #[test]
    fn what_is_not_asked_for_is_left_out() {
        let query = IssueQuery::new("").fields([" ", ""]).expand("");
        assert_eq!(body(&query, None), r#"{"jql":"","maxResults":50}"#);
    }

    #[test]
    fn field_names_are_trimmed() {
        let query = IssueQuery::new("x").fields("key, summary ,".split(','));
        assert_eq!(
            body(&query, None),
            r#"{"jql":"x","maxResults":50,"fields":["key","summary"]}"#
        );
    }
}
