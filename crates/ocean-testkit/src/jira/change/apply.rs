//! How does the state of the site follow a change?

use super::{
    super::{
        data::{
            issue::{self, Issue, Labels},
            workflow::{IssueType, Priority, Status},
        },
        site::Site,
    },
    Change, ChangeError, Changed, IssueEdit, Outcome,
    event::Event,
};

type Result<T> = std::result::Result<T, ChangeError>;

const TICK: i64 = 1_000;

impl Site {
    /// Makes a change and tells what it did.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<Outcome> {
        self.now += TICK;
        let mut out = Outcome::default();
        match self.make(change, &mut out) {
            Ok(()) => Ok(out),
            Err(error) => {
                self.now -= TICK;
                Err(error)
            }
        }
    }

    fn make(&mut self, change: &Change, out: &mut Outcome) -> Result<()> {
        match change {
            Change::UpdateIssue { key, edit } => self.update_issue(key, edit, out)?,
            Change::CreateIssue { project, edit } => self.create_issue(project, edit, out)?,
            Change::DeleteIssue { key } => self.delete_issue(key, out)?,
            Change::MoveIssue { key, project } => self.move_issue(key, project, out)?,
            Change::Random {
                updates,
                creates,
                deletes,
                seed,
            } => self.change_at_random([*updates, *creates, *deletes], *seed, out),
            other => {
                let made = self.apply_to_projects(other, out)?
                    || self.apply_to_people(other, out)?
                    || self.apply_to_plans(other, out)?;
                if !made {
                    self.apply_to_work(other, out)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn issue_named(&self, key: &str) -> Result<Issue> {
        let found = self.find_issue(key);
        found
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| not_found("issue", key))
    }

    pub(super) fn project_place(&self, key: &str) -> Result<usize> {
        self.find_project(key)
            .ok_or_else(|| not_found("project", key))
    }

    pub(super) fn update_issue(
        &mut self,
        key: &str,
        edit: &IssueEdit,
        out: &mut Outcome,
    ) -> Result<()> {
        let mut issue = self.issue_named(key)?;
        let before = issue.clone();
        self.set_fields(&mut issue, edit)?;
        self.store(&mut issue);
        out.issue(self, &issue, Some(&before), "updated");
        Ok(())
    }

    pub(super) fn create_issue(
        &mut self,
        project: &str,
        edit: &IssueEdit,
        out: &mut Outcome,
    ) -> Result<()> {
        let place = self.project_place(project)?;
        let kind = match &edit.issuetype {
            Some(name) => IssueType::find(name).ok_or_else(|| invalid("issue type", name))?,
            None => IssueType::Task,
        };
        let mut issue = Issue {
            id: issue::FIRST_ID + self.config().issues + self.issues.added,
            project: place,
            number: 0,
            revision: 0,
            kind,
            status: Status::ToDo,
            priority: Priority::Medium,
            assignee: None,
            reporter: 0,
            creator: 0,
            parent: None,
            subtasks: 0,
            created: self.now,
            updated: self.now,
            resolved: None,
            labels: Labels::Set(Vec::new()),
            components: 0,
            comments: 0,
            prose: 500,
            summary: None,
        };
        self.set_fields(&mut issue, edit)?;
        self.issues.added += 1;
        self.give_number(&mut issue);
        self.issues.changed.insert(issue.id, issue.clone());
        out.issue(self, &issue, None, "created");
        Ok(())
    }

    pub(super) fn delete_issue(&mut self, key: &str, out: &mut Outcome) -> Result<()> {
        let issue = self.issue_named(key)?;
        let subtasks: Vec<_> = issue
            .subtask_ids(self.config())
            .filter_map(|id| self.issue(id))
            .map(std::borrow::Cow::into_owned)
            .collect();
        for gone in subtasks.into_iter().chain([issue]) {
            // The payload is written while the issue still knows its relatives.
            out.issue(self, &gone, None, "deleted");
            self.issues.deleted.insert(gone.id);
            self.issues.changed.remove(&gone.id);
            let now = self.now;
            if let Some(project) = self.projects.get_mut(gone.project) {
                project.issues = project.issues.saturating_sub(1);
                project.last_update = now;
            }
        }
        Ok(())
    }

    fn move_issue(&mut self, key: &str, project: &str, out: &mut Outcome) -> Result<()> {
        let mut issue = self.issue_named(key)?;
        let place = self.project_place(project)?;
        if place == issue.project {
            return Err(invalid("other project", project));
        }
        let before = issue.clone();
        if let Some(left) = self.projects.get_mut(issue.project) {
            left.issues = left.issues.saturating_sub(1);
        }
        issue.project = place;
        self.give_number(&mut issue);
        self.store(&mut issue);
        out.issue(self, &issue, Some(&before), "updated");
        Ok(())
    }

    /// Gives an issue the next number of its project and counts it there.
    fn give_number(&mut self, issue: &mut Issue) {
        if let Some(project) = self.projects.get_mut(issue.project) {
            project.issues += 1;
            project.last_number += 1;
            issue.number = project.last_number;
        }
        let key = (issue.project, issue.number);
        self.issues.keys.insert(key, issue.id);
    }

    fn set_fields(&self, issue: &mut Issue, edit: &IssueEdit) -> Result<()> {
        if let Some(summary) = &edit.summary {
            issue.summary = Some(summary.clone());
        }
        if let Some(name) = &edit.status {
            let status = Status::find(name).ok_or_else(|| invalid("status", name))?;
            issue.enter(status, self.now);
        }
        if let Some(name) = &edit.priority {
            issue.priority = Priority::find(name).ok_or_else(|| invalid("priority", name))?;
        }
        if let Some(assignee) = &edit.assignee {
            let place = |name: &String| self.find_user(name).ok_or_else(|| not_found("user", name));
            issue.assignee = assignee.as_ref().map(place).transpose()?;
        }
        if let Some(labels) = &edit.labels {
            issue.labels = Labels::Set(labels.clone());
        }
        Ok(())
    }

    fn store(&mut self, issue: &mut Issue) {
        issue.updated = self.now;
        issue.revision += 1;
        if let Some(project) = self.projects.get_mut(issue.project) {
            project.last_update = issue.updated;
        }
        self.issues.changed.insert(issue.id, issue.clone());
    }
}

impl Outcome {
    pub(super) fn push(
        &mut self,
        kind: &'static str,
        what: &'static str,
        id: String,
        key: Option<String>,
    ) {
        self.changed.push(Changed {
            kind,
            what,
            id,
            key,
        });
    }

    fn issue(&mut self, site: &Site, now: &Issue, before: Option<&Issue>, what: &'static str) {
        self.push("issue", what, now.id.to_string(), Some(site.issue_key(now)));
        self.events.push(Event::issue(site, now, before, what));
    }
}

pub(super) fn not_found(kind: &'static str, name: &str) -> ChangeError {
    let name = name.to_owned();
    ChangeError::NotFound { kind, name }
}

pub(super) fn invalid(field: &'static str, value: &str) -> ChangeError {
    let value = value.to_owned();
    ChangeError::Invalid { field, value }
}
