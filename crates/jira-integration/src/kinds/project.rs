//! Projects: read page by page, re-read on every project event that is not a deletion.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kinds;
use crate::client::{JiraClient, ProjectQuery};
use crate::error::JiraError;
use crate::id::JiraId;
use crate::webhook::{self, Snapshot};

/// What users may write under `selector:` of the kind `project`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectSelector {
    /// Which extra parts of a project to ask Jira for, comma-separated.
    pub expand: String,
}

impl Default for ProjectSelector {
    fn default() -> Self {
        Self {
            expand: "insight".to_owned(),
        }
    }
}

impl Selector for ProjectSelector {}

impl From<&ProjectSelector> for ProjectQuery {
    fn from(selector: &ProjectSelector) -> Self {
        Self::default().expand(&selector.expand)
    }
}

/// Reads all projects.
pub fn on_resync_projects(
    jira: JiraClient,
    cx: ResyncContext<ProjectSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    jira.projects(cx.selector().into())
}

/// Keeps projects up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct ProjectWebhookProcessor;

/// What a project event must carry.
#[derive(Debug, Deserialize)]
pub struct ProjectEvent {
    #[serde(rename = "webhookEvent")]
    name: String,
    project: Snapshot<ProjectFields>,
}

#[derive(Debug, Deserialize)]
struct ProjectFields {
    id: JiraId,
    key: String,
}

impl WebhookProcessor<JiraClient> for ProjectWebhookProcessor {
    type Kind = Kinds;
    type Payload = ProjectEvent;
    type Selector = ProjectSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Project];

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("project_"))
    }

    fn subject(&self, event: &ProjectEvent) -> Option<Subject> {
        Some(Subject::new("project", event.project.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the project either way. A project that was renamed has another key, and
    /// the event that knows the old one is what removes it.
    fn supersedes(&self, newer: &ProjectEvent, older: &ProjectEvent) -> bool {
        newer.project.fields.key == older.project.fields.key
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<ProjectEvent>,
        resource: &ResourceConfig<ProjectSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira, &resource.selector).await?);
        }
        Ok(changes)
    }
}

impl ProjectEvent {
    /// Whether the event itself says that the project is gone. `project_restored_deleted` does
    /// not: it brings a project back from the bin.
    fn is_deletion(&self) -> bool {
        matches!(
            self.name.as_str(),
            "project_deleted" | "project_soft_deleted"
        )
    }

    async fn changes(
        self,
        jira: &JiraClient,
        selector: &ProjectSelector,
    ) -> Result<Changes, JiraError> {
        if self.is_deletion() {
            return Ok(Changes::deleted([self.project.item]));
        }
        let key = &self.project.fields.key;
        Ok(match jira.project(key, &selector.into()).await? {
            Some(project) => Changes::updated([project]),
            None => Changes::deleted([self.project.item]),
        })
    }
}
