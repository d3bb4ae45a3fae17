//! Worklogs: read issue by issue, for the issues that the user's JQL finds; kept up to date from
//! what the events carry.

use std::collections::HashMap;

use futures::stream;
use jiff::fmt::strtime;
use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::issue::find_issues;
use super::{Kinds, spoken};
use crate::client::{
    CONCURRENT_REQUESTS, IssueQuery, JiraClient, MAX_RECONCILED_ISSUES, WorklogQuery,
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

    fn expands(&self) -> bool {
        let expand = self.api_query_params.as_ref();
        let expand = expand.and_then(|parameters| parameters.expand.as_deref());
        expand.is_some_and(|expand| !expand.is_empty())
    }
}

/// Jira's notation of an instant, `2026-01-15T09:30:00.000+0000`.
fn millis(text: &str) -> Option<i64> {
    let parsed = strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
    Some(parsed.to_timestamp().ok()?.as_millisecond())
}

/// Reads the worklogs of all issues that the selector's query finds, each with the key of its
/// issue as `__issueKey`.
pub fn on_resync_worklogs(
    jira: JiraClient,
    cx: ResyncContext<WorklogSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let query = WorklogQuery::from(cx.selector());
    let issues = jira.issues(cx.selector().issues());
    let keys = issues
        .map_ok(|page| stream::iter(page.into_iter().map(key_of)))
        .try_flatten();
    fan_out(keys, CONCURRENT_REQUESTS, move |key: String| {
        let worklogs = jira.worklogs(&key, &query);
        worklogs.map_ok(move |batch| batch.with("__issueKey", &key.as_str().into()))
    })
}

fn key_of(issue: RawItem) -> Result<String, JiraError> {
    issue.get("key").ok_or(JiraError::Unexpected {
        what: "an issue without a key",
    })
}

/// Keeps worklogs up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct WorklogWebhookProcessor;

/// What a worklog event must carry.
#[derive(Debug, Deserialize)]
pub struct WorklogEvent {
    #[serde(rename = "webhookEvent")]
    name: String,
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

    /// The newer event carries the worklog as it is now; without the issue it would change nothing.
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
        let changed = events.iter().filter(|event| !event.is_deletion());
        let mut issues: Vec<_> = changed
            .filter_map(|event| event.worklog.fields.issue_id)
            .collect();
        issues.sort_unstable();
        issues.dedup();
        let found = find_issues(jira, selector.issues(), &selector.jql, &issues).await?;
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira, selector, &found).await?);
        }
        Ok(changes)
    }
}

impl WorklogEvent {
    fn is_deletion(&self) -> bool {
        self.name == "worklog_deleted"
    }

    /// A worklog is what its event says, while the selector's query finds its issue.
    async fn changes(
        self,
        jira: &JiraClient,
        selector: &WorklogSelector,
        found: &HashMap<JiraId, RawItem>,
    ) -> Result<Changes, JiraError> {
        let is_deletion = self.is_deletion();
        let WorklogFields { id, issue_id } = self.worklog.fields;
        let sent = self.worklog.item;
        let Some(issue) = issue_id else {
            let gone = is_deletion.then_some(sent);
            return Ok(Changes::deleted(gone));
        };
        let in_scope = found.get(&issue).filter(|_| !is_deletion);
        let key = match in_scope.and_then(|issue| issue.get("key")) {
            Some(key) => Some(key),
            None => jira.issue_key(issue.0).await?,
        };
        let with_key = |worklog: RawItem| match key {
            Some(key) => worklog.with("__issueKey", key),
            None => worklog,
        };
        if in_scope.is_none() {
            return Ok(Changes::deleted([with_key(sent)]));
        }
        let now = if selector.expands() {
            jira.worklog(issue.0, id.0, &selector.into()).await?
        } else {
            Some(sent.clone())
        };
        Ok(match now {
            Some(worklog) if selector.includes(&worklog) => Changes::updated([with_key(worklog)]),
            Some(_) | None => Changes::deleted([with_key(sent)]),
        })
    }
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
