//! The issue search of the platform API.

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::{Method, Request};
use ocean_core::http::paging::TokenPages;
use ocean_core::http::{Response, Retry};
use ocean_core::{Batch, Reads, Stream};
use serde::Serialize;

use super::JiraClient;
use super::cloud::links;
use super::site::{Site, with_json};
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
    /// Those of all fields that are read, when that is known.
    read: Option<Vec<String>>,
    first_page_is_whole: bool,
    is_linked: bool,
}

/// Jira's limit for pages of whole issues.
const LARGEST_PAGE: usize = 100;

/// Jira's limit for pages of nothing but ids and keys.
const LARGEST_PAGE_OF_KEYS: usize = 5_000;

impl IssueQuery {
    /// All issues that a Jira query finds, with the fields that Jira sends by default.
    pub fn new(jql: impl Into<String>) -> Self {
        Self {
            jql: jql.into(),
            fields: Vec::new(),
            expand: None,
            reconcile: Vec::new(),
            read: None,
            first_page_is_whole: false,
            is_linked: false,
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

    /// Asks for what a mapping reads: of all fields only those, and the address of the site as
    /// `__siteUrl` if it is named.
    ///
    /// Fields that were chosen stay as they are. So do all fields when something is expanded,
    /// since that may be made of any of them.
    #[must_use]
    pub fn for_mapping(mut self, reads: &Reads) -> Self {
        self.is_linked = links(reads);
        if self.fields == [ALL_FIELDS] && self.expand.is_none() {
            self.read = fields_to_read(reads);
        }
        self
    }

    /// Asks for the first page as if nothing were known about the mapping.
    #[must_use]
    pub const fn whole_first_page(mut self, whole: bool) -> Self {
        self.first_page_is_whole = whole;
        self
    }

    fn page_size(&self) -> usize {
        match self.reconcile.len() {
            0 if !self.fields.is_empty() && self.fields.iter().all(|field| is_name(field)) => {
                LARGEST_PAGE_OF_KEYS
            }
            0 => LARGEST_PAGE,
            issues => issues,
        }
    }

    /// What is read of the page at a token, if that is less than all.
    fn narrowed(&self, token: Option<&str>) -> Option<&[String]> {
        let is_whole = token.is_none() && self.first_page_is_whole;
        self.read.as_deref().filter(|_| !is_whole)
    }
}

const ALL_FIELDS: &str = "*all";

/// Of an issue these are known without looking it up.
fn is_name(field: &str) -> bool {
    matches!(field, "id" | "key")
}

/// The fields of an issue that a mapping reads; `None` when it may read any. At least one is asked
/// for, so that there are fields at all.
fn fields_to_read(reads: &Reads) -> Option<Vec<String>> {
    let fields = reads.below("fields");
    let mut fields: Vec<_> = fields.keys()?.map(str::to_owned).collect();
    // Any other name could mean several fields, or that one is left out.
    let is_plain = |field: &String| {
        let mut letters = field.bytes();
        letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
    };
    if !fields.iter().all(is_plain) {
        return None;
    }
    if fields.is_empty() {
        fields.push("summary".to_owned());
    }
    Some(fields)
}

impl JiraClient {
    /// All issues that a query finds and our account may see.
    pub fn issues(
        &self,
        query: IssueQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, linking, is_linked) = (self.clone(), self.clone(), query.is_linked);
        // Jira marks its last page with `isLast` as a rule, and always by naming no next one.
        let pages = TokenPages::next_page_token("issues")
            .absent_is_end()
            .pages(move |token| jira.clone().search_page(query.clone(), token));
        pages.and_then(move |page| linking.clone().linked(page, is_linked))
    }

    /// Jira does not say whether the pages of one search may differ in their fields. Should it
    /// refuse that, the rest is read whole, too.
    async fn search_page(
        self,
        query: IssueQuery,
        token: Option<String>,
    ) -> Result<Response, JiraError> {
        let token = token.as_deref();
        let narrowed = query.narrowed(token).filter(|_| self.narrows_fields());
        let ask = |fields| self.fetch(search_request(self.site(), &query, fields, token));
        let page = ask(narrowed.unwrap_or(&query.fields)).await;
        match page {
            Err(error) if narrowed.is_some() && error.is_bad_request() => ask(&query.fields).await,
            page => page,
        }
    }
}

/// A search is sent as POST, because queries can be long, but changes nothing.
fn search_request(
    site: &Site,
    query: &IssueQuery,
    fields: &[String],
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
        fields,
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
        let fields = query.narrowed(token).unwrap_or(&query.fields);
        let request = search_request(&site, query, fields, token).unwrap();
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
        assert_eq!(body(&query, None), r#"{"jql":"","maxResults":100}"#);
    }

    #[test]
    fn field_names_are_trimmed() {
        let query = IssueQuery::new("x").fields("key, summary ,".split(','));
        assert_eq!(
            body(&query, None),
            r#"{"jql":"x","maxResults":100,"fields":["key","summary"]}"#
        );
    }

    fn fields_of(query: IssueQuery, reads: &[&str], token: Option<&str>) -> String {
        let reads = Reads::paths(reads.iter().copied());
        let body: serde_json::Value =
            serde_json::from_str(&body(&query.for_mapping(&reads), token)).unwrap();
        body["fields"].to_string()
    }

    #[test]
    fn of_all_fields_those_are_asked_for_that_the_mapping_reads() {
        let all = || IssueQuery::new("x").fields(["*all"]);
        let reads = ["key", "fields.status.name", "fields.customfield_1"];
        let narrowed = r#"["customfield_1","status"]"#;
        assert_eq!(fields_of(all(), &reads, None), narrowed);
        assert_eq!(fields_of(all(), &["key"], None), r#"["summary"]"#);
        let shown = all().whole_first_page(true);
        assert_eq!(fields_of(shown.clone(), &reads, None), r#"["*all"]"#);
        assert_eq!(fields_of(shown, &reads, Some("2")), narrowed);
    }

    #[test]
    fn what_cannot_be_proven_or_was_chosen_is_asked_for_as_before() {
        let all = || IssueQuery::new("x").fields(["*all"]);
        let whole = r#"["*all"]"#;
        assert_eq!(fields_of(all(), &["fields"], None), whole);
        assert_eq!(fields_of(all(), &["fields.-summary"], None), whole);
        assert_eq!(fields_of(all().expand("names"), &["fields.a"], None), whole);
        let chosen = IssueQuery::new("x").fields(["a", "b"]);
        assert_eq!(fields_of(chosen, &["fields.a"], None), r#"["a","b"]"#);
    }

    #[test]
    fn pages_are_as_large_as_jira_allows() {
        for (fields, size) in [
            (["key"].as_slice(), 5_000),
            (&["key", "summary"], 100),
            (&["*all"], 100),
            (&[], 100),
        ] {
            let query = IssueQuery::new("x").fields(fields.iter().copied());
            assert_eq!(query.page_size(), size, "{fields:?}");
        }
    }
}
