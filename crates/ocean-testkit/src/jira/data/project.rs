//! Projects, and the versions and components that live in them.

use super::{
    super::{config::SiteConfig, json::Json},
    dice::{Dice, Stream},
    users::User,
    words,
};

const FIRST_ID: u64 = 10_000;

/// A project with the counts that change as its issues do.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) deleted: bool,
    /// Whether it is in the bin, where nobody sees it.
    pub(crate) binned: bool,
    pub(crate) archived: bool,
    /// Keys that it had before.
    pub(crate) former_keys: Vec<String>,
    /// Position of the lead among the users.
    pub(crate) lead: usize,
    /// Issues it has now.
    pub(crate) issues: u64,
    /// The highest number a key of this project was given.
    pub(crate) last_number: u64,
    /// When one of its issues last changed.
    pub(crate) last_update: i64,
    team_managed: bool,
    entity_id: String,
    avatar: u64,
    /// The project as part of an issue, rendered once.
    pub(crate) nested: Vec<u8>,
}

impl Project {
    pub(crate) fn seeded(config: &SiteConfig, index: usize) -> Self {
        let mut dice = Dice::new(config.seed, Stream::Project, index as u64);
        let (word, prefix) = words::PROJECTS
            .get(index % words::PROJECTS.len())
            .copied()
            .unwrap_or_default();
        let round = index / words::PROJECTS.len();
        let (key, name) = if round == 0 {
            (prefix.to_owned(), word.to_owned())
        } else {
            (format!("{prefix}{round}"), format!("{word} {}", round + 1))
        };
        let projects = config.projects as u64;
        let issues =
            config.issues / projects + u64::from((index as u64) < config.issues % projects);
        let mut project = Self {
            id: FIRST_ID + index as u64,
            key,
            name,
            deleted: false,
            binned: false,
            archived: false,
            former_keys: Vec::new(),
            lead: dice.position(config.users),
            issues,
            last_number: issues,
            last_update: config.start() - dice.below(36 * 3_600_000) as i64,
            team_managed: dice.chance(60),
            entity_id: dice.uuid(),
            avatar: 10_400 + dice.below(30),
            nested: Vec::new(),
        };
        project.refresh(&config.site_url);
        project
    }

    /// A project made after the start.
    pub(crate) fn new(config: &SiteConfig, index: usize, key: String, name: String) -> Self {
        let mut project = Self {
            key,
            name,
            issues: 0,
            last_number: 0,
            ..Self::seeded(config, index)
        };
        project.refresh(&config.site_url);
        project
    }

    /// Whether anybody sees it.
    pub(crate) fn exists(&self) -> bool {
        !self.deleted && !self.binned
    }

    /// Renders the nested form again, after a change.
    pub(crate) fn refresh(&mut self, site: &str) {
        let mut out = Json::with_capacity(800);
        out.object(|o| self.render_head(o, site));
        self.nested = out.into_bytes();
    }

    fn render_head(&self, o: &mut Json, site: &str) {
        o.key("self")
            .raw("\"")
            .raw(site)
            .raw("/rest/api/3/project/");
        o.digits(self.id, 1).raw("\"");
        o.key("id").quoted(self.id);
        o.key("key").text(&self.key);
        o.key("name").text(&self.name);
        o.key("projectTypeKey").text("software");
        o.key("simplified").flag(self.team_managed);
        o.key("avatarUrls").object(|o| {
            for (key, suffix) in [
                ("48x48", ""),
                ("24x24", "?size=small"),
                ("16x16", "?size=xsmall"),
                ("32x32", "?size=medium"),
            ] {
                o.key(key).raw("\"").raw(site);
                o.raw("/rest/api/3/universal_avatar/view/type/project/avatar/");
                o.digits(self.avatar, 1).raw(suffix).raw("\"");
            }
        });
    }

    /// Writes the project; `expand` lists what the caller wants beside the plain form.
    pub(crate) fn render(&self, out: &mut Json, site: &str, expand: &str, users: &[User]) {
        let wants = |what: &str| expand.split(',').any(|part| part.trim() == what);
        out.object(|o| {
            o.key("expand")
                .text("description,lead,issueTypes,url,projectKeys,permissions,insight");
            self.render_head(o, site);
            o.key("style").text(if self.team_managed {
                "next-gen"
            } else {
                "classic"
            });
            o.key("isPrivate").flag(false);
            if self.archived {
                o.key("archived").flag(true);
            }
            if wants("projectKeys") {
                o.key("projectKeys").array(|o| {
                    for key in self.former_keys.iter().chain([&self.key]) {
                        o.text(key);
                    }
                });
            }
            o.key("properties").object(|_| {});
            o.key("entityId").text(&self.entity_id);
            o.key("uuid").text(&self.entity_id);
            if wants("description") {
                o.key("description")
                    .joined(&["All work on ", &self.name, "."]);
            }
            if let Some(lead) = users.get(self.lead).filter(|_| wants("lead")) {
                o.key("lead").fragment(&lead.nested);
            }
            if wants("insight") {
                o.key("insight").object(|o| {
                    o.key("totalIssueCount").number(self.issues);
                    o.key("lastIssueUpdateTime").time(self.last_update);
                });
            }
        });
    }
}

/// A version (the kind `release`) of a project.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) project_id: u64,
    pub(crate) name: String,
    pub(crate) released: bool,
    pub(crate) release_date: i64,
}

impl Version {
    /// The versions of one project at the start: none for every fifth, else three.
    pub(crate) fn seeded(config: &SiteConfig, project: usize) -> Vec<Self> {
        let mut dice = Dice::new(config.seed, Stream::Version, project as u64);
        let day = 86_400_000;
        let first_release = config.start() - (60 + dice.below(60)) as i64 * day;
        let count = if project % 5 == 4 { 0 } else { 3 };
        (0..count)
            .map(|nth| Self {
                id: 20_000 + project as u64 * 10 + nth,
                project_id: FIRST_ID + project as u64,
                name: format!("v{}.{nth}", 1 + project % 4),
                released: nth < 2,
                release_date: first_release + nth as i64 * 45 * day,
            })
            .collect()
    }

    /// A version made after the start.
    pub(crate) fn new(id: u64, project_id: u64, name: String, release_date: i64) -> Self {
        Self {
            id,
            project_id,
            name,
            released: false,
            release_date,
        }
    }

    pub(crate) fn render(&self, out: &mut Json, site: &str) {
        out.object(|o| {
            o.key("self")
                .joined(&[site, "/rest/api/3/version/", &self.id.to_string()]);
            o.key("id").quoted(self.id);
            o.key("description")
                .joined(&["What ships as ", &self.name, "."]);
            o.key("name").text(&self.name);
            o.key("archived").flag(false);
            o.key("released").flag(self.released);
            o.key("releaseDate").day(self.release_date);
            o.key("projectId").number(self.project_id);
        });
    }
}

/// A component of a project; each project has the same few.
#[derive(Clone, Debug)]
pub(crate) struct Component<'a> {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) project: &'a Project,
}

impl<'a> Component<'a> {
    pub(crate) fn of(project: &'a Project) -> impl Iterator<Item = Self> {
        (0..).zip(words::COMPONENTS).map(move |(nth, name)| Self {
            id: project.id * 10 + nth,
            name,
            project,
        })
    }

    /// Writes the component as issues show it, which is also the core of its own resource.
    pub(crate) fn render_head(&self, o: &mut Json, site: &str) {
        o.key("self")
            .raw("\"")
            .raw(site)
            .raw("/rest/api/3/component/");
        o.digits(self.id, 1).raw("\"");
        o.key("id").quoted(self.id);
        o.key("name").text(self.name);
    }

    pub(crate) fn render(&self, out: &mut Json, site: &str, users: &[User]) {
        out.object(|o| {
            self.render_head(o, site);
            o.key("description")
                .joined(&["The ", self.name, " of ", &self.project.name]);
            o.key("assigneeType").text("PROJECT_LEAD");
            if let Some(lead) = users.get(self.project.lead) {
                o.key("lead").fragment(&lead.nested);
            }
            o.key("isAssigneeTypeValid").flag(true);
            o.key("project").text(&self.project.key);
            o.key("projectId").number(self.project.id);
        });
    }
}
