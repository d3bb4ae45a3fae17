//! Changes that nobody planned, for demos and for comparing two integrations.

use super::{
    super::{
        data::{
            dice::{Dice, Stream},
            workflow::Status,
        },
        site::Site,
    },
    IssueEdit, Outcome,
};

/// How often a dead id is drawn before the site counts as empty.
const DRAWS: usize = 1_000;

impl Site {
    /// Updates, creates and deletes so many issues each.
    pub(super) fn change_at_random(
        &mut self,
        [updates, creates, deletes]: [u64; 3],
        seed: u64,
        out: &mut Outcome,
    ) {
        let mut dice = Dice::new(self.config().seed ^ seed, Stream::Change, seed);
        for nth in 0..updates {
            if let Some(key) = self.draw(&mut dice) {
                let edit = random_edit(&mut dice, nth);
                self.made(|site, out| site.update_issue(&key, &edit, out), out);
            }
        }
        for nth in 0..creates {
            let projects: Vec<_> = self.projects().map(|project| project.key.clone()).collect();
            if let Some(project) = projects.get(dice.position(projects.len())) {
                let edit = random_edit(&mut dice, nth);
                self.made(|site, out| site.create_issue(project, &edit, out), out);
            }
        }
        for _ in 0..deletes {
            if let Some(key) = self.draw(&mut dice) {
                self.made(|site, out| site.delete_issue(&key, out), out);
            }
        }
    }

    /// Makes one change of the series. It can only fail for an item that is not there, and all of
    /// them were just drawn from those that are.
    fn made<E>(
        &mut self,
        change: impl FnOnce(&mut Self, &mut Outcome) -> Result<(), E>,
        out: &mut Outcome,
    ) {
        self.now += 1_000;
        change(self, out).ok();
    }

    /// The id of some issue that exists.
    fn draw(&self, dice: &mut Dice) -> Option<String> {
        let ids = self.issue_ids();
        let mut draws = (0..DRAWS).map(|_| ids.start + dice.below(ids.end - ids.start));
        draws
            .find(|id| self.issue(*id).is_some())
            .map(|id| id.to_string())
    }
}

fn random_edit(dice: &mut Dice, nth: u64) -> IssueEdit {
    let edit = IssueEdit::new().summary(format!("Changed at random, number {nth}"));
    let status = Status::ALL.get(dice.position(Status::ALL.len()));
    match status {
        Some(status) if dice.chance(60) => edit.status(status.name()),
        _ => edit,
    }
}
