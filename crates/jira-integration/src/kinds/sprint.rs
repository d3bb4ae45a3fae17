//! Sprints: read board by board, read again on every sprint event.

use std::collections::HashSet;

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kinds;
use super::parents::of_all_boards;
use crate::client::JiraClient;
use crate::error::JiraError;
use crate::id::JiraId;
use crate::webhook::{self, Snapshot};

/// What users may write under `selector:` of the kind `sprint`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SprintSelector {
    /// Only sprints in one of these states; `null` for all sprints.
    pub sprint_state: Option<Vec<SprintState>>,
}

/// How far a sprint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SprintState {
    /// It runs.
    Active,
    /// It is over.
    Closed,
    /// It did not begin.
    Future,
}

impl SprintState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Closed => "closed",
            Self::Future => "future",
        }
    }
}

impl Default for SprintSelector {
    fn default() -> Self {
        Self {
            sprint_state: Some(vec![SprintState::Active]),
        }
    }
}

impl Selector for SprintSelector {
    fn validate(&self) -> Result<(), String> {
        let Some(states) = &self.sprint_state else {
            return Ok(());
        };
        if states.is_empty() {
            return Err("sprintState must name a state, or be null for all sprints".to_owned());
        }
        let mut seen = HashSet::new();
        match states.iter().find(|state| !seen.insert(**state)) {
            Some(twice) => Err(format!("sprintState names `{}` twice", twice.as_str())),
            None => Ok(()),
        }
    }
}

impl SprintSelector {
    /// The states as Jira is asked for them.
    fn states(&self) -> Option<String> {
        let states = self.sprint_state.as_ref()?;
        let states: Vec<_> = states.iter().map(|state| state.as_str()).collect();
        Some(states.join(","))
    }

    /// Whether Jira would list this sprint.
    fn includes(&self, sprint: &RawItem) -> bool {
        let state: Option<String> = sprint.get("state");
        self.sprint_state.as_ref().is_none_or(|wanted| {
            wanted
                .iter()
                .any(|wanted| state.as_deref() == Some(wanted.as_str()))
        })
    }
}

/// Reads the sprints of all boards that the selector wants, each once: a sprint is listed by every
/// board that shows one of its issues.
pub fn on_resync_sprints(
    jira: JiraClient,
    cx: ResyncContext<SprintSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let states = cx.selector().states();
    let sprints = of_all_boards(jira.clone(), &cx, move |board| {
        jira.sprints(board, states.as_deref())
    });
    let mut seen = HashSet::new();
    sprints.map_ok(move |batch| {
        let is_new = |sprint: &RawItem| sprint.get("id").is_none_or(|id: JiraId| seen.insert(id));
        batch.into_iter().filter(is_new).collect()
    })
}

/// Keeps sprints up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct SprintWebhookProcessor;

/// What a sprint event must carry.
#[derive(Debug, Deserialize)]
pub struct SprintEvent {
    sprint: Snapshot<SprintFields>,
}

#[derive(Debug, Deserialize)]
struct SprintFields {
    id: JiraId,
}

impl WebhookProcessor<JiraClient> for SprintWebhookProcessor {
    type Kind = Kinds;
    type Payload = SprintEvent;
    type Selector = SprintSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Sprint];

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("sprint_"))
    }

    fn subject(&self, event: &SprintEvent) -> Option<Subject> {
        Some(Subject::new("sprint", event.sprint.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the sprint either way.
    fn supersedes(&self, _: &SprintEvent, _: &SprintEvent) -> bool {
        true
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<SprintEvent>,
        resource: &ResourceConfig<SprintSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira, &resource.selector).await?);
        }
        Ok(changes)
    }
}

impl SprintEvent {
    /// Whatever the event says, Jira knows whether the sprint is there.
    async fn changes(
        self,
        jira: &JiraClient,
        selector: &SprintSelector,
    ) -> Result<Changes, JiraError> {
        Ok(match jira.sprint(self.sprint.fields.id.0).await? {
            Some(sprint) if selector.includes(&sprint) => Changes::updated([sprint]),
            Some(sprint) => Changes::deleted([sprint]),
            None => Changes::deleted([self.sprint.item]),
        })
    }
}
