//! Changes to those who work on the site: users and teams.

use super::{
    super::{
        data::users::{Team, User},
        site::Site,
    },
    Change, ChangeError, Outcome,
    apply::not_found,
    event::Event,
};

type Result<T> = std::result::Result<T, ChangeError>;

impl Site {
    /// Makes the change if it is one to a user or a team, and tells whether it is.
    pub(super) fn apply_to_people(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        match change {
            Change::CreateUser { name } => {
                let account = self.add_user(name);
                self.edit_user(&account, "created", out, |_| {})?;
            }
            Change::UpdateUser {
                account_id,
                name,
                active,
            } => self.edit_user(account_id, "updated", out, |user| {
                set(&mut user.name, name.as_ref());
                set(&mut user.active, active.as_ref());
            })?,
            Change::DeleteUser { account_id } => {
                self.edit_user(account_id, "deleted", out, |user| {
                    user.deleted = true;
                    user.active = false;
                })?;
            }
            Change::UpdateTeam {
                team_id,
                name,
                members,
            } => self.edit_team(team_id, "updated", out, |team| {
                set(&mut team.name, name.as_ref());
                set(&mut team.members, members.as_ref());
            })?,
            Change::DeleteTeam { team_id } => {
                self.edit_team(team_id, "deleted", out, |team| team.deleted = true)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
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
        edit: impl FnOnce(&mut Team),
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
}

pub(super) fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}
