//! Changes to what work is planned with: versions, boards and sprints.

use super::{
    super::{
        data::{
            agile::{Board, BoardType, Sprint},
            project::Version,
        },
        site::Site,
    },
    Change, ChangeError, Outcome,
    apply::{invalid, not_found},
    event::Event,
    people::set,
};

type Result<T> = std::result::Result<T, ChangeError>;

impl Site {
    /// Makes the change if it is one to a version, a board or a sprint, and tells whether it is.
    pub(super) fn apply_to_plans(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        let made = self.apply_to_versions(change, out)?
            || self.apply_to_boards(change, out)?
            || self.apply_to_sprints(change, out)?;
        Ok(made)
    }

    fn apply_to_versions(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        match change {
            Change::CreateVersion { project, name } => {
                let project = self.project_place(project)?;
                let Some(project) = self.project_at(project).map(|project| project.id) else {
                    return Err(not_found("project", name));
                };
                let id = 1 + self
                    .versions
                    .iter()
                    .map(|one| one.id)
                    .max()
                    .unwrap_or(20_000);
                let version = Version::new(id, project, name.clone(), self.now);
                self.versions.push(version);
                self.announce_version(self.versions.len() - 1, "created", None, out);
            }
            Change::UpdateVersion { id, name, released } => {
                let place = self.version_place(*id)?;
                let mut event = "updated";
                if let Some(version) = self.versions.get_mut(place) {
                    event = match released {
                        Some(true) if !version.released => "released",
                        Some(false) if version.released => "unreleased",
                        _ => event,
                    };
                    set(&mut version.name, name.as_ref());
                    set(&mut version.released, released.as_ref());
                }
                self.announce_version(place, event, None, out);
            }
            Change::MoveVersion { id } => {
                let place = self.version_place(*id)?;
                self.announce_version(place, "moved", None, out);
            }
            Change::DeleteVersion { id, merged_to } => {
                let place = self.version_place(*id)?;
                let heir = merged_to.map(|heir| self.version_place(heir)).transpose()?;
                self.announce_version(place, "deleted", heir, out);
                self.versions.remove(place);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn apply_to_boards(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        match change {
            Change::CreateBoard { project, name } => {
                let project = self.project_place(project)?;
                let id = 1 + self.boards.iter().map(|one| one.id).max().unwrap_or(0);
                self.boards.push(Board {
                    id,
                    name: name.clone(),
                    kind: BoardType::Scrum,
                    projects: vec![project],
                });
                self.announce_board(self.boards.len() - 1, "created", out);
            }
            Change::UpdateBoard { id, name } => {
                let place = self.board_place(*id)?;
                if let Some(board) = self.boards.get_mut(place) {
                    board.name.clone_from(name);
                }
                self.announce_board(place, "updated", out);
            }
            Change::DeleteBoard { id } => {
                let place = self.board_place(*id)?;
                self.announce_board(place, "deleted", out);
                self.boards.remove(place);
                self.sprints.retain(|sprint| sprint.board != *id);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn apply_to_sprints(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        match change {
            Change::CreateSprint { board, name } => {
                self.board_place(*board)?;
                let id = 1 + self.sprints.iter().map(|one| one.id).max().unwrap_or(0);
                let sprint = Sprint::new(id, *board, name.clone(), self.now);
                self.sprints.push(sprint);
                self.announce_sprint(self.sprints.len() - 1, "created", out);
            }
            Change::UpdateSprint { id, name, state } => {
                self.update_sprint(*id, name.as_ref(), state.as_ref(), out)?;
            }
            Change::DeleteSprint { id } => {
                let place = self.sprint_place(*id)?;
                self.announce_sprint(place, "deleted", out);
                self.sprints.remove(place);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn update_sprint(
        &mut self,
        id: u64,
        name: Option<&String>,
        state: Option<&String>,
        out: &mut Outcome,
    ) -> Result<()> {
        let place = self.sprint_place(id)?;
        if let Some(state) = state.filter(|state| !Sprint::is_state(state)) {
            return Err(invalid("sprint state", state));
        }
        let mut closed = false;
        if let Some(sprint) = self.sprints.get_mut(place) {
            closed = sprint.state != "closed" && state.is_some_and(|state| state == "closed");
            set(&mut sprint.name, name);
            set(&mut sprint.state, state);
        }
        self.announce_sprint(place, if closed { "closed" } else { "updated" }, out);
        Ok(())
    }

    fn version_place(&self, id: u64) -> Result<usize> {
        let found = self.versions.iter().position(|version| version.id == id);
        found.ok_or_else(|| not_found("version", &id.to_string()))
    }

    fn board_place(&self, id: u64) -> Result<usize> {
        let found = self.boards.iter().position(|board| board.id == id);
        found.ok_or_else(|| not_found("board", &id.to_string()))
    }

    fn sprint_place(&self, id: u64) -> Result<usize> {
        let found = self.sprints.iter().position(|sprint| sprint.id == id);
        found.ok_or_else(|| not_found("sprint", &id.to_string()))
    }

    /// Versions and sprints have more events than creation, update and deletion.
    fn announce_version(
        &self,
        place: usize,
        event: &'static str,
        heir: Option<usize>,
        out: &mut Outcome,
    ) {
        if let Some(version) = self.versions.get(place) {
            out.push("version", plain(event), version.id.to_string(), None);
            let heir = heir.and_then(|heir| self.versions.get(heir));
            let event = Event::version(version, heir, self.url(), event, self.now);
            out.events.push(event);
        }
    }

    fn announce_board(&self, place: usize, what: &'static str, out: &mut Outcome) {
        if let Some(board) = self.boards.get(place) {
            out.push("board", what, board.id.to_string(), None);
            out.events
                .push(Event::board(board, self.url(), what, self.now));
        }
    }

    fn announce_sprint(&self, place: usize, event: &'static str, out: &mut Outcome) {
        if let Some(sprint) = self.sprints.get(place) {
            out.push("sprint", plain(event), sprint.id.to_string(), None);
            out.events
                .push(Event::sprint(sprint, self.url(), event, self.now));
        }
    }
}

fn plain(event: &'static str) -> &'static str {
    match event {
        "created" | "deleted" => event,
        _ => "updated",
    }
}
