//! Boards and their sprints.

use super::{
    super::{config::SiteConfig, json::Json},
    dice::{Dice, Stream},
    project::Project,
};

const DAY: i64 = 86_400_000;

/// What a board is for; it decides what the board can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoardType {
    Scrum,
    Kanban,
    Simple,
}

impl BoardType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scrum => "scrum",
            Self::Kanban => "kanban",
            Self::Simple => "simple",
        }
    }
}

/// A board.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) kind: BoardType,
    /// Positions of the projects it shows; the first is its home.
    pub(crate) projects: Vec<usize>,
}

impl Board {
    /// The board of the project at `index`: every seventh shows the next project too.
    pub(crate) fn seeded(config: &SiteConfig, index: usize, home: &Project) -> Self {
        let shared = index % 7 == 6 && index + 1 < config.projects;
        Self {
            id: 1 + index as u64,
            name: format!("{} board", home.key),
            kind: match index % 4 {
                1 => BoardType::Kanban,
                3 => BoardType::Simple,
                _ => BoardType::Scrum,
            },
            projects: (index..=index + usize::from(shared)).collect(),
        }
    }

    /// Whether the software API knows a backlog of it.
    pub(crate) fn has_backlog(&self) -> bool {
        self.kind != BoardType::Kanban
    }

    pub(crate) fn render(&self, out: &mut Json, site: &str, home: Option<&Project>) {
        out.object(|o| {
            o.key("id").number(self.id);
            o.key("self")
                .joined(&[site, "/rest/agile/1.0/board/", &self.id.to_string()]);
            o.key("name").text(&self.name);
            o.key("type").text(self.kind.name());
            if let Some(project) = home {
                o.key("location").object(|o| {
                    o.key("projectId").number(project.id);
                    o.key("displayName")
                        .joined(&[&project.name, " (", &project.key, ")"]);
                    o.key("projectName").text(&project.name);
                    o.key("projectKey").text(&project.key);
                    o.key("projectTypeKey").text("software");
                    o.key("name")
                        .joined(&[&project.name, " (", &project.key, ")"]);
                });
            }
            o.key("isPrivate").flag(false);
        });
    }
}

/// A sprint of a scrum board.
#[derive(Clone, Debug)]
pub(crate) struct Sprint {
    pub(crate) id: u64,
    pub(crate) board: u64,
    pub(crate) name: String,
    /// `closed`, `active` or `future`.
    pub(crate) state: String,
    starts: i64,
}

impl Sprint {
    /// Whether a text names a state a sprint can have.
    pub(crate) fn is_state(text: &str) -> bool {
        matches!(text, "closed" | "active" | "future")
    }

    /// The sprints of a board: two closed, an active and a future one; none if it is not for
    /// sprints.
    pub(crate) fn seeded(config: &SiteConfig, board: &Board) -> Vec<Self> {
        if board.kind != BoardType::Scrum {
            return Vec::new();
        }
        let mut dice = Dice::new(config.seed, Stream::Sprint, board.id);
        let current = config.start() - dice.below(13) as i64 * DAY;
        (0..)
            .zip(["closed", "closed", "active", "future"])
            .map(|(nth, state)| Self {
                id: board.id * 100 + nth,
                board: board.id,
                name: format!("{} sprint {}", board.name, nth + 1),
                state: state.to_owned(),
                starts: current + (nth as i64 - 2) * 14 * DAY,
            })
            .collect()
    }

    /// A sprint made after the start, which did not begin.
    pub(crate) fn new(id: u64, board: u64, name: String, starts: i64) -> Self {
        Self {
            id,
            board,
            name,
            state: "future".to_owned(),
            starts,
        }
    }

    pub(crate) fn render(&self, out: &mut Json, site: &str) {
        out.object(|o| {
            o.key("id").number(self.id);
            o.key("self")
                .joined(&[site, "/rest/agile/1.0/sprint/", &self.id.to_string()]);
            o.key("state").text(&self.state);
            o.key("name").text(&self.name);
            if self.state != "future" {
                o.key("startDate").agile_time(self.starts);
                o.key("endDate").agile_time(self.starts + 14 * DAY);
            }
            if self.state == "closed" {
                o.key("completeDate").agile_time(self.starts + 14 * DAY);
            }
            o.key("createdDate").agile_time(self.starts - DAY);
            o.key("originBoardId").number(self.board);
            o.key("goal").text("");
        });
    }
}
