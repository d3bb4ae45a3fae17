//! A kind of one's own, `status`, added to the Jira integration without touching its source.
//!
//! `cargo test -p ocean-jira-extra-kind` reads it from the simulated Jira. As a program it is the
//! Jira integration with one kind more: run it with the settings of `ocean-jira`.

use std::process::ExitCode;

use jira_integration::{
    BLUEPRINTS, JiraClient, JiraError, MAPPING, SPEC, create_jira_client, integration,
};
use ocean_cli::CliApp;
use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

kinds! {
    /// What we read from Jira beside the kinds of the integration.
    pub enum MoreKinds {
        /// A status that an issue can be in.
        Status = "status",
    }
}

/// What users may write under `selector:` of a status.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct StatusSelector {
    /// Only statuses of this category: `new`, `indeterminate` or `done`.
    category: Option<String>,
}

impl Selector for StatusSelector {}

fn on_resync_statuses(
    jira: JiraClient,
    cx: ResyncContext<StatusSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    try_stream! {
        let mut statuses: Vec<Value> = jira.platform(&["status"]).await?;
        if let Some(category) = &cx.selector().category {
            let is = |key: &Value| key == category.as_str();
            statuses.retain(|status| status.pointer("/statusCategory/key").is_some_and(is));
        }
        yield Batch::from(statuses);
    }
}

fn with_statuses(ocean: Integration<JiraClient>) -> Integration<JiraClient> {
    integration(ocean).on_resync(MoreKinds::Status, on_resync_statuses)
}

fn main() -> ExitCode {
    let app = CliApp::new("jira", env!("CARGO_PKG_VERSION")).spec(SPEC);
    let app = app.default_resources(MAPPING, BLUEPRINTS);
    app.integration(create_jira_client, with_statuses).run()
}

#[cfg(test)]
mod tests;
