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

use crate::config::{Credentials, JiraConfig};
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

/// What stands for the cloud's id in an address that is built before the id is known. No id is
/// this.
pub(super) const UNKNOWN_CLOUD: &str = "-";

/// The base addresses of a site.
///
/// OAuth clients reach the agile and the software API only through Atlassian's gateway, by the id
/// of the site's cloud.
#[derive(Debug, Clone)]
pub(super) struct Site {
    host: Url,
    gateway: Url,
    /// The id that the configured host names, if that is the gateway.
    cloud_id: Option<String>,
    is_oauth: bool,
}

impl Site {
    /// The site of a configuration, which has checked the addresses.
    pub(super) fn new(config: &JiraConfig) -> Result<Self, JiraError> {
        let host = address(&config.host)?;
        let (gateway, cloud_id) = match cloud_of(&host) {
            Some(id) => {
                let mut gateway = host.clone();
                gateway.set_path("");
                (gateway, Some(id))
            }
            None => (address(&config.gateway)?, None),
        };
        Ok(Self {
            host,
            gateway,
            cloud_id,
            is_oauth: matches!(config.credentials, Credentials::OAuth { .. }),
        })
    }

    /// The configured address without a trailing slash.
    pub(super) fn host(&self) -> &str {
        self.host.as_str().trim_end_matches('/')
    }

    /// The id of the cloud, when the configured host names it.
    pub(super) fn cloud_id(&self) -> Option<&str> {
        self.cloud_id.as_deref()
    }

    /// Whether an access token is sent.
    pub(super) const fn is_oauth(&self) -> bool {
        self.is_oauth
    }

    /// What the addresses of a cloud at the gateway begin with.
    pub(super) fn cloud_address(&self, id: &str) -> String {
        below(&self.gateway, &["ex", "jira", id, ""], &[]).into()
    }

    /// Where the gateway lists what an access token is good for.
    pub(super) fn accessible_resources(&self) -> Url {
        let path = ["oauth", "token", "accessible-resources"];
        below(&self.gateway, &path, &[])
    }

    /// An address below the platform API; each segment is encoded.
    pub(super) fn platform(&self, path: &[&str]) -> Url {
        below(&self.host, &["rest", "api", "3"], path)
    }

    /// An address below the agile API.
    pub(super) fn agile(&self, path: &[&str]) -> Url {
        if self.is_oauth {
            return self.of_cloud(&["rest", "agile", "latest"], path);
        }
        below(&self.host, &["rest", "agile", "1.0"], path)
    }

    /// An address below the software API.
    pub(super) fn software(&self, path: &[&str]) -> Url {
        let base = ["rest", "software", "1.0"];
        if self.is_oauth {
            return self.of_cloud(&base, path);
        }
        below(&self.host, &base, path)
    }

    /// An address below the teams API, which belongs to no site: the gateway has it at its root,
    /// and each site passes it on.
    pub(super) fn teams(&self, path: &[&str]) -> Url {
        let base = ["public", "teams", "v1", "org"];
        if self.is_oauth || self.cloud_id.is_some() {
            return below(&self.gateway, &base, path);
        }
        below(&self.host, &[&["gateway", "api"], &base[..]].concat(), path)
    }

    /// An address below the webhooks that an administrator owns.
    pub(super) fn webhooks(&self, path: &[&str]) -> Url {
        below(&self.host, &["rest", "webhooks", "1.0", "webhook"], path)
    }

    /// An address at the gateway that a site does not have, or not for access tokens.
    fn of_cloud(&self, base: &[&str], path: &[&str]) -> Url {
        let id = self.cloud_id().unwrap_or(UNKNOWN_CLOUD);
        below(&self.gateway, &[&["ex", "jira", id], base].concat(), path)
    }
}

fn address(text: &str) -> Result<Url, JiraError> {
    Url::parse(text).map_err(|error| JiraError::InvalidHost {
        reason: error.to_string(),
    })
}

/// The cloud's id in an address of the gateway, whose path is `/ex/jira/` and the id.
fn cloud_of(host: &Url) -> Option<String> {
    let path: Vec<_> = host.path_segments()?.collect();
    match path.as_slice() {
        ["ex", "jira", id] => Some((*id).to_owned()),
        _ => None,
    }
}

fn below(root: &Url, base: &[&str], path: &[&str]) -> Url {
    let mut url = root.clone();
    // An address of scheme http(s), which is what the configuration accepts, always has segments.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(base).extend(path);
    }
    url
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
impl Site {
    /// The site at a host, for tests of what is sent to it.
    pub(super) fn at(host: &str) -> Self {
        Self::new(&JiraConfig::new(host, "ada@acme.test", "t0ken").unwrap()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oauth(host: &str) -> Site {
        let config = JiraConfig::new(host, "ada@acme.test", "t0ken").unwrap();
        Site::new(&config.access_token_file("/run/token")).unwrap()
    }

    #[test]
    fn a_path_prefix_of_the_host_is_kept_and_segments_are_encoded() {
        let site = Site::at("https://api.atlassian.com/ex/jira/1");
        let url = site.platform(&["project", "A/B?"]);
        let request = get(url, &[("expand", ""), ("accountId", "712020:a b&c")]).unwrap();
        assert_eq!(
            request.uri(),
            "https://api.atlassian.com/ex/jira/1/rest/api/3/project/A%2FB%3F\
             ?expand=&accountId=712020%3Aa+b%26c"
        );
    }

    #[test]
    fn each_interface_has_its_address_for_each_way_to_sign_in() {
        let addresses = |site: &Site| {
            let to = ["x"].as_slice();
            let all = [
                site.platform(to),
                site.agile(to),
                site.software(to),
                site.teams(to),
            ];
            all.map(|url| url.to_string())
        };
        assert_eq!(
            addresses(&Site::at("https://acme.test")),
            [
                "https://acme.test/rest/api/3/x",
                "https://acme.test/rest/agile/1.0/x",
                "https://acme.test/rest/software/1.0/x",
                "https://acme.test/gateway/api/public/teams/v1/org/x",
            ]
        );
        assert_eq!(
            addresses(&oauth("https://api.atlassian.com/ex/jira/c-1")),
            [
                "https://api.atlassian.com/ex/jira/c-1/rest/api/3/x",
                "https://api.atlassian.com/ex/jira/c-1/rest/agile/latest/x",
                "https://api.atlassian.com/ex/jira/c-1/rest/software/1.0/x",
                "https://api.atlassian.com/public/teams/v1/org/x",
            ]
        );
        let by_site = oauth("https://acme.test");
        assert_eq!(
            addresses(&by_site)[..3],
            [
                "https://acme.test/rest/api/3/x",
                "https://api.atlassian.com/ex/jira/-/rest/agile/latest/x",
                "https://api.atlassian.com/ex/jira/-/rest/software/1.0/x",
            ]
        );
        assert_eq!(
            by_site.cloud_address("c-1"),
            "https://api.atlassian.com/ex/jira/c-1/"
        );
    }
}
