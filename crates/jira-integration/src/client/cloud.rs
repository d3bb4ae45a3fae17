//! Which cloud is this site, and at which address do people find it? Atlassian's gateway knows.
//!
//! Only OAuth clients ask: they reach some interfaces through the gateway, by the cloud's id, and
//! the links in what they read lead there too.

use bytes::Bytes;
use http::{Request, Uri};
use ocean_core::{Batch, Reads};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::JiraClient;
use super::site::{UNKNOWN_CLOUD, get};
use crate::error::JiraError;

/// The field with the address that people open the site at, from which links can be made.
const SITE_URL: &str = "__siteUrl";

/// Whether a mapping makes links.
pub(super) fn links(reads: &Reads) -> bool {
    reads.names(SITE_URL)
}

/// The sites that an access token is good for, asked for once.
#[derive(Debug, Default)]
pub(super) struct Clouds {
    accessible: OnceCell<Vec<Cloud>>,
}

#[derive(Debug, Deserialize)]
struct Cloud {
    id: String,
    url: String,
}

impl Cloud {
    fn url(&self) -> &str {
        self.url.trim_end_matches('/')
    }
}

impl JiraClient {
    /// The address that people open the site at; `None` when it cannot be known.
    async fn site_url(&self) -> Result<Option<String>, JiraError> {
        let site = self.site();
        let Some(id) = site.cloud_id() else {
            return Ok(Some(site.host().to_owned()));
        };
        if !site.is_oauth() {
            // Only access tokens can be asked about.
            return Ok(None);
        }
        match self.clouds().await {
            Ok(clouds) => {
                let cloud = clouds.iter().find(|cloud| cloud.id == id);
                Ok(cloud.map(|cloud| cloud.url().to_owned()))
            }
            Err(error) if error.is_refusal() => {
                tracing::warn!(
                    error = ocean_core::error_chain(&error),
                    "atlassian does not tell the address of the site, items are without it"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The same items with the address of their site, if that is wanted and can be known.
    pub(super) async fn linked(self, items: Batch, is_wanted: bool) -> Result<Batch, JiraError> {
        if !is_wanted {
            return Ok(items);
        }
        Ok(match self.site_url().await? {
            Some(url) => items.with(SITE_URL, &url.into()),
            None => items,
        })
    }

    /// A request whose address was built without the cloud's id, with it.
    pub(super) async fn located(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Request<Bytes>, JiraError> {
        let site = self.site();
        if site.is_oauth() && site.cloud_id().is_none() {
            let address = request.uri().to_string();
            if let Some(path) = address.strip_prefix(&site.cloud_address(UNKNOWN_CLOUD)) {
                let address = site.cloud_address(self.resolved_cloud_id().await?);
                *request.uri_mut() =
                    Uri::try_from(address + path).map_err(JiraError::invalid_request)?;
            }
        }
        Ok(request)
    }

    /// The id of the cloud that the configured host is.
    async fn resolved_cloud_id(&self) -> Result<&str, JiraError> {
        let host = self.site().host();
        let mut clouds = self.clouds().await?.iter();
        let cloud = clouds.find(|cloud| cloud.url() == host);
        let cloud = cloud.ok_or_else(|| JiraError::NotAccessible {
            host: host.to_owned(),
        })?;
        Ok(&cloud.id)
    }

    /// One request for all that want to know.
    async fn clouds(&self) -> Result<&[Cloud], JiraError> {
        let accessible = &self.shared.clouds.accessible;
        let ask = || async {
            let request = get(self.site().accessible_resources(), &[])?;
            Ok::<_, JiraError>(self.http().send_json(request).await?)
        };
        Ok(accessible.get_or_try_init(ask).await?)
    }
}
