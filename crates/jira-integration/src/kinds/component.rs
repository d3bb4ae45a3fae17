//! Components: read project by project. Jira sends no events about them.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parents::of_all_projects;
use crate::client::{ComponentQuery, JiraClient};
use crate::error::JiraError;

/// What users may write under `selector:` of the kind `component`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ComponentSelector {
    /// Which product's components to read.
    pub component_source: ComponentSource,
    /// Only components whose name or description contains this text.
    pub name_filter: Option<String>,
}

/// Where the components of a project are managed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ComponentSource {
    /// In Jira.
    #[default]
    Jira,
    /// In Compass.
    Compass,
    /// Wherever the project has them.
    Auto,
}

impl Selector for ComponentSelector {}

impl From<&ComponentSelector> for ComponentQuery {
    fn from(selector: &ComponentSelector) -> Self {
        let query = Self::source(match selector.component_source {
            ComponentSource::Jira => "jira",
            ComponentSource::Compass => "compass",
            ComponentSource::Auto => "auto",
        });
        match &selector.name_filter {
            Some(name) => query.name(name),
            None => query,
        }
    }
}

/// Reads the components of all projects, each with its whole project as `__project`.
pub fn on_resync_components(
    jira: JiraClient,
    cx: ResyncContext<ComponentSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let query = ComponentQuery::from(cx.selector());
    of_all_projects(jira.clone(), &cx, move |key, project| {
        jira.components(&key, &query).and_then(move |batch| {
            let project = project.to_value().map_err(JiraError::Unreadable);
            std::future::ready(project.map(|project| batch.with("__project", &project)))
        })
    })
}
