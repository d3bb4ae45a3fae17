//! Issues: searched with the user's JQL, and searched again for up to fifty events at once.

use std::collections::{HashMap, HashSet};

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kinds;
use crate::client::{ExistingIssues, IssueName, IssueQuery, JiraClient, MAX_RECONCILED_ISSUES};
use crate::error::JiraError;
use crate::id::{IssueKey, JiraId};
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

/// Reads all issues that the selector's query finds; in an incremental sync those that changed.
pub fn on_resync_issues(
    jira: JiraClient,
    cx: ResyncContext<IssueSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    let query = IssueQuery::from(cx.selector())
        .jql(jql::changed(cx.selector().jql.trim(), cx.since()))
        .for_mapping(&cx.resource().reads);
    jira.issues(query.whole_first_page(cx.shows_examples()))
}

/// Keeps issues up to date between resyncs.
///
/// Jira is asked again with the selector's query, so that an issue that no longer fits it leaves
/// the catalog as it would in a resync. That an issue is deleted, or left a key, is not believed
/// either: Jira is asked who has the key.
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
    key: IssueKey,
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
        let is_named = |key| newer.keys().any(|known| known == key);
        older.keys().all(is_named)
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<IssueEvent>,
        resource: &ResourceConfig<IssueSelector>,
    ) -> Result<Changes, SourceError> {
        let doubts = events.iter().flat_map(IssueEvent::doubts);
        let doubts: HashSet<IssueName> = doubts.collect();
        let existing = jira.existing_issues(doubts.iter().cloned()).await?;
        let living = events
            .iter()
            .filter(|event| !event.is_deletion() || existing.key(event.issue.fields.id).is_some());
        let ids: Vec<_> = living.map(|event| event.issue.fields.id).collect();
        let selector = &resource.selector;
        let query = IssueQuery::from(selector).for_mapping(&resource.reads);
        let found = find_issues(jira, query, &selector.jql, &ids).await?;
        let leaving: Vec<_> = events
            .iter()
            .flat_map(|event| event.leaving(&found))
            .collect();
        let unasked = |name: &IssueName| !doubts.contains(name);
        let names: HashSet<_> = leaving.iter().map(Leaving::name).filter(unasked).collect();
        let existing = existing.and(jira.existing_issues(names).await?);
        let left = leaving
            .into_iter()
            .filter(|left| left.is_free(&existing, &found));
        let deleted: Vec<_> = left.map(|left| left.item).collect();
        // In the order of the events, so that what is sent to the catalog does not vary.
        let updated = events
            .iter()
            .filter_map(|event| found.get(&event.issue.fields.id));
        Ok(Changes::updated(updated.cloned()).and(Changes::deleted(deleted)))
    }
}

/// A key that an event names and under which the query does not find its issue.
struct Leaving {
    id: JiraId,
    key: IssueKey,
    /// The issue as it was sent, under that key.
    item: RawItem,
}

impl Leaving {
    fn name(&self) -> IssueName {
        IssueName::Key(self.key.clone())
    }

    /// Whether nothing that belongs into the catalog has the key. Another issue may have it, for
    /// events can be late, or lie.
    fn is_free(&self, existing: &ExistingIssues, found: &HashMap<JiraId, RawItem>) -> bool {
        let holder = existing.holder(self.key.as_str());
        holder.is_none_or(|holder| holder == self.id && !found.contains_key(&holder))
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
    let found = match search(jira, query.clone(), jql, ids).await {
        // Jira answers 400 and not an empty list when an id in the query does not exist.
        Err(error) if error.is_bad_request() => {
            let existing = jira
                .existing_issues(ids.iter().copied().map(IssueName::Id))
                .await?;
            let living = ids.iter().copied().filter(|id| existing.key(*id).is_some());
            let living: Vec<_> = living.collect();
            if living.len() == ids.len() {
                return Err(error);
            }
            if living.is_empty() {
                return Ok(HashMap::new());
            }
            search(jira, query, jql, &living).await?
        }
        found => found?,
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
    fn is_deletion(&self) -> bool {
        self.name == "jira:issue_deleted"
    }

    /// What Jira is asked for before anything is believed: whether the issue that is said to be
    /// gone is, and who has the key that an issue is said to have left.
    fn doubts(&self) -> impl Iterator<Item = IssueName> {
        let IssueFields { id, key } = &self.issue.fields;
        let deleted = [IssueName::Id(*id), IssueName::Key(key.clone())];
        let deleted = self.is_deletion().then_some(deleted);
        let old = self.old_key().map(IssueName::Key);
        deleted.into_iter().flatten().chain(old)
    }

    /// The keys whose entities the event may remove.
    fn keys(&self) -> impl Iterator<Item = IssueKey> {
        let key = std::iter::once(self.issue.fields.key.clone());
        key.chain(self.old_key())
    }

    /// The key the issue had before it moved to another project, if this event moved it.
    fn old_key(&self) -> Option<IssueKey> {
        let changes = &self.changelog.as_ref()?.items;
        let moved = changes
            .iter()
            .find(|change| change.field.eq_ignore_ascii_case("key"))?;
        IssueKey::parse(moved.from.as_deref()?)
    }

    /// The keys that are not the one under which the query finds the issue.
    fn leaving(&self, found: &HashMap<JiraId, RawItem>) -> impl Iterator<Item = Leaving> {
        let issue = found.get(&self.issue.fields.id);
        let current: Option<String> = issue.and_then(|issue| issue.get("key"));
        let keys = self.keys();
        keys.filter(move |key| current.as_deref() != Some(key.as_str()))
            .map(|key| Leaving {
                id: self.issue.fields.id,
                item: self.issue.item.clone().with("key", key.as_str()),
                key,
            })
    }
}
