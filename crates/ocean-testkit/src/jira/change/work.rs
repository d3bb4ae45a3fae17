//! Changes to the work that is logged on issues.

use super::{
    super::{
        data::worklog::{self, Worklog},
        site::Site,
    },
    Change, ChangeError, Outcome,
    apply::not_found,
    event::Event,
};

type Result<T> = std::result::Result<T, ChangeError>;

impl Site {
    /// Makes the change if it is one to logged work.
    pub(super) fn apply_to_work(&mut self, change: &Change, out: &mut Outcome) -> Result<()> {
        match change {
            Change::LogWork { issue, minutes } => {
                let issue = self.issue_named(issue)?.id;
                let worklog = self.worklogs.next(issue, *minutes, self.now);
                self.announce_work(&worklog, "created", out);
                self.worklogs.added.entry(issue).or_default().push(worklog);
            }
            Change::UpdateWorklog { id, minutes } => {
                let mut worklog = self.worklog_named(*id)?;
                worklog.minutes = *minutes;
                worklog.updated = self.now;
                self.announce_work(&worklog, "updated", out);
                self.worklogs.changed.insert(*id, worklog);
            }
            Change::DeleteWorklog { id } => {
                let worklog = self.worklog_named(*id)?;
                self.announce_work(&worklog, "deleted", out);
                self.worklogs.deleted.insert(*id);
            }
            _ => {}
        }
        Ok(())
    }

    fn worklog_named(&self, id: u64) -> Result<Worklog> {
        worklog::find(self, id).ok_or_else(|| not_found("worklog", &id.to_string()))
    }

    fn announce_work(&self, worklog: &Worklog, what: &'static str, out: &mut Outcome) {
        out.push("worklog", what, worklog.id.to_string(), None);
        out.events.push(Event::worklog(worklog, self, what));
    }
}
