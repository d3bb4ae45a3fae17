//! Projects: read page by page, read again on every project event.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Kinds;
use crate::client::{JiraClient, ProjectQuery};
use crate::error::JiraError;
use crate::id::{JiraId, ProjectKey};
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
    jira.projects(ProjectQuery::from(cx.selector()).for_mapping(&cx.resource().reads))
}

/// Keeps projects up to date between resyncs.
///
/// A project that got another key leaves the catalog under all keys it had. Those of its issues
/// change with it, of which Jira sends no events: they follow with the next resync.
#[derive(Debug, Clone, Copy)]
pub struct ProjectWebhookProcessor;

/// What a project event must carry.
#[derive(Debug, Deserialize)]
pub struct ProjectEvent {
    project: Snapshot<ProjectFields>,
}

#[derive(Debug, Deserialize)]
struct ProjectFields {
    id: JiraId,
    key: ProjectKey,
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

    /// Jira is asked for the project and all its keys either way; a key that only the older event
    /// names may be of a project that is gone.
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
            changes = changes.and(event.changes(jira, resource).await?);
        }
        Ok(changes)
    }
}

impl ProjectEvent {
    /// Whatever the event says, Jira knows whether the project is there.
    async fn changes(
        self,
        jira: &JiraClient,
        resource: &ResourceConfig<ProjectSelector>,
    ) -> Result<Changes, JiraError> {
        let ProjectFields { id, key } = &self.project.fields;
        let sent = &self.project.item;
        let query = ProjectQuery::from(&resource.selector).for_mapping(&resource.reads);
        let Some(project) = jira.project(&id.to_string(), &query).await? else {
            let gone = is_free(jira, key).await?.then(|| sent.clone());
            return Ok(Changes::deleted(gone));
        };
        let current: Option<String> = project.get("key");
        let mut former = jira.project_keys(*id).await?;
        if !former.iter().any(|known| known == key.as_str()) && is_free(jira, key).await? {
            former.push(key.as_str().to_owned());
        }
        former.retain(|key| current.as_ref() != Some(key));
        let former = former.into_iter().map(|key| sent.clone().with("key", key));
        Ok(Changes::updated([project]).and(Changes::deleted(former)))
    }
}

/// Whether no project has this key now.
async fn is_free(jira: &JiraClient, key: &ProjectKey) -> Result<bool, JiraError> {
    let holder = jira.project(key.as_str(), &ProjectQuery::default()).await?;
    // A project that had the key before is found under it, too.
    let held: Option<String> = holder.and_then(|project| project.get("key"));
    Ok(held.as_deref() != Some(key.as_str()))
}
