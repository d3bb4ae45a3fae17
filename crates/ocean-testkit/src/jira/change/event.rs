//! What does Jira's webhook say about a change?

use super::super::{
    data::{
        agile::{Board, Sprint},
        issue::Issue,
        project::{Project, Version},
        render::{FieldSet, View},
        users::User,
        worklog::Worklog,
    },
    json::Json,
    site::Site,
};

/// The body of one webhook call.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The event's name, as webhooks subscribe to it.
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
    /// The issue that it is about, which the filters of webhooks look at.
    pub(crate) issue: Option<Issue>,
}

impl Event {
    pub(super) fn issue(
        site: &Site,
        now: &Issue,
        before: Option<&Issue>,
        what: &'static str,
    ) -> Self {
        let moved = before.is_some_and(|before| before.project != now.project);
        let detail = match what {
            "updated" if moved => "issue_moved",
            "updated" => "issue_generic",
            "created" => "issue_created",
            _ => "issue_deleted",
        };
        let event = Self::new("jira:issue_", what, site.now(), |o| {
            o.key("issue_event_type_name").text(detail);
            o.key("user").fragment(site.user_fragment(0));
            let view = View { issue: now, site };
            view.render(o.key("issue"), FieldSet::ALL, "");
            if let Some(before) = before {
                o.key("changelog").object(|o| {
                    o.key("id").quoted(now.id * 100 + now.revision);
                    o.key("items").array(|o| differences(o, site, before, now));
                });
            }
        });
        Self {
            issue: Some(now.clone()),
            ..event
        }
    }

    pub(super) fn project(project: &Project, what: &'static str, now: i64) -> Self {
        Self::new("project_", what, now, |o| {
            o.key("project").fragment(&project.nested);
        })
    }

    pub(super) fn user(user: &User, site: &str, what: &'static str, now: i64) -> Self {
        Self::new("user_", what, now, |o| {
            user.render(o.key("user"), site, true);
        })
    }

    pub(super) fn version(
        version: &Version,
        heir: Option<&Version>,
        site: &str,
        what: &'static str,
        now: i64,
    ) -> Self {
        Self::new("jira:version_", what, now, |o| {
            version.render(o.key("version"), site);
            if let Some(heir) = heir {
                heir.render(o.key("mergedTo"), site);
            }
        })
    }

    pub(super) fn worklog(worklog: &Worklog, site: &Site, what: &'static str) -> Self {
        Self::new("worklog_", what, site.now(), |o| {
            worklog.render(o.key("worklog"), site);
        })
    }

    pub(super) fn board(board: &Board, site: &str, what: &'static str, now: i64) -> Self {
        Self::new("board_", what, now, |o| {
            board.render(o.key("board"), site, None);
        })
    }

    pub(super) fn sprint(sprint: &Sprint, site: &str, what: &'static str, now: i64) -> Self {
        Self::new("sprint_", what, now, |o| {
            sprint.render(o.key("sprint"), site);
        })
    }

    fn new(prefix: &str, what: &str, now: i64, fill: impl FnOnce(&mut Json)) -> Self {
        let name = format!("{prefix}{what}");
        let mut out = Json::default();
        out.object(|o| {
            o.key("timestamp").number(now.unsigned_abs());
            o.key("webhookEvent").text(&name);
            fill(o);
        });
        let body = out.into_bytes();
        Self {
            name,
            body,
            issue: None,
        }
    }
}

/// Writes the entries of a changelog: one for each field that differs.
fn differences(o: &mut Json, site: &Site, before: &Issue, now: &Issue) {
    let mut entry = |field: &str, from: String, to: String| {
        if from != to {
            o.object(|o| {
                o.key("field").text(field);
                o.key("fieldtype").text("jira");
                o.key("from").null();
                o.key("fromString").text(&from);
                o.key("to").null();
                o.key("toString").text(&to);
            });
        }
    };
    let status = |issue: &Issue| issue.status.name().to_owned();
    let priority = |issue: &Issue| issue.priority.name().to_owned();
    let labels = |issue: &Issue| issue.labels.iter().collect::<Vec<_>>().join(" ");
    let summary = |issue: &Issue| {
        let generated = || issue.generated_summary(site.config().seed).join(" ");
        issue.summary.clone().unwrap_or_else(generated)
    };
    let assignee = |issue: &Issue| {
        let user = issue.assignee.and_then(|place| site.users().get(place));
        user.map_or_else(String::new, |user| user.name.clone())
    };
    let project = |issue: &Issue| site.project_key(issue.project).to_owned();
    entry("project", project(before), project(now));
    entry("Key", site.issue_key(before), site.issue_key(now));
    entry("summary", summary(before), summary(now));
    entry("status", status(before), status(now));
    entry("priority", priority(before), priority(now));
    entry("assignee", assignee(before), assignee(now));
    entry("labels", labels(before), labels(now));
}
