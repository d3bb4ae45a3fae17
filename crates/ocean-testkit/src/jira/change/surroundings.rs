//! Changes to what stands around the issues: users, teams, versions, boards and sprints.

use super::{
    super::{
        data::{agile::Sprint, users::User},
        site::Site,
    },
    Change, ChangeError, Outcome,
    apply::{invalid, not_found},
    event::Event,
};

type Result<T> = std::result::Result<T, ChangeError>;

impl Site {
    pub(super) fn apply_to_people(&mut self, change: &Change, out: &mut Outcome) -> Result<()> {
        match change {
            Change::UpdateUser {
                account_id,
                name,
                active,
            } => self.edit_user(account_id, "updated", out, |user| {
                set(&mut user.name, name.as_ref());
                set(&mut user.active, active.as_ref());
            }),
            Change::DeleteUser { account_id } => {
                self.edit_user(account_id, "deleted", out, |user| {
                    user.deleted = true;
                    user.active = false;
                })
            }
            Change::UpdateTeam {
                team_id,
                name,
                members,
            } => self.edit_team(team_id, "updated", out, |team| {
                set(&mut team.name, name.as_ref());
                set(&mut team.members, members.as_ref());
            }),
            Change::DeleteTeam { team_id } => {
                self.edit_team(team_id, "deleted", out, |team| team.deleted = true)
            }
            // The caller hands on the four changes above only.
            _ => Ok(()),
        }
    }

    fn edit_user(
        &mut self,
        name: &str,
        what: &'static str,
        out: &mut Outcome,
        edit: impl FnOnce(&mut User),
    ) -> Result<()> {
        let url = self.url().to_owned();
        let place = self.find_user(name);
        let user = place
            .and_then(|place| self.users.get_mut(place))
            .ok_or_else(|| not_found("user", name))?;
        edit(user);
        user.refresh(&url);
        out.push("user", what, user.account_id.clone(), None);
        out.events.push(Event::user(user, &url, what, self.now));
        Ok(())
    }

    fn edit_team(
        &mut self,
        id: &str,
        what: &'static str,
        out: &mut Outcome,
        edit: impl FnOnce(&mut super::super::data::users::Team),
    ) -> Result<()> {
        let team = self
            .teams
            .iter_mut()
            .find(|team| team.id == id && !team.deleted);
        let team = team.ok_or_else(|| not_found("team", id))?;
        edit(team);
        out.push("team", what, team.id.clone(), None);
        Ok(())
    }

    pub(super) fn apply_to_plans(&mut self, change: &Change, out: &mut Outcome) -> Result<()> {
        match change {
            Change::UpdateVersion { id, name, released } => {
                let place = self.version_place(*id)?;
                if let Some(version) = self.versions.get_mut(place) {
                    set(&mut version.name, name.as_ref());
                    set(&mut version.released, released.as_ref());
                }
                self.announce_version(place, "updated", out);
            }
            Change::DeleteVersion { id } => {
                let place = self.version_place(*id)?;
                self.announce_version(place, "deleted", out);
                self.versions.remove(place);
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
            Change::UpdateSprint { id, name, state } => {
                self.update_sprint(*id, name.as_ref(), state.as_ref(), out)?;
            }
            Change::DeleteSprint { id } => {
                let place = self.sprint_place(*id)?;
                self.announce_sprint(place, "deleted", out);
                self.sprints.remove(place);
            }
            // The caller hands on the six changes above only.
            _ => {}
        }
        Ok(())
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

    fn announce_version(&self, place: usize, what: &'static str, out: &mut Outcome) {
        if let Some(version) = self.versions.get(place) {
            out.push("version", what, version.id.to_string(), None);
            out.events
                .push(Event::version(version, self.url(), what, self.now));
        }
    }

    fn announce_board(&self, place: usize, what: &'static str, out: &mut Outcome) {
        if let Some(board) = self.boards.get(place) {
            out.push("board", what, board.id.to_string(), None);
            out.events
                .push(Event::board(board, self.url(), what, self.now));
        }
    }

    fn announce_sprint(&self, place: usize, what: &'static str, out: &mut Outcome) {
        if let Some(sprint) = self.sprints.get(place) {
            let what_happened = if what == "closed" { "updated" } else { what };
            out.push("sprint", what_happened, sprint.id.to_string(), None);
            out.events
                .push(Event::sprint(sprint, self.url(), what, self.now));
        }
    }
}

fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}
