//! Versions of the platform API, which mappings know as releases.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::{OffsetPages, Overlap, Window};
use ocean_core::{Batch, RawItem, Stream};

use super::absence::or_nothing;
use super::site::{PageQuery, Site, get};
use super::{JiraClient, LARGE_PAGE_SIZE};
use crate::error::JiraError;

impl JiraClient {
    /// All versions of a project; none when the project is gone.
    pub fn versions(
        &self,
        project_key: &str,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, project_key) = (self.clone(), project_key.to_owned());
        let pages = OffsetPages::of("values")
            .page_size(LARGE_PAGE_SIZE)
            .overlap(Overlap::Always)
            .pages(move |page| jira.fetch(list_request(jira.site(), &project_key, page)));
        or_nothing(pages, &[])
    }

    /// One version; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn version(&self, id: u64) -> Result<Option<RawItem>, JiraError> {
        let url = self.site().platform(&["version", &id.to_string()]);
        self.find(get(url, &[])?).await
    }
}

fn list_request(site: &Site, project_key: &str, page: Window) -> Result<Request<Bytes>, JiraError> {
    let url = site.platform(&["project", project_key, "version"]);
    get(url, &PageQuery::from(page).parameters())
}
