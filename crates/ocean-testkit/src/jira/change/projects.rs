//! Changes to projects: what they are called, and whether they are there.

use super::{
    super::{data::project::Project, site::Site},
    Change, ChangeError, Outcome,
    apply::{invalid, not_found},
    event::Event,
};

type Result<T> = std::result::Result<T, ChangeError>;

impl Site {
    /// Makes the change if it is one to a project, and tells whether it is.
    pub(super) fn apply_to_projects(&mut self, change: &Change, out: &mut Outcome) -> Result<bool> {
        match change {
            Change::CreateProject { key, name } => self.create_project(key, name, out)?,
            Change::UpdateProject { key, name } => {
                let place = self.project_place(key)?;
                self.edit_project(place, "updated", |p| p.name.clone_from(name), out);
            }
            Change::ChangeProjectKey { key, new_key } => {
                let place = self.project_place(key)?;
                self.check_free(new_key)?;
                let change = |project: &mut Project| {
                    let old = std::mem::replace(&mut project.key, new_key.clone());
                    project.former_keys.push(old);
                };
                self.edit_project(place, "updated", change, out);
                self.index_projects();
            }
            Change::ArchiveProject { key } => {
                let place = self.project_place(key)?;
                self.edit_project(place, "archived", |p| p.archived = true, out);
            }
            Change::UnarchiveProject { key } => {
                let place = self.project_place(key)?;
                self.edit_project(place, "restored_archived", |p| p.archived = false, out);
            }
            Change::BinProject { key } => {
                let place = self.project_place(key)?;
                self.edit_project(place, "soft_deleted", |p| p.binned = true, out);
            }
            Change::RestoreProject { key } => {
                let place = self.binned_place(key)?;
                self.edit_project(place, "restored_deleted", |p| p.binned = false, out);
            }
            Change::DeleteProject { key } => {
                let place = self
                    .project_place(key)
                    .or_else(|_| self.binned_place(key))?;
                self.edit_project(place, "deleted", |p| p.deleted = true, out);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn binned_place(&self, key: &str) -> Result<usize> {
        let mut projects = self.projects.iter();
        let named = |project: &Project| project.key == key || project.id.to_string() == key;
        projects
            .position(|project| project.binned && !project.deleted && named(project))
            .ok_or_else(|| not_found("project in the bin", key))
    }

    fn create_project(&mut self, key: &str, name: &str, out: &mut Outcome) -> Result<()> {
        self.check_free(key)?;
        let place = self.projects.len();
        let project = Project::new(self.config(), place, key.to_owned(), name.to_owned());
        self.projects.push(project);
        self.index_projects();
        self.edit_project(place, "created", |_| {}, out);
        Ok(())
    }

    /// Refuses a key that is none, or that a project has or had.
    fn check_free(&self, key: &str) -> Result<()> {
        let letters = key
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let taken = |project: &Project| {
            let mut former = project.former_keys.iter();
            project.key == key || former.any(|former| former == key)
        };
        if key.is_empty() || !letters || self.projects.iter().any(taken) {
            return Err(invalid("free project key", key));
        }
        Ok(())
    }

    fn edit_project(
        &mut self,
        place: usize,
        event: &'static str,
        edit: impl FnOnce(&mut Project),
        out: &mut Outcome,
    ) {
        let url = self.url().to_owned();
        if let Some(project) = self.projects.get_mut(place) {
            edit(project);
            project.refresh(&url);
            let what = match event {
                "deleted" | "soft_deleted" => "deleted",
                "created" | "restored_deleted" => "created",
                _ => "updated",
            };
            let key = Some(project.key.clone());
            out.push("project", what, project.id.to_string(), key);
            out.events.push(Event::project(project, event, self.now));
        }
    }
}
