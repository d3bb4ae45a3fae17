//! Time that was logged on issues.

use std::collections::{HashMap, HashSet};

use super::{
    super::{json::Json, site::Site},
    dice::{Dice, Stream},
    issue::Issue,
    render::{View, document},
};

/// Seeded entries of an issue have ids from ten times its own on; those added later follow here.
const FIRST_ADDED_ID: u64 = 10_000_000_000;

/// One entry of work on an issue.
#[derive(Clone, Debug)]
pub(crate) struct Worklog {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    author: usize,
    pub(crate) started: i64,
    pub(crate) updated: i64,
    pub(crate) minutes: u64,
}

/// The entries that are not as they were seeded.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// By issue.
    pub(crate) added: HashMap<u64, Vec<Worklog>>,
    pub(crate) changed: HashMap<u64, Worklog>,
    pub(crate) deleted: HashSet<u64>,
    last: u64,
}

impl Overrides {
    /// A new entry, which is not added yet.
    pub(crate) fn next(&mut self, issue: u64, minutes: u64, now: i64) -> Worklog {
        self.last += 1;
        Worklog {
            id: FIRST_ADDED_ID + self.last,
            issue,
            author: 0,
            started: now,
            updated: now,
            minutes,
        }
    }
}

/// The work logged on an issue: none for most, up to three entries at the start.
pub(crate) fn entries<'a>(
    site: &'a Site,
    issue: &Issue,
) -> impl Iterator<Item = Worklog> + use<'a> {
    let later = &site.worklogs;
    let added = later.added.get(&issue.id).into_iter().flatten().cloned();
    seeded(site, issue)
        .chain(added)
        .filter(|entry| !later.deleted.contains(&entry.id))
        .map(|entry| later.changed.get(&entry.id).cloned().unwrap_or(entry))
}

/// All entries of the site that were made or changed at this instant or later, oldest first.
pub(crate) fn changed_since(site: &Site, since: i64) -> Vec<Worklog> {
    let first = site.issue_ids().start;
    let all = site.issues_from(first);
    let all = all.flat_map(|issue| entries(site, &issue).collect::<Vec<_>>());
    let mut changed: Vec<_> = all.filter(|entry| entry.updated >= since).collect();
    changed.sort_by_key(|entry| (entry.updated, entry.id));
    changed
}

/// The entry with an id, if it and its issue exist.
pub(crate) fn find(site: &Site, id: u64) -> Option<Worklog> {
    let added = || {
        let mut all = site.worklogs.added.values().flatten();
        all.find(|entry| entry.id == id).map(|entry| entry.issue)
    };
    let issue = if id > FIRST_ADDED_ID {
        added()?
    } else {
        id / 10
    };
    let issue = site.issue(issue)?;
    entries(site, &issue).find(|entry| entry.id == id)
}

fn seeded(site: &Site, issue: &Issue) -> impl Iterator<Item = Worklog> + use<> {
    let config = site.config();
    let mut dice = Dice::new(config.seed, Stream::Worklog, issue.id);
    let count = dice.below(12).saturating_sub(8);
    let (issue_id, created, users) = (issue.id, issue.created, config.users);
    let span = (issue.updated - created).unsigned_abs() + 1;
    (0..count).map(move |nth| {
        let author = dice.position(users);
        let started = created + dice.below(span) as i64;
        Worklog {
            id: issue_id * 10 + nth,
            issue: issue_id,
            author,
            started,
            updated: started,
            minutes: 15 * (1 + dice.below(32)),
        }
    })
}

/// Writes the `worklog` field of an issue.
pub(super) fn render_in_issue(view: &View<'_>, o: &mut Json) {
    let total = entries(view.site, view.issue).count() as u64;
    let shown = view.site.config().worklogs_in_issues;
    o.object(|o| {
        o.key("startAt").number(0);
        o.key("maxResults").number(shown as u64);
        o.key("total").number(total);
        o.key("worklogs").array(|o| {
            entries(view.site, view.issue)
                .take(shown)
                .for_each(|entry| entry.render(o, view.site));
        });
    });
}

impl Worklog {
    pub(crate) fn render(&self, out: &mut Json, site: &Site) {
        let (issue, author) = (self.issue, site.user_fragment(self.author));
        out.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(site.url())
                .raw("/rest/api/3/issue/");
            o.digits(issue, 1)
                .raw("/worklog/")
                .digits(self.id, 1)
                .raw("\"");
            o.key("author").fragment(author);
            o.key("updateAuthor").fragment(author);
            o.key("comment");
            document(
                o,
                Dice::new(site.config().seed, Stream::Text, self.id << 24),
                200,
            );
            o.key("created").time(self.started);
            o.key("updated").time(self.updated);
            o.key("started").time(self.started);
            o.key("timeSpent")
                .raw("\"")
                .digits(self.minutes, 1)
                .raw("m\"");
            o.key("timeSpentSeconds").number(self.minutes * 60);
            o.key("id").quoted(self.id);
            o.key("issueId").quoted(issue);
        });
    }
}
