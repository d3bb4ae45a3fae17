//! Which cloud is this site? Atlassian's gateway knows.
//!
//! Only OAuth clients ask: they reach some interfaces through the gateway, by the cloud's id.

use bytes::Bytes;
use http::{Request, Uri};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::JiraClient;
use super::site::{UNKNOWN_CLOUD, get};
use crate::error::JiraError;

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
