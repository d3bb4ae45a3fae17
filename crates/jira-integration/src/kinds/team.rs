//! Teams: read from the Atlassian organization, with their members if asked for. Jira sends no
//! events about them.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::spoken;
use crate::client::JiraClient;
use crate::error::JiraError;

/// What users may write under `selector:` of the kind `team`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TeamSelector {
    /// Whether to read each team's members into `__members`: one more request per team.
    #[serde(deserialize_with = "spoken::boolean")]
    pub include_members: bool,
}

impl Selector for TeamSelector {}

/// Reads all teams of the organization.
///
/// Without an organization id nothing can be said about teams: the kind is incomplete, and the
/// teams that the catalog has stay there.
pub fn on_resync_teams(
    jira: JiraClient,
    cx: ResyncContext<TeamSelector>,
) -> impl Stream<Item = Result<Batch, JiraError>> {
    try_stream! {
        let Some(organization) = jira.organization_id() else {
            cx.incomplete("teams need the setting `atlassian_organization_id`");
            return;
        };
        let mut pages = std::pin::pin!(jira.teams(organization));
        while let Some(teams) = pages.try_next().await? {
            yield if cx.selector().include_members {
                jira.with_members(organization, teams).await?
            } else {
                teams
            };
        }
    }
}
