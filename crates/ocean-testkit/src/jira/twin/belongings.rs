//! What belongs to the projects, boards and issues of the site? The truth that a listing over HTTP
//! is held against.

use super::SiteHandle;
use crate::jira::{
    data::{
        issue::Issue,
        project::Component,
        workflow::{Category, IssueType, Status},
        worklog,
    },
    jql::Search,
    site::Site,
};

/// Something by what it belongs to (a project's key, a board's id, an issue's key) and its own id.
pub type Belonging = (String, u64);

impl SiteHandle {
    /// All versions, by the key of their project.
    #[must_use]
    pub fn versions(&self) -> Vec<Belonging> {
        self.shared.with_site(|site| {
            let of_project = |id: u64| site.projects().find(|project| project.id == id);
            let all = site.versions.iter();
            all.filter_map(|one| Some((of_project(one.project_id)?.key.clone(), one.id)))
                .collect()
        })
    }

    /// All components whose name contains a text, by the key of their project.
    #[must_use]
    pub fn components(&self, name: &str) -> Vec<Belonging> {
        self.shared.with_site(|site| {
            let all = site.projects().flat_map(Component::of);
            all.filter(|one| one.name.contains(name))
                .map(|one| (one.project.key.clone(), one.id))
                .collect()
        })
    }

    /// All boards, or those of a type, by the keys of their projects (comma-separated).
    #[must_use]
    pub fn boards(&self, board_type: Option<&str>) -> Vec<Belonging> {
        self.shared.with_site(|site| {
            let all = site.boards();
            all.filter(|board| board_type.is_none_or(|wanted| board.kind.name() == wanted))
                .map(|board| {
                    let keys = site.board_projects(board).map(|one| one.key.clone());
                    (keys.collect::<Vec<_>>().join(","), board.id)
                })
                .collect()
        })
    }

    /// All sprints in some states, by the id of their board.
    #[must_use]
    pub fn sprints(&self, states: &[&str]) -> Vec<Belonging> {
        self.shared.with_site(|site| {
            let all = site.sprints.iter();
            all.filter(|one| states.contains(&one.state.as_str()))
                .map(|one| (one.board.to_string(), one.id))
                .collect()
        })
    }

    /// The epics of all boards, done or not or both.
    #[must_use]
    pub fn epics(&self, done: Option<bool>) -> Vec<Belonging> {
        self.shared.with_site(|site| {
            on_boards(site, |issue| {
                let is_done = issue.status.category() == Category::Done;
                issue.kind == IssueType::Epic && done.is_none_or(|done| done == is_done)
            })
        })
    }

    /// The backlogs of all boards that have one, narrowed by a query; `None` for a query that is
    /// refused.
    #[must_use]
    pub fn backlogs(&self, jql: &str) -> Option<Vec<Belonging>> {
        self.shared.with_site(|site| {
            let search = Search::compile(jql, site, false).ok()?;
            let mut waiting = on_boards(site, |issue| {
                let planned = !matches!(issue.kind, IssueType::Epic | IssueType::Subtask);
                planned && issue.status == Status::ToDo && search.matches(issue)
            });
            let without: Vec<_> = site.boards().filter(|board| !board.has_backlog()).collect();
            waiting.retain(|(id, _)| without.iter().all(|board| board.id.to_string() != *id));
            Some(waiting)
        })
    }

    /// The work that began in a span of milliseconds, logged on the issues that a query finds;
    /// `None` for a query that is refused.
    #[must_use]
    pub fn worklogs(&self, jql: &str, started: std::ops::Range<i64>) -> Option<Vec<Belonging>> {
        self.shared.with_site(|site| {
            let search = Search::compile(jql, site, false).ok()?;
            let mut found = Vec::new();
            for issue in site.issues_from(0).filter(|issue| search.matches(issue)) {
                let issue = issue.as_ref();
                let entries = worklog::entries(site, issue);
                let entries = entries.filter(|entry| started.contains(&entry.started));
                found.extend(entries.map(|entry| (site.issue_key(issue), entry.id)));
            }
            Some(found)
        })
    }
}

/// The issues that each board shows and `keep` keeps.
fn on_boards(site: &Site, keep: impl Fn(&Issue) -> bool) -> Vec<Belonging> {
    let mut found = Vec::new();
    for board in site.boards() {
        let all = site.issues_from(0);
        let shown = all.filter(|issue| board.projects.contains(&issue.project) && keep(issue));
        found.extend(shown.map(|issue| (board.id.to_string(), issue.id)));
    }
    found
}
