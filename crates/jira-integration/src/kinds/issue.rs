//! Issues: searched with the user's JQL, and searched again for up to fifty events at once.

use std::collections::HashMap;

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kinds;
use crate::client::{IssueQuery, JiraClient, MAX_RECONCILED_ISSUES};
use crate::error::JiraError;
use crate::id::JiraId;
use crate::jql;
use crate::webhook::{self, Snapshot};

const DEFAULT_JQL: &str = "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)";

/// What users may write under `selector:` of the kind `issue`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IssueSelector {
    /// Which issues to read, as a Jira query. Jira refuses an empty one.
    pub jql: String,
    /// Which fields of an issue to ask for, comma-separated; `*all` for all of them.
    pub fields: Option<String>,
    /// Which extra parts of an issue to ask for, comma-separated.
    pub expand: Option<String>,
}

impl Default for IssueSelector {
    fn default() -> Self {
        Self {
            jql: DEFAULT_JQL.to_owned(),
            fields: Some("*all".to_owned()),
            expand: None,
        }
    }
}

impl Selector for IssueSelector {}

impl From<&IssueSelector> for IssueQuery {
    fn from(selector: &IssueSelector) -> Self {
        let mut query = Self::new(selector.jql.trim());
        if let Some(fields) = &selector.fields {
            query = query.fields(fields.split(','));
        }
        if let Some(expand) = &selector.expand {
            query = query.expand(expand);
        }
        query
    }
}

/// Reads all issues that the selector's query finds.
pub fn on_resync_issues(
    jira: JiraClient,
    cx: ResyncContext<IssueSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    jira.issues(cx.selector().into())
}

/// Keeps issues up to date between resyncs.
///
/// Jira is asked again with the selector's query, so that an issue that no longer fits it leaves
/// the catalog as it would in a resync.
#[derive(Debug, Clone, Copy)]
pub struct IssueWebhookProcessor;

/// What an issue event must carry.
#[derive(Debug, Deserialize)]
pub struct IssueEvent {
    #[serde(rename = "webhookEvent")]
    name: String,
    issue: Snapshot<IssueFields>,
    changelog: Option<Changelog>,
}

#[derive(Debug, Deserialize)]
struct IssueFields {
    id: JiraId,
    key: String,
}

/// What an update changed, field by field.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Changelog {
    items: Vec<FieldChange>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldChange {
    field: String,
    #[serde(rename = "fromString")]
    from: Option<String>,
}

impl WebhookProcessor<JiraClient> for IssueWebhookProcessor {
    type Kind = Kinds;
    type Payload = IssueEvent;
    type Selector = IssueSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Issue];
    const MAX_BATCH: usize = MAX_RECONCILED_ISSUES;

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("jira:issue_"))
    }

    fn subject(&self, event: &IssueEvent) -> Option<Subject> {
        Some(Subject::new("issue", event.issue.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the issue either way; only the keys that an event names can be lost.
    fn supersedes(&self, newer: &IssueEvent, older: &IssueEvent) -> bool {
        let named = |key| newer.keys().any(|known| known == key);
        older.keys().all(named)
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<IssueEvent>,
        resource: &ResourceConfig<IssueSelector>,
    ) -> Result<Changes, SourceError> {
        let (gone, changed): (Vec<_>, Vec<_>) =
            events.into_iter().partition(IssueEvent::is_deletion);
        let ids: Vec<_> = changed.iter().map(|event| event.issue.fields.id).collect();
        let selector = &resource.selector;
        let found = find_issues(jira, selector.into(), &selector.jql, &ids).await?;
        let mut changes = Changes::deleted(gone.into_iter().map(|event| event.issue.item));
        for event in changed {
            changes = changes.and(event.changes(&found));
        }
        Ok(changes)
    }
}

/// Those of some issues that a user's query still finds, by id. Of `query` all but the JQL counts.
pub(super) async fn find_issues(
    jira: &JiraClient,
    query: IssueQuery,
    jql: &str,
    ids: &[JiraId],
) -> Result<HashMap<JiraId, RawItem>, JiraError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = match (search(jira, query, jql, ids).await, ids) {
        // Jira answers 400 and not an empty list when an id in the query does not exist. For a
        // batch the engine asks again in halves; for one issue we ask whether it is still there.
        (Err(error), &[id]) if error.is_bad_request() => {
            if jira.issue_key(id.0).await?.is_some() {
                return Err(error);
            }
            Vec::new()
        }
        (found, _) => found?,
    };
    // An issue that we could not recognise would be taken for gone, hence the error.
    let by_id = found.into_iter().map(|issue| match issue.get("id") {
        Some(id) => Ok((id, issue)),
        None => Err(JiraError::Unexpected {
            what: "an issue without an id",
        }),
    });
    by_id.collect()
}

/// The issues of the user's query among these, which Jira must not answer from a stale index.
async fn search(
    jira: &JiraClient,
    query: IssueQuery,
    jql: &str,
    ids: &[JiraId],
) -> Result<Vec<RawItem>, JiraError> {
    let query = query
        .jql(jql::narrowed(jql, ids))
        .reconcile(ids.iter().map(|id| id.0));
    let pages: Vec<Batch> = jira.issues(query).try_collect().await?;
    Ok(pages.into_iter().flatten().collect())
}

impl IssueEvent {
    /// The keys whose entities the event may remove.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let key = std::iter::once(self.issue.fields.key.as_str());
        key.chain(self.old_key())
    }

    fn is_deletion(&self) -> bool {
        self.name == "jira:issue_deleted"
    }

    /// The key the issue had before it moved to another project, if this event moved it.
    fn old_key(&self) -> Option<&str> {
        let changes = &self.changelog.as_ref()?.items;
        let moved = changes
            .iter()
            .find(|change| change.field.eq_ignore_ascii_case("key"))?;
        moved
            .from
            .as_deref()
            .filter(|old| *old != self.issue.fields.key)
    }

    fn changes(self, found: &HashMap<JiraId, RawItem>) -> Changes {
        let issue = found.get(&self.issue.fields.id);
        let current_key: Option<String> = issue.and_then(|issue| issue.get("key"));
        // An issue that has moved back meanwhile has its old key again.
        let old = self
            .old_key()
            .filter(|old| current_key.as_deref() != Some(*old))
            .map(|key| self.issue.item.clone().with("key", key));
        let current = match issue {
            Some(issue) => Changes::updated([issue.clone()]),
            None => Changes::deleted([self.issue.item]),
        };
        current.and(Changes::deleted(old))
    }
}
