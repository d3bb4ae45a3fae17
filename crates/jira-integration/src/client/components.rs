//! Components of the platform API.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap, Window};
use ocean_core::{Batch, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, LARGE_PAGE_SIZE};
use crate::error::JiraError;

/// Which components of a project to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentQuery {
    source: String,
    name: Option<String>,
}

impl ComponentQuery {
    /// Components that Jira manages (`jira`), that Compass does (`compass`), or whatever the
    /// project uses (`auto`).
    pub fn source(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            name: None,
        }
    }

    /// Only components whose name or description contains a text; an empty one is sent as such.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl JiraClient {
    /// The components of a project; none when the project is gone.
    pub fn components(
        &self,
        project_key: &str,
        query: &ComponentQuery,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, project_key, query) = (self.clone(), project_key.to_owned(), query.clone());
        let pages = OffsetPages::of("values")
            .page_size(LARGE_PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(list_request(jira.site(), &project_key, &query, page)));
        or_nothing(pages, &[])
    }
}

fn list_request(
    site: &Site,
    project_key: &str,
    query: &ComponentQuery,
    page: Window,
) -> Result<Request<Bytes>, JiraError> {
    let page = PageQuery::from(page);
    let mut parameters = page.parameters().to_vec();
    parameters.push(("componentSource", &query.source));
    parameters.extend(query.name.as_deref().map(|name| ("query", name)));
    get(
        site.platform(&["project", project_key, "component"]),
        &parameters,
    )
}
