//! The addresses of one Jira site, and requests to them.
//!
//! Building a request is separate from sending it, so that what we send is tested without a
//! socket.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use ocean_core::http::paging::Window;
use serde::Serialize;
use url::Url;

use crate::error::JiraError;

/// Parameters of a request in the order in which they are sent.
pub(super) type Query<'a> = &'a [(&'a str, &'a str)];

/// The parameters that choose a page by its position.
#[derive(Debug)]
pub(super) struct PageQuery {
    size: String,
    start: String,
}

impl From<Window> for PageQuery {
    fn from(page: Window) -> Self {
        Self {
            size: page.size.to_string(),
            start: page.start.to_string(),
        }
    }
}

impl PageQuery {
    pub(super) fn parameters(&self) -> [(&str, &str); 2] {
        [("maxResults", &self.size), ("startAt", &self.start)]
    }
}

/// The site's base address.
#[derive(Debug, Clone)]
pub(super) struct Site {
    host: Url,
}

impl Site {
    /// The site at a host that [`JiraConfig`](crate::JiraConfig) has checked.
    pub(super) fn new(host: &str) -> Result<Self, JiraError> {
        let host = Url::parse(host).map_err(|error| JiraError::InvalidHost {
            reason: error.to_string(),
        })?;
        Ok(Self { host })
    }

    /// An address below the platform API; each segment is encoded.
    pub(super) fn platform(&self, path: &[&str]) -> Url {
        self.below(&["rest", "api", "3"], path)
    }

    /// An address below the agile API.
    pub(super) fn agile(&self, path: &[&str]) -> Url {
        self.below(&["rest", "agile", "1.0"], path)
    }

    /// An address below the software API.
    pub(super) fn software(&self, path: &[&str]) -> Url {
        self.below(&["rest", "software", "1.0"], path)
    }

    /// An address below the teams API of the Atlassian gateway.
    pub(super) fn teams(&self, path: &[&str]) -> Url {
        self.below(&["gateway", "api", "public", "teams", "v1", "org"], path)
    }

    /// An address below the webhooks that an administrator owns.
    pub(super) fn webhooks(&self, path: &[&str]) -> Url {
        self.below(&["rest", "webhooks", "1.0", "webhook"], path)
    }

    fn below(&self, base: &[&str], path: &[&str]) -> Url {
        let mut url = self.host.clone();
        // A host of scheme http(s), which is what the configuration accepts, always has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(base).extend(path);
        }
        url
    }
}

/// A request without a body.
pub(super) fn get(url: Url, query: Query<'_>) -> Result<Request<Bytes>, JiraError> {
    request(Method::GET, url, query, Bytes::new())
}

/// A request with a JSON body.
pub(super) fn with_json(
    method: Method,
    url: Url,
    query: Query<'_>,
    body: &impl Serialize,
) -> Result<Request<Bytes>, JiraError> {
    let body = serde_json::to_vec(body).map_err(JiraError::invalid_request)?;
    let mut request = request(method, url, query, body.into())?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    Ok(request)
}

fn request(
    method: Method,
    mut url: Url,
    query: Query<'_>,
    body: Bytes,
) -> Result<Request<Bytes>, JiraError> {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(url.as_str()).map_err(JiraError::invalid_request)?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, json);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_of_the_host_is_kept_and_segments_are_encoded() {
        let site = Site::new("https://api.atlassian.com/ex/jira/1").unwrap();
        let url = site.platform(&["project", "A/B?"]);
        let request = get(url, &[("expand", ""), ("accountId", "712020:a b&c")]).unwrap();
        assert_eq!(
            request.uri(),
            "https://api.atlassian.com/ex/jira/1/rest/api/3/project/A%2FB%3F\
             ?expand=&accountId=712020%3Aa+b%26c"
        );
    }
}
