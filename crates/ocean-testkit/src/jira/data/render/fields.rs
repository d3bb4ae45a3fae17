//! Which fields does an issue have?
//!
//! [`FIELDS`] has an entry for each: its name and the function that writes it.

use super::{
    super::{super::json::Json, worklog},
    View,
};

/// A field of an issue.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Whether the issue has the field at all; most are always there, if only as null.
    pub(super) shown: fn(&View<'_>) -> bool,
    pub(super) write: fn(&View<'_>, &mut Json),
}

const fn field(name: &'static str, write: fn(&View<'_>, &mut Json)) -> Field {
    let shown = |_: &View<'_>| true;
    Field { name, shown, write }
}

const fn empty(name: &'static str) -> Field {
    field(name, |_, o| {
        o.null();
    })
}

const fn no_items(name: &'static str) -> Field {
    field(name, |_, o| {
        o.array(|_| {});
    })
}

/// Every field of an issue, in the order in which they are written.
const FIELDS: &[Field] = &[
    field("statuscategorychangedate", |v, o| {
        o.time(v.issue.updated);
    }),
    field("issuetype", |v, o| v.issue.kind.render(o, v.site.url())),
    Field {
        name: "parent",
        shown: |v| v.parent().is_some(),
        write: |v, o| v.write_parent(o),
    },
    field("components", |v, o| v.components(o)),
    empty("timespent"),
    empty("timeoriginalestimate"),
    field("project", |v, o| {
        o.fragment(v.site.project_fragment(v.issue.project));
    }),
    no_items("fixVersions"),
    empty("aggregatetimespent"),
    field("statusCategory", |v, o| {
        v.issue.status.category().render(o, v.site.url());
    }),
    field("resolution", |v, o| v.resolution(o)),
    field("timetracking", |_, o| {
        o.object(|_| {});
    }),
    empty("customfield_10014"),
    empty("customfield_10015"),
    empty("security"),
    no_items("attachment"),
    empty("aggregatetimeestimate"),
    field("resolutiondate", |v, o| match v.issue.resolved {
        Some(at) => {
            o.time(at);
        }
        None => {
            o.null();
        }
    }),
    field("workratio", |_, o| {
        o.raw("-1");
    }),
    field("summary", |v, o| v.summary(o)),
    field("issuerestriction", |_, o| {
        o.raw(r#"{"issuerestrictions":{},"shouldDisplay":true}"#);
    }),
    field("watches", |v, o| {
        o.object(|o| {
            v.link(o.key("self"), "/watchers");
            o.key("watchCount").number(1 + v.issue.id % 4);
            o.key("isWatching").flag(false);
        });
    }),
    empty("lastViewed"),
    field("creator", |v, o| {
        o.fragment(v.site.user_fragment(v.issue.creator));
    }),
    field("subtasks", |v, o| v.subtasks(o)),
    field("created", |v, o| {
        o.time(v.issue.created);
    }),
    empty("customfield_10017"),
    empty("customfield_10018"),
    empty("customfield_10020"),
    empty("customfield_10021"),
    empty("customfield_10022"),
    empty("customfield_10023"),
    empty("customfield_10024"),
    empty("customfield_10030"),
    empty("customfield_10031"),
    empty("customfield_10032"),
    empty("customfield_10033"),
    empty("customfield_10034"),
    field("reporter", |v, o| {
        o.fragment(v.site.user_fragment(v.issue.reporter));
    }),
    field("aggregateprogress", |_, o| {
        o.raw(r#"{"progress":0,"total":0}"#);
    }),
    field("customfield_10000", |_, o| {
        o.text("{}");
    }),
    field("priority", |v, o| v.issue.priority.render(o, v.site.url())),
    empty("customfield_10001"),
    field("labels", |v, o| {
        o.array(|o| {
            v.issue.labels.iter().for_each(|label| {
                o.text(label);
            });
        });
    }),
    field("customfield_10016", |v, o| match v.issue.id % 3 {
        0 => {
            o.number(1 + v.issue.id % 8).raw(".0");
        }
        _ => {
            o.null();
        }
    }),
    empty("environment"),
    field("customfield_10019", |v, o| {
        o.raw("\"0|i").digits(v.issue.id, 7).raw(":\"");
    }),
    field("customfield_10040", |v, o| v.choice(o)),
    empty("timeestimate"),
    empty("aggregatetimeoriginalestimate"),
    no_items("versions"),
    empty("duedate"),
    field("progress", |_, o| {
        o.raw(r#"{"progress":0,"total":0}"#);
    }),
    no_items("issuelinks"),
    field("votes", |v, o| {
        o.object(|o| {
            v.link(o.key("self"), "/votes");
            o.key("votes").number(0);
            o.key("hasVoted").flag(false);
        });
    }),
    field("comment", |v, o| v.comments(o)),
    field("assignee", |v, o| match v.issue.assignee {
        Some(user) => {
            o.fragment(v.site.user_fragment(user));
        }
        None => {
            o.null();
        }
    }),
    field("worklog", worklog::render_in_issue),
    field("updated", |v, o| {
        o.time(v.issue.updated);
    }),
    field("status", |v, o| v.issue.status.render(o, v.site.url())),
    field("description", |v, o| v.description(o)),
];

/// A choice of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSet(u128);

impl FieldSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(u128::MAX);

    /// What a list as in `fields=*all,-comment` asks for. Names nobody knows ask for nothing.
    pub(crate) fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = 0;
        for (nth, name) in names.into_iter().map(str::trim).enumerate() {
            match (name, name.strip_prefix('-')) {
                ("*all" | "*navigable", _) => set = u128::MAX,
                // A list that begins with an exclusion starts from everything.
                (_, Some(dropped)) if nth == 0 => set = !Self::bit(dropped),
                (_, Some(dropped)) => set &= !Self::bit(dropped),
                _ => set |= Self::bit(name),
            }
        }
        Self(set)
    }

    /// The chosen fields in the order in which they are written.
    pub(super) fn iter(self) -> impl Iterator<Item = &'static Field> {
        FIELDS
            .iter()
            .enumerate()
            .filter(move |(place, _)| self.0 >> place & 1 == 1)
            .map(|(_, field)| field)
    }

    fn bit(name: &str) -> u128 {
        let place = FIELDS.iter().position(|field| field.name == name);
        place.map_or(0, |place| 1 << place)
    }
}
