//! Projects of the platform API.

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap};
use ocean_core::{Batch, RawItem, Reads, Stream};

use super::cloud::links;
use super::site::{Site, get};
use super::{JiraClient, PAGE_SIZE};
use crate::error::JiraError;
use crate::id::JiraId;

/// What to ask for about projects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectQuery {
    expand: Option<String>,
    is_linked: bool,
}

impl ProjectQuery {
    /// Asks for extra parts of each project, comma-separated; an empty text is sent as such.
    #[must_use]
    pub fn expand(mut self, expand: impl Into<String>) -> Self {
        self.expand = Some(expand.into());
        self
    }

    /// Adds the address of the site as `__siteUrl` if a mapping names it.
    #[must_use]
    pub fn for_mapping(mut self, reads: &Reads) -> Self {
        self.is_linked = links(reads);
        self
    }
}

impl JiraClient {
    /// All projects that our account may see.
    pub fn projects(
        &self,
        query: ProjectQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, linking, is_linked) = (self.clone(), self.clone(), query.is_linked);
        let pages = OffsetPages::of("values")
            .page_size(PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(search_request(jira.site(), &query, page.start)));
        pages.and_then(move |page| linking.clone().linked(page, is_linked))
    }

    /// One project by key or id; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn project(
        &self,
        key: &str,
        query: &ProjectQuery,
    ) -> Result<Option<RawItem>, JiraError> {
        let found = self.find(project_request(self.site(), key, query)?).await?;
        let found = found.into_iter().collect();
        let linked = self.clone().linked(found, query.is_linked).await?;
        Ok(linked.into_iter().next())
    }

    /// The keys that a project has and had; none when it is gone.
    pub(crate) async fn project_keys(&self, id: JiraId) -> Result<Vec<String>, JiraError> {
        let query = ProjectQuery::default().expand("projectKeys");
        let project = self.project(&id.to_string(), &query).await?;
        let keys = project.and_then(|project| project.get("projectKeys"));
        Ok(keys.unwrap_or_default())
    }
}

fn search_request(
    site: &Site,
    query: &ProjectQuery,
    start_at: u64,
) -> Result<Request<Bytes>, JiraError> {
    let (size, start) = (PAGE_SIZE.to_string(), start_at.to_string());
    let mut parameters = vec![("maxResults", size.as_str()), ("startAt", &start)];
    parameters.extend(query.expand.as_deref().map(|expand| ("expand", expand)));
    get(site.platform(&["project", "search"]), &parameters)
}

fn project_request(
    site: &Site,
    key: &str,
    query: &ProjectQuery,
) -> Result<Request<Bytes>, JiraError> {
    let expand = query.expand.as_deref().map(|expand| ("expand", expand));
    let parameters: Vec<_> = expand.into_iter().collect();
    get(site.platform(&["project", key]), &parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: &str = "https://acme.test/rest/api/3";

    fn site() -> Site {
        Site::at("https://acme.test")
    }

    #[test]
    fn a_page_is_asked_for_with_size_offset_and_expand_in_this_order() {
        let query = ProjectQuery::default().expand("insight,lead");
        let request = search_request(&site(), &query, 50).unwrap();
        let expected = "/project/search?maxResults=50&startAt=50&expand=insight%2Clead";
        assert_eq!(request.uri().to_string(), format!("{R}{expected}"));
    }

    #[test]
    fn without_expand_the_parameter_is_left_out() {
        let request = search_request(&site(), &ProjectQuery::default(), 0).unwrap();
        assert_eq!(request.uri().query(), Some("maxResults=50&startAt=0"));
        let request = project_request(&site(), "PORT", &ProjectQuery::default()).unwrap();
        assert_eq!(request.uri().to_string(), format!("{R}/project/PORT"));
    }

    #[test]
    fn a_single_project_is_expanded_like_a_listed_one() {
        let query = ProjectQuery::default().expand("insight");
        let request = project_request(&site(), "PORT", &query).unwrap();
        assert_eq!(request.uri().query(), Some("expand=insight"));
    }
}
