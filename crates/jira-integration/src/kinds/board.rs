//! Boards: read page by page with the keys of the projects they show, read again on every board
//! event.

use ocean_core::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kinds, spoken};
use crate::client::{BoardQuery, JiraClient, with_keys_of};
use crate::error::JiraError;
use crate::id::JiraId;
use crate::webhook::{self, Snapshot};

/// What users may write under `selector:` of the kind `board`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BoardSelector {
    /// Only boards of this type.
    pub board_type: Option<BoardType>,
    /// Only boards that show this project, given by key or id.
    #[serde(deserialize_with = "spoken::text")]
    pub project_key: Option<String>,
}

/// What a board is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum BoardType {
    /// Work in sprints.
    Scrum,
    /// Work as a flow.
    Kanban,
    /// The board of a team-managed project.
    Simple,
}

impl BoardType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Scrum => "scrum",
            Self::Kanban => "kanban",
            Self::Simple => "simple",
        }
    }
}

impl Selector for BoardSelector {
    fn validate(&self) -> Result<(), String> {
        match &self.project_key {
            Some(key) if key.trim().is_empty() => {
                Err("projectKey must be the key or the id of a project, or be left out".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl From<&BoardSelector> for BoardQuery {
    fn from(selector: &BoardSelector) -> Self {
        let mut query = Self::default();
        if let Some(board_type) = selector.board_type {
            query = query.board_type(board_type.as_str());
        }
        if let Some(project) = &selector.project_key {
            query = query.project(project);
        }
        query
    }
}

impl BoardSelector {
    /// Whether Jira would list this board, which shows these projects.
    fn includes(&self, board: &RawItem, projects: &[RawItem]) -> bool {
        let of_type = self
            .board_type
            .is_none_or(|wanted| board.get::<String>("type").as_deref() == Some(wanted.as_str()));
        let of_project = self.project_key.as_ref().is_none_or(|wanted| {
            projects.iter().any(|project| {
                let key: Option<String> = project.get("key");
                let id: Option<JiraId> = project.get("id");
                key.is_some_and(|key| key.eq_ignore_ascii_case(wanted))
                    || id.is_some_and(|id| id.to_string() == *wanted)
            })
        });
        of_type && of_project
    }
}

/// Reads the boards that the selector wants, each with the keys of its projects as
/// `__projectKeys`.
pub fn on_resync_boards(
    jira: JiraClient,
    cx: ResyncContext<BoardSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    let pages = jira.boards(cx.selector().into());
    fan_out(pages, 1, move |boards| jira.with_project_keys(boards))
}

/// Keeps boards up to date between resyncs.
#[derive(Debug, Clone, Copy)]
pub struct BoardWebhookProcessor;

/// What a board event must carry.
#[derive(Debug, Deserialize)]
pub struct BoardEvent {
    board: Snapshot<BoardFields>,
}

#[derive(Debug, Deserialize)]
struct BoardFields {
    id: JiraId,
}

impl WebhookProcessor<JiraClient> for BoardWebhookProcessor {
    type Kind = Kinds;
    type Payload = BoardEvent;
    type Selector = BoardSelector;

    const KINDS: &'static [Kinds] = &[Kinds::Board];

    fn authenticate(&self, jira: &JiraClient, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        jira.authenticate(event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        event
            .text("webhookEvent")
            .is_some_and(|name| name.starts_with("board_"))
    }

    fn subject(&self, event: &BoardEvent) -> Option<Subject> {
        Some(Subject::new("board", event.board.fields.id))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        webhook::delivery_id(event)
    }

    /// Jira is asked for the board either way.
    fn supersedes(&self, _: &BoardEvent, _: &BoardEvent) -> bool {
        true
    }

    async fn handle(
        &self,
        jira: &JiraClient,
        events: Vec<BoardEvent>,
        resource: &ResourceConfig<BoardSelector>,
    ) -> Result<Changes, SourceError> {
        let mut changes = Changes::none();
        for event in events {
            changes = changes.and(event.changes(jira, &resource.selector).await?);
        }
        Ok(changes)
    }
}

impl BoardEvent {
    /// Whatever the event says, Jira knows whether the board is there.
    async fn changes(
        self,
        jira: &JiraClient,
        selector: &BoardSelector,
    ) -> Result<Changes, JiraError> {
        let id = self.board.fields.id.0;
        let Some(board) = jira.board(id).await? else {
            return Ok(Changes::deleted([self.board.item]));
        };
        let Some(projects) = jira.board_projects(id).await? else {
            return Ok(Changes::deleted([self.board.item]));
        };
        let is_wanted = selector.includes(&board, &projects);
        let board = with_keys_of(board, &projects);
        Ok(if is_wanted {
            Changes::updated([board])
        } else {
            Changes::deleted([board])
        })
    }
}
