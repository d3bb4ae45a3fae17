//! What is on the site now?
//!
//! [`Site`] is the seeded data plus what was changed since: only changed, added and deleted issues
//! take memory.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    config::SiteConfig,
    data::{
        agile::{Board, Sprint},
        issue::{self, Issue},
        project::{Project, Version},
        users::{Team, User},
        worklog,
    },
};

/// The state of the simulated site.
#[derive(Debug)]
pub(crate) struct Site {
    config: SiteConfig,
    pub(super) now: i64,
    pub(super) projects: Vec<Project>,
    pub(super) users: Vec<User>,
    pub(super) teams: Vec<Team>,
    pub(super) boards: Vec<Board>,
    pub(super) sprints: Vec<Sprint>,
    pub(super) versions: Vec<Version>,
    pub(super) issues: Overrides,
    pub(super) worklogs: worklog::Overrides,
    project_places: HashMap<String, usize>,
    user_places: HashMap<String, usize>,
}

/// The issues that are not as they were seeded.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    /// Changed and added issues by id.
    pub(super) changed: HashMap<u64, Issue>,
    pub(super) deleted: HashSet<u64>,
    /// How many issues were added; their ids follow the seeded ones.
    pub(super) added: u64,
    /// Keys, as project and number, that were given out since the start.
    pub(super) keys: HashMap<(usize, u64), u64>,
}

impl Site {
    pub(crate) fn new(mut config: SiteConfig) -> Self {
        config.projects = config.projects.max(1);
        config.users = config.users.max(1);
        let range = 0..config.projects;
        let projects: Vec<_> = range.clone().map(|n| Project::seeded(&config, n)).collect();
        let users: Vec<_> = (0..config.users)
            .map(|n| User::seeded(&config, n))
            .collect();
        let boards: Vec<_> = (0..)
            .zip(&projects)
            .map(|(n, home)| Board::seeded(&config, n, home))
            .collect();
        let mut site = Self {
            now: config.start(),
            teams: (0..config.teams)
                .map(|n| Team::seeded(&config, n, &users))
                .collect(),
            sprints: boards
                .iter()
                .flat_map(|b| Sprint::seeded(&config, b))
                .collect(),
            versions: range.flat_map(|n| Version::seeded(&config, n)).collect(),
            boards,
            issues: Overrides::default(),
            worklogs: worklog::Overrides::default(),
            project_places: HashMap::new(),
            user_places: HashMap::new(),
            projects,
            users,
            config,
        };
        site.index_projects();
        site.user_places = (0..)
            .zip(&site.users)
            .map(|(place, user)| (user.account_id.clone(), place))
            .collect();
        site
    }

    /// Looks the keys of projects up again, after one was added or got another key.
    pub(super) fn index_projects(&mut self) {
        let keys = |project: &Project| {
            let former = project.former_keys.iter().cloned();
            former.chain([project.key.clone()]).collect::<Vec<_>>()
        };
        let places = (0..).zip(&self.projects);
        self.project_places = places
            .flat_map(|(place, project)| keys(project).into_iter().map(move |key| (key, place)))
            .collect();
    }

    /// Adds a user and returns its account id.
    pub(super) fn add_user(&mut self, name: &str) -> String {
        let place = self.users.len();
        let mut user = User::seeded(&self.config, place);
        name.clone_into(&mut user.name);
        let account = user.account_id.clone();
        self.user_places.insert(account.clone(), place);
        self.users.push(user);
        account
    }

    pub(crate) fn config(&self) -> &SiteConfig {
        &self.config
    }

    pub(crate) fn url(&self) -> &str {
        &self.config.site_url
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    pub(crate) fn project_at(&self, place: usize) -> Option<&Project> {
        self.projects.get(place).filter(|project| project.exists())
    }

    pub(crate) fn project_key(&self, place: usize) -> &str {
        self.projects.get(place).map_or("", |project| &project.key)
    }

    pub(crate) fn project_fragment(&self, place: usize) -> &[u8] {
        self.projects
            .get(place)
            .map_or(b"null", |project| &project.nested)
    }

    pub(crate) fn user_fragment(&self, place: usize) -> &[u8] {
        self.users.get(place).map_or(b"null", |user| &user.nested)
    }

    /// The place of a project that exists, by key, id or name.
    pub(crate) fn find_project(&self, name: &str) -> Option<usize> {
        let place = self.project_places.get(name).copied().or_else(|| {
            self.projects.iter().position(|project| {
                project.key.eq_ignore_ascii_case(name)
                    || project.id.to_string() == name
                    || project.name.eq_ignore_ascii_case(name)
            })
        })?;
        self.project_at(place).map(|_| place)
    }

    /// The place of a user that exists, by account id or address.
    pub(crate) fn find_user(&self, name: &str) -> Option<usize> {
        let place = self.user_places.get(name).copied().or_else(|| {
            let named = |user: &User| user.email.as_deref() == Some(name);
            self.users.iter().position(named)
        })?;
        self.users
            .get(place)
            .filter(|user| !user.deleted)
            .map(|_| place)
    }

    pub(crate) fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().filter(|project| project.exists())
    }

    pub(crate) fn living_users(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| !user.deleted)
    }

    pub(crate) fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.iter().filter(|team| !team.deleted)
    }

    /// Versions of projects that exist.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Version> {
        let has_home = |version: &&Version| {
            let mut projects = self.projects();
            projects.any(|project| project.id == version.project_id)
        };
        self.versions.iter().filter(has_home)
    }

    /// Boards whose home project exists.
    pub(crate) fn boards(&self) -> impl Iterator<Item = &Board> {
        let has_home = |board: &&Board| self.board_projects(board).next().is_some();
        self.boards.iter().filter(has_home)
    }

    /// The projects that exist among those a board shows.
    pub(crate) fn board_projects(&self, board: &Board) -> impl Iterator<Item = &Project> {
        board
            .projects
            .iter()
            .filter_map(|place| self.project_at(*place))
    }

    /// Ids that issues have or had.
    pub(crate) fn issue_ids(&self) -> std::ops::Range<u64> {
        issue::FIRST_ID..issue::FIRST_ID + self.config.issues + self.issues.added
    }

    /// The issue with an id, if it exists.
    pub(crate) fn issue(&self, id: u64) -> Option<Cow<'_, Issue>> {
        if self.issues.deleted.contains(&id) {
            return None;
        }
        let issue = match self.issues.changed.get(&id) {
            Some(changed) => Cow::Borrowed(changed),
            None => {
                let index = id.checked_sub(issue::FIRST_ID)?;
                let seeded = index < self.config.issues;
                Cow::Owned(seeded.then(|| Issue::seeded(&self.config, index))?)
            }
        };
        self.project_at(issue.project).map(|_| issue)
    }

    /// All issues from an id on, in the order of their ids.
    pub(crate) fn issues_from(&self, id: u64) -> impl Iterator<Item = Cow<'_, Issue>> {
        let ids = self.issue_ids();
        (id.max(ids.start)..ids.end).filter_map(|id| self.issue(id))
    }

    /// The issue with a key or id. A key that an issue had before a move still finds it.
    pub(crate) fn find_issue(&self, name: &str) -> Option<Cow<'_, Issue>> {
        if let Ok(id) = name.parse() {
            return self.issue(id);
        }
        let (project, number) = name.rsplit_once('-')?;
        let number: u64 = number.parse().ok()?;
        let place = self
            .project_places
            .get(project)
            .or_else(|| self.project_places.get(&project.to_ascii_uppercase()))
            .copied()?;
        let id = match self.issues.keys.get(&(place, number)) {
            Some(id) => *id,
            None => self.seeded_id(place, number)?,
        };
        self.issue(id)
    }

    pub(crate) fn issue_key(&self, issue: &Issue) -> String {
        format!("{}-{}", self.project_key(issue.project), issue.number)
    }

    fn seeded_id(&self, place: usize, number: u64) -> Option<u64> {
        let nth = number.checked_sub(1)?;
        let projects = self.config.projects;
        let index = nth
            .checked_mul(projects as u64)?
            .checked_add(place as u64)?;
        let seeded = place < projects && index < self.config.issues;
        seeded.then_some(issue::FIRST_ID + index)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::jira::{
        data::render::{FieldSet, View},
        json::Json,
    };

    fn site(seed: u64) -> Site {
        Site::new(SiteConfig {
            seed,
            issues: 2_000,
            projects: 12,
            users: 60,
            ..SiteConfig::default()
        })
    }

    fn rendered(site: &Site, fields: FieldSet) -> Vec<Vec<u8>> {
        site.issues_from(0)
            .map(|issue| {
                let mut out = Json::default();
                View {
                    issue: &issue,
                    site,
                }
                .render(&mut out, fields, "");
                out.into_bytes()
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let first = rendered(&site(7), FieldSet::ALL);
        assert_eq!(first, rendered(&site(7), FieldSet::ALL));
        assert_ne!(first, rendered(&site(8), FieldSet::ALL));
    }

    #[test]
    fn an_issue_without_worklogs_has_between_8_and_9_5_kilobytes_of_valid_json() {
        let issues = rendered(&site(7), FieldSet::ALL);
        let mut sizes = Vec::new();
        for issue in &issues {
            let parsed: Value = serde_json::from_slice(issue).expect("JSON");
            if parsed["fields"]["worklog"]["total"] == 0 {
                sizes.push(issue.len());
            }
            assert!(
                parsed["fields"]["description"]["content"][0]["content"][1]["text"].is_string()
            );
        }
        let (least, most) = (sizes.iter().min().copied(), sizes.iter().max().copied());
        assert!(
            least >= Some(8_000) && most <= Some(9_500),
            "{least:?} to {most:?}"
        );
    }

    #[test]
    fn narrowed_fields_are_the_same_values_and_nothing_else() {
        let site = site(7);
        let whole = rendered(&site, FieldSet::ALL);
        let names = ["summary", "description", "assignee"];
        for (narrow, whole) in rendered(&site, FieldSet::parse(names)).iter().zip(&whole) {
            let narrow: Value = serde_json::from_slice(narrow).expect("JSON");
            let whole: Value = serde_json::from_slice(whole).expect("JSON");
            let fields = narrow["fields"].as_object().expect("fields");
            assert_eq!(fields.len(), names.len());
            assert!(
                fields
                    .iter()
                    .all(|(name, value)| *value == whole["fields"][name])
            );
        }
    }

    #[test]
    fn every_key_finds_its_issue() {
        let site = site(7);
        for issue in site.issues_from(0) {
            let key = site.issue_key(&issue);
            assert_eq!(site.find_issue(&key).map(|found| found.id), Some(issue.id));
        }
        assert!(site.find_issue("PAY-100000").is_none());
        assert!(site.find_issue("NOPE-1").is_none());
        assert!(site.find_issue("PAY-0").is_none());
    }

    #[test]
    fn projects_count_their_issues() {
        let site = site(7);
        for (place, project) in site.projects.iter().enumerate() {
            let counted = site.issues_from(0).filter(|i| i.project == place).count();
            assert_eq!(project.issues, counted as u64);
            assert_eq!(site.find_project(&project.id.to_string()), Some(place));
        }
    }
}
