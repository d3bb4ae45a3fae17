//! Which states, types and priorities can an issue have?

use super::super::json::Json;

/// The three groups of states that every workflow of Jira maps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    New,
    InProgress,
    Done,
}

impl Category {
    const ALL: [Self; 3] = [Self::New, Self::InProgress, Self::Done];

    fn facts(self) -> (&'static str, &'static str, &'static str, u64) {
        match self {
            Self::New => ("To Do", "new", "blue-gray", 2),
            Self::InProgress => ("In Progress", "indeterminate", "yellow", 4),
            Self::Done => ("Done", "done", "green", 3),
        }
    }

    /// Finds the category by its name, key or id, as JQL may give any of them.
    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| {
            let (name, key, _, id) = category.facts();
            name.eq_ignore_ascii_case(text)
                || key.eq_ignore_ascii_case(text)
                || id.to_string() == text
        })
    }

    pub(crate) fn render(self, out: &mut Json, site: &str) {
        let (name, key, color, id) = self.facts();
        out.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(site)
                .raw("/rest/api/3/statuscategory/");
            o.digits(id, 1).raw("\"");
            o.key("id").number(id);
            o.key("key").text(key);
            o.key("colorName").text(color);
            o.key("name").text(name);
        });
    }
}

/// The state of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    ToDo,
    InProgress,
    InReview,
    Blocked,
    Done,
    Dropped,
}

impl Status {
    pub(crate) const ALL: [Self; 6] = [
        Self::ToDo,
        Self::InProgress,
        Self::InReview,
        Self::Blocked,
        Self::Done,
        Self::Dropped,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ToDo => "To Do",
            Self::InProgress => "In Progress",
            Self::InReview => "In Review",
            Self::Blocked => "Blocked",
            Self::Done => "Done",
            Self::Dropped => "Dropped",
        }
    }

    pub(crate) fn id(self) -> u64 {
        10_100 + self as u64
    }

    pub(crate) fn category(self) -> Category {
        match self {
            Self::ToDo => Category::New,
            Self::InProgress | Self::InReview | Self::Blocked => Category::InProgress,
            Self::Done | Self::Dropped => Category::Done,
        }
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| {
            status.name().eq_ignore_ascii_case(text) || status.id().to_string() == text
        })
    }

    pub(crate) fn render(self, out: &mut Json, site: &str) {
        out.object(|o| {
            o.key("self").raw("\"").raw(site).raw("/rest/api/3/status/");
            o.digits(self.id(), 1).raw("\"");
            o.key("description").text("");
            o.key("iconUrl")
                .joined(&[site, "/images/icons/statuses/generic.png"]);
            o.key("name").text(self.name());
            o.key("id").quoted(self.id());
            self.category().render(o.key("statusCategory"), site);
        });
    }
}

/// The type of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssueType {
    Epic,
    Story,
    Task,
    Bug,
    Subtask,
}

impl IssueType {
    pub(crate) const ALL: [Self; 5] = [
        Self::Epic,
        Self::Story,
        Self::Task,
        Self::Bug,
        Self::Subtask,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Epic => "Epic",
            Self::Story => "Story",
            Self::Task => "Task",
            Self::Bug => "Bug",
            Self::Subtask => "Subtask",
        }
    }

    pub(crate) fn id(self) -> u64 {
        10_001 + self as u64
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text) || kind.id().to_string() == text)
    }

    pub(crate) fn render(self, out: &mut Json, site: &str) {
        let (purpose, level) = match self {
            Self::Epic => ("Holds the parts of a large goal together.", "1"),
            Self::Story => ("Something a user can see and use.", "0"),
            Self::Task => ("Work with a clear end.", "0"),
            Self::Bug => ("Behaves otherwise than promised.", "0"),
            Self::Subtask => ("One step of another issue.", "-1"),
        };
        out.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(site)
                .raw("/rest/api/3/issuetype/");
            o.digits(self.id(), 1).raw("\"");
            o.key("id").quoted(self.id());
            o.key("description").text(purpose);
            o.key("iconUrl").raw("\"").raw(site);
            o.raw("/rest/api/2/universal_avatar/view/type/issuetype/avatar/");
            o.digits(self.id() + 300, 1).raw("?size=medium\"");
            o.key("name").text(self.name());
            o.key("subtask").flag(self == Self::Subtask);
            o.key("avatarId").number(self.id() + 300);
            o.key("hierarchyLevel").raw(level);
        });
    }
}

/// How urgent an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Highest,
    High,
    Medium,
    Low,
    Lowest,
}

impl Priority {
    pub(crate) const ALL: [Self; 5] = [
        Self::Highest,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Lowest,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Highest => "Highest",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Lowest => "Lowest",
        }
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.name().eq_ignore_ascii_case(text))
    }

    pub(crate) fn render(self, out: &mut Json, site: &str) {
        let id = 1 + self as u64;
        out.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(site)
                .raw("/rest/api/3/priority/");
            o.digits(id, 1).raw("\"");
            o.key("iconUrl")
                .joined(&[site, "/images/icons/priorities/", self.name(), ".svg"]);
            o.key("name").text(self.name());
            o.key("id").quoted(id);
        });
    }
}
