//! How is GitHub asked? Through [`Github`].

use std::sync::Arc;

use ocean_core::http::paging::LinkPages;
use ocean_core::http::{HttpClient, HttpClientBuilder, HttpError};
use ocean_core::prelude::*;
use ocean_core::{ExposeSecret as _, SecretString, Signature};
use serde::Deserialize;

/// GitHub's largest page.
const PAGE_SIZE: usize = 100;
const SIGNATURE: Signature = Signature::hmac_sha256("x-hub-signature-256", "sha256=");

/// The integration's settings, as `.port/spec.yaml` describes them.
#[derive(Debug, Deserialize)]
pub struct GithubSettings {
    github_host: String,
    github_organization: String,
    github_token: SecretString,
    webhook_secret: Option<SecretString>,
}

/// A handle to one organization at GitHub; clones share limits and credentials.
#[derive(Debug, Clone)]
pub struct Github {
    http: HttpClient,
    site: Arc<Site>,
}

#[derive(Debug)]
struct Site {
    /// Scheme and host: links of pages have the whole path.
    origin: String,
    /// What comes before every path of ours: nothing, or `/api/v3` at GitHub Enterprise.
    prefix: String,
    organization: String,
    webhook_secret: Option<SecretString>,
}

/// A client of the GitHub that the settings speak of.
///
/// # Errors
///
/// The token cannot be sent.
pub fn create_github_client(
    settings: &GithubSettings,
    http: HttpClientBuilder,
) -> Result<Github, HttpError> {
    // `https://host/api/v3` is the origin `https://host` and the prefix `/api/v3`.
    let host = settings.github_host.trim_end_matches('/');
    let end = host
        .match_indices('/')
        .nth(2)
        .map_or(host.len(), |(at, _)| at);
    let (origin, prefix) = host.split_at_checked(end).unwrap_or((host, ""));
    let site = Arc::new(Site {
        origin: origin.to_owned(),
        prefix: prefix.to_owned(),
        organization: settings.github_organization.clone(),
        webhook_secret: settings.webhook_secret.clone(),
    });
    let http = http.user_agent("ocean-github");
    let http = http
        .bearer_token(settings.github_token.expose_secret())
        .build()?;
    Ok(Github { http, site })
}

impl Github {
    /// All repositories of the organization, the oldest first.
    pub(crate) fn repositories(&self) -> impl Stream<Item = Result<Batch, HttpError>> + use<> {
        self.list(format!(
            "/orgs/{}/repos?sort=created&direction=asc",
            self.site.organization
        ))
    }

    /// What a repository has of one sort (`pulls`, `issues`), each item with its `__repository`.
    pub(crate) fn of_repository(
        &self,
        repository: &str,
        sort: &str,
        state: &str,
    ) -> impl Stream<Item = Result<Batch, HttpError>> + use<> {
        let name = repository.to_owned();
        let path = format!("/repos/{name}/{sort}?state={state}&sort=created&direction=asc");
        let pages = self.list(path);
        pages.map_ok(move |batch| batch.with("__repository", &name.as_str().into()))
    }

    /// One object as it is now; `None` when there is none, or none for us.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<RawItem>, HttpError> {
        let url = format!("{}{}{path}", self.site.origin, self.site.prefix);
        match self.http.get(&url).await {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Checks the signature; without a secret in the settings nobody can prove anything.
    pub(crate) fn authenticate(&self, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        let secret = self.site.webhook_secret.as_ref();
        let secret = secret.map(|secret| secret.expose_secret());
        SIGNATURE.verify(event, secret.filter(|secret| !secret.is_empty()))
    }

    fn list(&self, path: String) -> impl Stream<Item = Result<Batch, HttpError>> + use<> {
        let client = self.clone();
        LinkPages::bare_list().pages(move |next| {
            let Site { origin, prefix, .. } = &*client.site;
            let first = || format!("{prefix}{path}&per_page={PAGE_SIZE}");
            let url = format!("{origin}{}", next.unwrap_or_else(first));
            let http = client.http.clone();
            async move { http.get(&url).await }
        })
    }
}
