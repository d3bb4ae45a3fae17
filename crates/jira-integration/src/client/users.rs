//! Accounts of the platform API.

use bytes::Bytes;
use http::Request;
use ocean_core::http::paging::OffsetPages;
use ocean_core::{Batch, RawItem, Stream};

use super::JiraClient;
use super::site::{Site, get};
use crate::error::JiraError;

/// Jira's limit for a page of accounts.
const LARGEST_PAGE: usize = 1_000;

impl JiraClient {
    /// All accounts that our account may see, people and apps.
    ///
    /// Jira answers with bare lists that say neither how many there are nor whether they end, so
    /// one page more is asked for, and only an empty one is the end.
    pub fn users(&self) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        OffsetPages::bare_list()
            .page_size(LARGEST_PAGE)
            .identity("accountId")
            .pages(move |page| jira.fetch(search_request(jira.site(), page.start)))
    }

    /// One account; `None` when there is none that our account may see.
    ///
    /// # Errors
    ///
    /// When Jira does not answer.
    pub async fn user(&self, account_id: &str) -> Result<Option<RawItem>, JiraError> {
        self.find(user_request(self.site(), account_id)?).await
    }
}

fn search_request(site: &Site, start_at: u64) -> Result<Request<Bytes>, JiraError> {
    let (size, start) = (LARGEST_PAGE.to_string(), start_at.to_string());
    get(
        site.platform(&["users", "search"]),
        &[("maxResults", &size), ("startAt", &start)],
    )
}

fn user_request(site: &Site, account_id: &str) -> Result<Request<Bytes>, JiraError> {
    get(site.platform(&["user"]), &[("accountId", account_id)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: &str = "https://acme.test/rest/api/3";

    fn site() -> Site {
        Site::at("https://acme.test")
    }

    #[test]
    fn a_page_is_asked_for_with_size_and_offset() {
        let request = search_request(&site(), 100).unwrap();
        let expected = format!("{R}/users/search?maxResults=1000&startAt=100");
        assert_eq!(request.uri().to_string(), expected);
    }

    #[test]
    fn an_account_id_is_encoded() {
        let request = user_request(&site(), "712020:0a&b").unwrap();
        let expected = format!("{R}/user?accountId=712020%3A0a%26b");
        assert_eq!(request.uri().to_string(), expected);
    }
}
