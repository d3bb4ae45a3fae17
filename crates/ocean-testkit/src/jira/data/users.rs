//! Who works on the site: users, apps and teams.

use super::{
    super::{config::SiteConfig, json::Json},
    dice::{Dice, Stream},
    words,
};

/// A person or an app with an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) app: bool,
    pub(crate) active: bool,
    pub(crate) deleted: bool,
    time_zone: &'static str,
    locale: &'static str,
    avatar: String,
    /// The user as part of an issue, rendered once: it makes up a third of most issues.
    pub(crate) nested: Vec<u8>,
}

impl User {
    pub(crate) fn seeded(config: &SiteConfig, index: usize) -> Self {
        let mut dice = Dice::new(config.seed, Stream::User, index as u64);
        let (first, last) = (dice.pick(words::FIRST_NAMES), dice.pick(words::LAST_NAMES));
        // The first user is always an ordinary active one, so that small sites have somebody.
        let app = index % 25 == 24;
        let hidden = app || index % 6 == 5;
        let mut user = Self {
            account_id: account_id(&mut dice, app),
            name: if app {
                format!("{last} Automation")
            } else {
                format!("{first} {last}")
            },
            email: (!hidden).then(|| format!("user{index}@example.com")),
            app,
            active: index % 12 != 11,
            deleted: false,
            time_zone: dice.pick(words::TIME_ZONES),
            locale: dice.pick(words::LOCALES),
            avatar: dice.uuid(),
            nested: Vec::new(),
        };
        user.refresh(&config.site_url);
        user
    }

    /// Renders the nested form again, after a change.
    pub(crate) fn refresh(&mut self, site: &str) {
        let mut out = Json::with_capacity(1_100);
        self.render(&mut out, site, false);
        self.nested = out.into_bytes();
    }

    /// Writes the user; `whole` adds what only the user resources themselves tell.
    pub(crate) fn render(&self, out: &mut Json, site: &str, whole: bool) {
        out.object(|o| {
            o.key("self")
                .joined(&[site, "/rest/api/3/user?accountId=", &self.account_id]);
            o.key("accountId").text(&self.account_id);
            o.key("accountType")
                .text(if self.app { "app" } else { "atlassian" });
            if let Some(email) = &self.email {
                o.key("emailAddress").text(email);
            }
            o.key("avatarUrls").object(|o| {
                for size in ["48", "24", "16", "32"] {
                    o.key(match size {
                        "48" => "48x48",
                        "24" => "24x24",
                        "16" => "16x16",
                        _ => "32x32",
                    })
                    .joined(&[
                        "https://avatars.twin.example/eu-central/",
                        &self.account_id,
                        "/",
                        &self.avatar,
                        "/",
                        size,
                    ]);
                }
            });
            o.key("displayName").text(&self.name);
            o.key("active").flag(self.active);
            if !self.app {
                o.key("timeZone").text(self.time_zone);
            }
            if whole && !self.app {
                o.key("locale").text(self.locale);
            }
        });
    }
}

fn account_id(dice: &mut Dice, app: bool) -> String {
    match (app, dice.chance(20)) {
        (true, _) => format!("557058:{}", dice.uuid()),
        (false, false) => format!("712020:{}", dice.uuid()),
        // Accounts of the early years carry a bare hexadecimal id.
        (false, true) => format!("5d{:016x}{:06x}", dice.roll(), dice.below(1 << 24)),
    }
}

/// A team of the organization with its members.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) open: bool,
    pub(crate) deleted: bool,
    /// Account ids.
    pub(crate) members: Vec<String>,
}

impl Team {
    pub(crate) fn seeded(config: &SiteConfig, index: usize, users: &[User]) -> Self {
        let mut dice = Dice::new(config.seed, Stream::Team, index as u64);
        let base = words::TEAMS.get(index % words::TEAMS.len()).copied();
        let name = match index / words::TEAMS.len() {
            0 => base.unwrap_or_default().to_owned(),
            round => format!("{} {}", base.unwrap_or_default(), round + 1),
        };
        // Members sit side by side on the circle of users, so nobody is in a team twice.
        let first = dice.position(users.len());
        // One team is larger than a page of members, one is empty.
        let size = match index {
            1 => 60,
            2 => 0,
            _ => 3 + dice.position(20),
        };
        let members = users.iter().cycle().skip(first).take(size.min(users.len()));
        Self {
            id: dice.uuid(),
            description: format!("{name} look after the {}.", dice.pick(words::THINGS)),
            name,
            open: dice.chance(60),
            deleted: false,
            members: members.map(|user| user.account_id.clone()).collect(),
        }
    }

    pub(crate) fn render(&self, out: &mut Json, organization: &str) {
        out.object(|o| {
            o.key("teamId").text(&self.id);
            o.key("organizationId").text(organization);
            o.key("displayName").text(&self.name);
            o.key("description").text(&self.description);
            o.key("teamType")
                .text(if self.open { "OPEN" } else { "MEMBER_INVITE" });
            o.key("state").text("ACTIVE");
        });
    }
}
