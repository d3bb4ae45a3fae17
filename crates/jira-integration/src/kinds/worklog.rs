//! Worklogs: read issue by issue, for the issues that the user's JQL finds; listed by their ids
//! for up to fifty events at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::pin::pin;

use futures::{StreamExt as _, stream};
use jiff::fmt::strtime;
use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::issue::find_issues;
use super::{Kinds, spoken};
use crate::client::{
    CONCURRENT_REQUESTS, IssueName, IssueQuery, JiraClient, MAX_RECONCILED_ISSUES, WorklogQuery,
};
use crate::error::JiraError;
use crate::id::JiraId;
use crate::webhook::{self, Snapshot};

/// What users may write under `selector:` of the kind `worklog`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorklogSelector {
    /// The worklogs of which issues to read, as a Jira query.
    pub jql: String,
    /// Which of their worklogs.
    pub api_query_params: Option<WorklogParameters>,
}

/// What Jira is asked for about the worklogs of an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorklogParameters {
    /// Only work that began at this instant or later, in milliseconds since the epoch.
    #[serde(alias = "started_after", deserialize_with = "spoken::integer")]
    pub started_after: Option<i64>,
    /// Only work that began before this instant, in milliseconds since the epoch.
    #[serde(alias = "started_before", deserialize_with = "spoken::integer")]
    pub started_before: Option<i64>,
    /// Which extra parts of a worklog to ask for, comma-separated.
    pub expand: Option<String>,
}

impl Default for WorklogSelector {
    fn default() -> Self {
        Self {
            jql: "updated >= -1w".to_owned(),
            api_query_params: None,
        }
    }
}

impl Selector for WorklogSelector {}

impl From<&WorklogSelector> for WorklogQuery {
    fn from(selector: &WorklogSelector) -> Self {
        let mut query = Self::default();
        let Some(parameters) = &selector.api_query_params else {
            return query;
        };
        if let Some(millis) = parameters.started_after {
            query = query.started_after(millis);
        }
        if let Some(millis) = parameters.started_before {
            query = query.started_before(millis);
        }
        match &parameters.expand {
            Some(expand) => query.expand(expand),
            None => query,
        }
    }
}

impl WorklogSelector {
    /// Of issues nothing but the key is needed.
    fn issues(&self) -> IssueQuery {
        IssueQuery::new(&self.jql).fields(["key"])
    }

    /// Whether extra parts of worklogs are asked for, which issues do not show.
    fn expands(&self) -> bool {
        let expand = self.api_query_params.as_ref();
        let expand = expand.and_then(|parameters| parameters.expand.as_deref());
        expand.is_some_and(|expand| !expand.is_empty())
    }

    /// Whether Jira would list this worklog of an issue that the query finds. One that does not
    /// say when it began is not known to be outside.
    fn includes(&self, worklog: &RawItem) -> bool {
        let Some(parameters) = &self.api_query_params else {
            return true;
        };
        let Some(started) = worklog
            .get("started")
            .and_then(|text: String| millis(&text))
        else {
            return true;
        };
        parameters
            .started_after
            .is_none_or(|after| started >= after)
            && parameters
                .started_before
                .is_none_or(|before| started < before)
    }
}

/// Jira's notation of an instant, `2026-01-15T09:30:00.000+0000`.
fn millis(text: &str) -> Option<i64> {
    let parsed = strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
    Some(parsed.to_timestamp().ok()?.as_millisecond())
}

/// Reads the worklogs of all issues that the selector's query finds, each with the key of its
/// issue as `__issueKey`.
///
/// A found issue shows its first worklogs, which are all of them for most issues. Only the others
/// are asked for theirs.
pub fn on_resync_worklogs(
    jira: JiraClient,
    cx: ResyncContext<WorklogSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let selector = cx.selector().clone();
    let query = WorklogQuery::from(&selector);
    let issues = jira.issues(if selector.expands() {
        selector.issues()
    } else {
        IssueQuery::new(&selector.jql).fields(["worklog"])
    });
    let issues = issues
        .map_ok(|page| stream::iter(page.into_iter().map(worklogs_of)))
        .try_flatten();
    fan_out(issues, CONCURRENT_REQUESTS, move |(key, shown)| {
        let worklogs = match shown {
            Some(mut shown) => {
                shown.retain(|worklog| selector.includes(worklog));
                stream::iter([Ok(Batch::new(shown))]).left_stream()
            }
            None => jira.worklogs(&key, &query).right_stream(),
        };
        worklogs.map_ok(move |batch| batch.with("__issueKey", &key.as_str().into()))
    })
}

/// Reads the worklogs that were made or changed of all issues that the selector's query finds.
///
/// Those of an issue that the query finds only now follow with the next full resync.
pub fn on_incremental_resync_worklogs(
    jira: JiraClient,
    cx: ResyncContext<WorklogSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    try_stream! {
        let since = cx.since().ok_or_else(|| SourceError::permanent("it has no beginning"))?;
        let selector = cx.selector();
        let mut pages = pin!(jira.changed_worklogs(since));
        while let Some(ids) = pages.try_next().await? {
            let mut worklogs = jira.existing_worklogs(&ids, &selector.into()).await?;
            worklogs.retain(|_, worklog| selector.includes(worklog));
            yield with_keys(&jira, selector, worklogs).await?;
        }
    }
}

/// Those worklogs of which the selector wants the issue, with its key.
async fn with_keys(
    jira: &JiraClient,
    selector: &WorklogSelector,
    worklogs: HashMap<JiraId, RawItem>,
) -> Result<Batch, JiraError> {
    let issues: BTreeSet<JiraId> = worklogs.values().filter_map(issue_of).collect();
    let issues: Vec<JiraId> = issues.into_iter().collect();
    let mut keys: HashMap<JiraId, String> = HashMap::new();
    for ids in issues.chunks(MAX_RECONCILED_ISSUES) {
        let found = find_issues(jira, selector.issues(), &selector.jql, ids).await?;
        let found = found.iter();
        keys.extend(found.filter_map(|(id, issue)| Some((*id, issue.get("key")?))));
    }
    let mut worklogs: Vec<_> = worklogs.into_iter().collect();
    // In an order that does not vary.
    worklogs.sort_unstable_by_key(|(id, _)| *id);
    let keyed = worklogs.into_iter().filter_map(|(_, worklog)| {
        let key = keys.get(&issue_of(&worklog)?)?;
        Some(worklog.with("__issueKey", key.as_str()))
    });
    Ok(keyed.collect())
}

/// The worklogs that a found issue shows.
#[derive(Debug, Deserialize)]
struct Shown {
    total: usize,
    worklogs: Vec<RawItem>,
}

/// The key of an issue, and its worklogs if it shows all of them.
fn worklogs_of(issue: RawItem) -> Result<(String, Option<Vec<RawItem>>), JiraError> {
    #[derive(Deserialize)]
    struct Fields {
        worklog: Option<Shown>,
    }
    let key = issue.get("key").ok_or(JiraError::Unexpected {
        what: "an issue without a key",
    })?;
    let shown = issue
        .get::<Fields>("fields")
        .and_then(|fields| fields.worklog);
    let all = shown.filter(|shown| shown.worklogs.len() == shown.total);
    Ok((key, all.map(|shown| shown.worklogs)))
}

/// Keeps worklogs up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct WorklogWebhookProcessor;

/// What a worklog event must carry.
#[derive(Debug, Deserialize)]
pub struct WorklogEvent {
    worklog: Snapshot<WorklogFields>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorklogFields {
    id: JiraId,
    issue_id: Option<JiraId>,
}

impl WebhookProcessor<JiraClient> for WorklogWebhookProcessor {
    type Kind = Kinds;
    type Payload = WorklogEvent;
    type Selector = WorklogSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Worklog];
    const MAX_BATCH: usize = MAX_RECONCILED_ISSUES;

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("worklog_"))
    }

    fn subject(&self, event: &WorklogEvent) -> Option<Subject> {
        Some(Subject::new("worklog", event.worklog.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the worklog either way, but of one that is gone only the event says of
    /// which issue it was.
    fn supersedes(&self, newer: &WorklogEvent, older: &WorklogEvent) -> bool {
        let issue = |event: &WorklogEvent| event.worklog.fields.issue_id;
        issue(newer).is_some() || issue(older).is_none()
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<WorklogEvent>,
        resource: &ResourceConfig<WorklogSelector>,
    ) -> Result<Changes, SourceError> {
        let selector = &resource.selector;
        let ids: Vec<_> = events.iter().map(|event| event.worklog.fields.id).collect();
        let existing = jira.existing_worklogs(&ids, &selector.into()).await?;
        let mut issues: Vec<JiraId> = existing.values().filter_map(issue_of).collect();
        issues.sort_unstable();
        issues.dedup();
        let found = find_issues(jira, selector.issues(), &selector.jql, &issues).await?;
        let elsewhere = events.iter().filter_map(|event| event.issue(&existing));
        let elsewhere: HashSet<_> = elsewhere
            .filter(|issue| !found.contains_key(issue))
            .collect();
        let others = jira
            .existing_issues(elsewhere.into_iter().map(IssueName::Id))
            .await?;
        let mut changes = Changes::none();
        for event in events {
            let issue = event.issue(&existing);
            let in_scope = issue.and_then(|issue| found.get(&issue));
            let key = in_scope.and_then(|issue| issue.get("key"));
            let elsewhere = || Some(others.key(issue?)?.to_owned());
            let key: Option<String> = key.or_else(elsewhere);
            let with_key = |worklog: RawItem| match key {
                Some(key) => worklog.with("__issueKey", key),
                None => worklog,
            };
            let now = existing.get(&event.worklog.fields.id);
            changes = changes.and(match now {
                Some(worklog) if in_scope.is_some() && selector.includes(worklog) => {
                    Changes::updated([with_key(worklog.clone())])
                }
                _ => Changes::deleted([with_key(event.worklog.item)]),
            });
        }
        Ok(changes)
    }
}

impl WorklogEvent {
    /// The issue as Jira knows it; for a worklog that is gone, as it was sent.
    fn issue(&self, existing: &HashMap<JiraId, RawItem>) -> Option<JiraId> {
        match existing.get(&self.worklog.fields.id) {
            Some(worklog) => issue_of(worklog),
            None => self.worklog.fields.issue_id,
        }
    }
}

fn issue_of(worklog: &RawItem) -> Option<JiraId> {
    worklog.get("issueId")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_jira_is_read_with_its_offset() {
        for (text, expected) in [
            ("1970-01-01T00:00:01.500+0000", Some(1_500)),
            ("1970-01-01T01:00:00.000+0100", Some(0)),
            ("yesterday", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
    }
}
