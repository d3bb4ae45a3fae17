//! Repositories: their selector, how they are read, their live events.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Kinds, RepositoryPart, delivery_id, is_about};
use crate::client::Github;

/// What users may write under `selector:` of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct RepositorySelector {
    /// Whether archived repositories are read too.
    archived: bool,
}

impl Selector for RepositorySelector {}

impl RepositorySelector {
    fn includes(&self, repository: &RawItem) -> bool {
        self.archived || repository.get("archived") != Some(true)
    }
}

/// Reads all repositories.
pub(crate) fn on_resync_repositories(
    github: Github,
    cx: ResyncContext<RepositorySelector>,
) -> impl Stream<Item = Result<Batch, ocean_core::http::HttpError>> {
    github.repositories().map_ok(move |batch| {
        let wanted = |repository: &RawItem| cx.selector().includes(repository);
        batch.into_iter().filter(wanted).collect()
    })
}

/// An event about a repository itself.
#[derive(Debug, Deserialize)]
pub(crate) struct RepositoryEvent {
    repository: RepositoryPart,
    #[serde(default)]
    changes: Value,
}

impl RepositoryEvent {
    /// The names that the repository has, and had before it was renamed.
    fn names(&self) -> impl Iterator<Item = String> {
        let current = self.repository.full_name.clone();
        let owner = current.split('/').next().unwrap_or_default();
        let old = self.changes.pointer("/repository/name/from");
        let old = old
            .and_then(Value::as_str)
            .map(|name| format!("{owner}/{name}"));
        old.into_iter().chain([current])
    }
}

/// Asks GitHub for the repositories that events are about.
#[derive(Debug)]
pub(crate) struct RepositoryProcessor;

impl WebhookProcessor<Github> for RepositoryProcessor {
    type Kind = Kinds;
    type Payload = RepositoryEvent;
    type Selector = RepositorySelector;

    const KINDS: &'static [Kinds] = &[Kinds::Repository];

    fn authenticate(&self, github: &Github, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        github.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        is_about(event, "repository")
    }

    fn subject(&self, event: &RepositoryEvent) -> Option<Subject> {
        Some(Subject::new("repository", event.repository.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        delivery_id(event)
    }

    async fn handle(
        &self,
        github: &Github,
        events: Vec<RepositoryEvent>,
        resource: &ResourceConfig<RepositorySelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for name in events.iter().flat_map(RepositoryEvent::names) {
            // An old name leads to the renamed repository, whose own name tells.
            let found = github.find(&format!("/repos/{name}")).await?;
            let current =
                found.filter(|found| found.get::<String>("full_name").as_ref() == Some(&name));
            changes = changes.and(match current {
                Some(found) if resource.selector.includes(&found) => Changes::updated([found]),
                _ => Changes::deleted([json!({ "full_name": name })]),
            });
        }
        Ok(changes)
    }
}
