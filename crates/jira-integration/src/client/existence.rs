//! Which issues does Jira have, whatever a query says? [`ExistingIssues`].

use std::collections::HashMap;

use bytes::Bytes;
use http::{Method, Request};
use ocean_core::RawItem;
use ocean_core::http::Retry;
use serde::{Deserialize, Serialize};

use super::JiraClient;
use super::site::{Site, get, with_json};
use crate::error::JiraError;
use crate::id::{IssueKey, JiraId};

/// How many issues Jira fetches in one request.
const MAX_FETCHED_ISSUES: usize = 100;

/// A name that an issue may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum IssueName {
    Id(JiraId),
    Key(IssueKey),
}

impl IssueName {
    fn into_text(self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Key(key) => key.as_str().to_owned(),
        }
    }
}

/// The issues that Jira has of those it was asked for, with the keys that they have now.
#[derive(Debug, Default)]
pub(crate) struct ExistingIssues {
    keys: HashMap<JiraId, String>,
}

impl ExistingIssues {
    /// The key of an issue; `None` when there is no such issue that our account may see.
    pub(crate) fn key(&self, id: JiraId) -> Option<&str> {
        self.keys.get(&id).map(String::as_str)
    }

    /// The issue that has this key now. An issue that had it before it moved does not count.
    pub(crate) fn holder(&self, key: &str) -> Option<JiraId> {
        let mut keys = self.keys.iter();
        keys.find(|(_, held)| held.as_str() == key)
            .map(|(id, _)| *id)
    }

    /// What either of two answers knows.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }

    fn add(&mut self, issue: Issue) {
        self.keys.insert(issue.id, issue.key);
    }
}

#[derive(Debug, Deserialize)]
struct Issue {
    id: JiraId,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fetched {
    issues: Vec<Issue>,
    #[serde(default)]
    issue_errors: Vec<Unfetched>,
}

/// An issue of which Jira could not say whether it exists.
#[derive(Debug, Deserialize)]
struct Unfetched {
    id: String,
}

impl JiraClient {
    /// Those of some issues that exist and that our account may see, a hundred per request.
    pub(crate) async fn existing_issues(
        &self,
        names: impl IntoIterator<Item = IssueName>,
    ) -> Result<ExistingIssues, JiraError> {
        let names: Vec<_> = names.into_iter().map(IssueName::into_text).collect();
        let mut existing = ExistingIssues::default();
        for names in names.chunks(MAX_FETCHED_ISSUES) {
            self.fetch_existing(names, &mut existing).await?;
        }
        Ok(existing)
    }

    async fn fetch_existing(
        &self,
        names: &[String],
        existing: &mut ExistingIssues,
    ) -> Result<(), JiraError> {
        let request = bulk_request(self.site(), names)?;
        let fetched = match self.send_json::<Fetched>(request).await {
            Ok(fetched) => fetched,
            // A site that cannot fetch many is asked for one after the other.
            Err(error) if error.is_unknown_operation() => {
                return self.fetch_one_by_one(names, existing).await;
            }
            Err(error) => return Err(error),
        };
        for issue in fetched.issues {
            existing.add(issue);
        }
        let failed: Vec<_> = fetched.issue_errors.into_iter().map(|one| one.id).collect();
        let failed: Vec<_> = names.iter().filter(|name| failed.contains(name)).collect();
        self.fetch_one_by_one(failed, existing).await
    }

    async fn fetch_one_by_one(
        &self,
        names: impl IntoIterator<Item = &String> + Send,
        existing: &mut ExistingIssues,
    ) -> Result<(), JiraError> {
        let names: Vec<_> = names.into_iter().collect();
        for name in names {
            if let Some(issue) = self.find(issue_request(self.site(), name)?).await? {
                existing.add(recognised(&issue)?);
            }
        }
        Ok(())
    }
}

fn recognised(issue: &RawItem) -> Result<Issue, JiraError> {
    issue.parse().map_err(JiraError::Unreadable)
}

/// Fetching is sent as POST, but changes nothing.
fn bulk_request(site: &Site, names: &[String]) -> Result<Request<Bytes>, JiraError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        issue_ids_or_keys: &'a [String],
        fields: [&'static str; 1],
    }
    let body = Body {
        issue_ids_or_keys: names,
        fields: ["key"],
    };
    let url = site.platform(&["issue", "bulkfetch"]);
    let mut request = with_json(Method::POST, url, &[], &body)?;
    request.extensions_mut().insert(Retry::Idempotent);
    Ok(request)
}

fn issue_request(site: &Site, name: &str) -> Result<Request<Bytes>, JiraError> {
    get(site.platform(&["issue", name]), &[("fields", "key")])
}
