//! Releases, which Jira calls versions: read project by project, read again on every version
//! event.

use ocean_core::prelude::*;
use serde::Deserialize;

use super::Kinds;
use super::parents::of_all_projects;
use crate::client::{JiraClient, ProjectQuery};
use crate::error::JiraError;
use crate::id::JiraId;
use crate::webhook::{self, Snapshot};

/// Reads all versions of all projects, each with the key of its project as `__projectKey`.
pub fn on_resync_releases(
    jira: JiraClient,
    cx: ResyncContext<NoSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    of_all_projects(jira.clone(), &cx, move |key, _| {
        let versions = jira.versions(&key);
        versions.map_ok(move |batch| batch.with("__projectKey", &key.as_str().into()))
    })
}

/// Keeps releases up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct VersionWebhookProcessor;

/// What a version event must carry.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionEvent {
    version: Snapshot<VersionFields>,
    merged_to: Option<MergedTo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionFields {
    id: JiraId,
    project_id: Option<JiraId>,
}

/// The version that took over the issues of a deleted one.
#[derive(Debug, Deserialize)]
struct MergedTo {
    id: JiraId,
}

impl WebhookProcessor<JiraClient> for VersionWebhookProcessor {
    type Kind = Kinds;
    type Payload = VersionEvent;
    type Selector = NoSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Release];

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("jira:version_"))
    }

    fn subject(&self, event: &VersionEvent) -> Option<Subject> {
        Some(Subject::new("version", event.version.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the version either way, but not for the one that took over its issues,
    /// nor for the project of a version that is gone.
    fn supersedes(&self, newer: &VersionEvent, older: &VersionEvent) -> bool {
        let heir = |event: &VersionEvent| event.merged_to.as_ref().map(|heir| heir.id);
        let project = |event: &VersionEvent| event.version.fields.project_id;
        let names_heir = heir(older).is_none() || heir(newer) == heir(older);
        let names_project = project(older).is_none() || project(newer).is_some();
        names_heir && names_project
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<VersionEvent>,
        _: &ResourceConfig<NoSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira).await?);
        }
        Ok(changes)
    }
}

impl VersionEvent {
    /// Whatever the event says, Jira knows whether the version is there.
    async fn changes(self, jira: &JiraClient) -> Result<Changes, JiraError> {
        let heir = match &self.merged_to {
            Some(merged_to) => find(jira, merged_to.id).await?,
            None => None,
        };
        let own = match find(jira, self.version.fields.id).await? {
            Some(version) => Changes::updated([version]),
            None => self.deletion(jira).await?,
        };
        Ok(own.and(Changes::updated(heir)))
    }

    /// The version as it was sent, with the key of its project while there is one.
    async fn deletion(self, jira: &JiraClient) -> Result<Changes, JiraError> {
        let version = self.version.item;
        let key = match self.version.fields.project_id {
            Some(project) => project_key(jira, project).await?,
            None => None,
        };
        Ok(Changes::deleted([match key {
            Some(key) => version.with("__projectKey", key),
            None => version,
        }]))
    }
}

/// A version as a resync would read it: none when its project is not there for us.
async fn find(jira: &JiraClient, id: JiraId) -> Result<Option<RawItem>, JiraError> {
    let Some(version) = jira.version(id.0).await? else {
        return Ok(None);
    };
    let project = version.get("projectId").ok_or(JiraError::Unexpected {
        what: "a version without the id of its project",
    })?;
    let key = project_key(jira, project).await?;
    Ok(key.map(|key| version.with("__projectKey", key)))
}

async fn project_key(jira: &JiraClient, id: JiraId) -> Result<Option<String>, JiraError> {
    let project = jira
        .project(&id.to_string(), &ProjectQuery::default())
        .await?;
    Ok(project.and_then(|project| project.get("key")))
}
