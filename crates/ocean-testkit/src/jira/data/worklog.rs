//! Time that was logged on issues.

use super::{
    super::json::Json,
    dice::{Dice, Stream},
    render::{View, document},
};

/// One entry of work on an issue.
#[derive(Clone, Debug)]
pub(crate) struct Worklog {
    pub(crate) id: u64,
    author: usize,
    pub(crate) started: i64,
    minutes: u64,
}

/// The work logged on an issue: none for most, up to three entries.
pub(crate) fn entries(view: &View<'_>) -> impl Iterator<Item = Worklog> + use<> {
    let (issue, config) = (view.issue, view.site.config());
    let mut dice = Dice::new(config.seed, Stream::Worklog, issue.id);
    let count = dice.below(12).saturating_sub(8);
    let (id, created, users) = (issue.id, issue.created, config.users);
    let span = (issue.updated - created).unsigned_abs() + 1;
    (0..count).map(move |nth| Worklog {
        id: id * 10 + nth,
        author: dice.position(users),
        started: created + dice.below(span) as i64,
        minutes: 15 * (1 + dice.below(32)),
    })
}

/// Writes the `worklog` field of an issue, which shows no entries: those have an own resource.
pub(super) fn render_in_issue(view: &View<'_>, o: &mut Json) {
    let total = entries(view).count() as u64;
    o.object(|o| {
        o.key("startAt").number(0);
        o.key("maxResults").number(20);
        o.key("total").number(total);
        o.key("worklogs").array(|_| {});
    });
}

impl Worklog {
    pub(crate) fn render(&self, out: &mut Json, view: &View<'_>) {
        let (issue, author) = (view.issue.id, view.site.user_fragment(self.author));
        out.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(view.site.url())
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
                Dice::new(view.site.config().seed, Stream::Text, self.id << 24),
                200,
            );
            o.key("created").time(self.started);
            o.key("updated").time(self.started);
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
