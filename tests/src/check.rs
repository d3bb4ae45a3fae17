//! What does every resync owe the catalog, whatever goes wrong? [`Scene::run`] checks it.
//!
//! Nothing that the site has goes missing or loses a value; what is deleted is really gone; what
//! is really gone is deleted unless an incomplete kind could still bring it back; the report says
//! what happened and why; and no secret is in it.

use std::collections::{BTreeMap, BTreeSet};

use ocean_core::{Outcome, ResourceReport, ResyncReport};
use ocean_testkit::{Action, Entry, Rule};
use serde_json::{Value, json};

use crate::canary;
use crate::world::{IDENTIFIER, World};

/// The kinds of the default mapping and the blueprint that each writes.
pub const KINDS: [(&str, &str); 4] = [
    ("project", "jiraProject"),
    ("user", "jiraUser"),
    ("team", "jiraTeam"),
    ("issue", "jiraIssue"),
];

/// A listing of Jira, by part of its path; see [`at`].
pub const PROJECTS: &str = "/project/search";
/// The accounts.
pub const USERS: &str = "/users/search";
/// The teams; the listings of their members lie below it.
pub const TEAMS: &str = "/teams";
/// The members of a team.
pub const MEMBERS: &str = "/members";
/// The issues.
pub const ISSUES: &str = "/search/jql";

/// What goes wrong at a listing.
pub fn at(listing: &str, action: Action) -> Rule {
    only(listing, Rule::new(action))
}

/// Restricts a rule to a listing.
pub fn only(listing: &str, rule: Rule) -> Rule {
    let rule = rule.path(listing);
    if listing == TEAMS {
        rule.method("GET")
    } else {
        rule
    }
}

/// Who writes the entities of our integration.
const DATASOURCE: &str = "port-ocean/jira/0.1.0/test-jira/exporter";

/// A settled world: every resync finds the previous state and some entities that are really gone.
#[derive(Debug)]
pub struct Scene {
    /// Both simulators.
    pub world: World,
    /// How many requests a resync without faults sends to Jira.
    pub usual_requests: usize,
}

/// An entity: blueprint and identifier.
pub type Key = (String, String);

/// How a resync is to end.
#[derive(Debug)]
#[must_use]
pub struct Expected {
    outcome: Outcome,
    incomplete: BTreeMap<&'static str, Vec<String>>,
    kept: BTreeSet<&'static str>,
    changing: bool,
}

impl Expected {
    /// Everything is read and written, and what is gone is deleted.
    pub fn completed() -> Self {
        Self {
            outcome: Outcome::Completed,
            incomplete: BTreeMap::new(),
            kept: BTreeSet::new(),
            changing: false,
        }
    }

    /// This kind is incomplete, and its report says all of this.
    pub fn incomplete(kind: &'static str, says: &[&str]) -> Self {
        Self {
            outcome: Outcome::Incomplete,
            ..Self::completed()
        }
        .and(kind, says)
    }

    /// Every kind is incomplete, and each report says all of this.
    pub fn all_incomplete(says: &[&str]) -> Self {
        KINDS
            .into_iter()
            .fold(Self::incomplete("project", says), |all, (kind, _)| {
                all.and(kind, says)
            })
    }

    /// So is this one.
    pub fn and(mut self, kind: &'static str, says: &[&str]) -> Self {
        let says = says.iter().map(|&text| text.to_owned()).collect();
        self.incomplete.insert(kind, says);
        self
    }

    /// The run ends like this instead.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// A limit keeps the entities of this kind, although it was read completely.
    pub fn keeps(mut self, kind: &'static str) -> Self {
        self.kept.insert(kind);
        self
    }

    /// The site changes during the run, so entities may differ from what they were.
    pub fn while_the_site_changes(mut self) -> Self {
        self.changing = true;
        self
    }

    /// Whether the entities of a kind that are gone have to be deleted. Those that an incomplete
    /// kind relates to may not be: Port would delete what relates to them as well.
    fn cleans(&self, kind: &str) -> bool {
        let dependents: &[&str] = match kind {
            "project" => &["project", "issue"],
            "user" => &["user", "team", "issue"],
            kind => &[kind],
        };
        let incomplete = |kind: &&str| self.incomplete.contains_key(kind);
        !self.kept.contains(kind) && !dependents.iter().any(incomplete)
    }
}

impl Scene {
    /// Small pages, so that almost every listing has more than one.
    pub async fn start() -> Self {
        Self::of(Self::small_pages().await).await
    }

    /// The world that [`Scene::start`] settles: 12 projects and users, 21 teams, 30 issues, in pages
    /// of 5 (teams of 10, users in one page).
    pub async fn small_pages() -> World {
        let small = |rules: &mut ocean_testkit::jira::Rules| rules.max_page = 5;
        World::with(
            |jira| {
                jira.projects(12)
                    .users(12)
                    .teams(21)
                    .issues(30)
                    .rules(small)
            },
            |port| port,
        )
        .await
    }

    /// A scene in this world.
    pub async fn of(world: World) -> Self {
        world.provision().await;
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
        world.assert_catalog_is_the_site();
        let usual_requests = world.jira.journal().len();
        Self {
            world,
            usual_requests,
        }
    }

    /// Adds what goes wrong at Jira.
    pub fn fault(&self, rule: Rule) -> &Self {
        self.world.jira.faults().add(rule);
        self
    }

    /// Runs a resync and holds it to its promises. Faults end with it.
    pub async fn run(&self, expected: Expected) -> ResyncReport {
        let planted = self.plant();
        let before = self.catalog();
        self.world.jira.journal().clear();
        self.world.port.journal().clear();
        let report = self.world.resync().await;
        self.world.jira.faults().clear();
        let shown = format!("{report:#?}");
        assert_eq!(report.outcome, expected.outcome, "{shown}");
        check_reasons(&expected, &report);
        let after = self.catalog();
        self.check_catalog(&expected, &before, &after, &planted);
        let vanished = before
            .keys()
            .filter(|key| !after.contains_key(*key))
            .count();
        assert_eq!(report.reconciliation.deleted(), vanished, "{shown}");
        canary::assert_absent("the report", &shown);
        canary::assert_not_crossed(&self.world);
        report
    }

    /// How many requests Jira got whose path and query contain `part`.
    pub fn requests(&self, part: &str) -> usize {
        self.entries(part).len()
    }

    /// The requests that Jira got whose path and query contain `part`.
    pub fn entries(&self, part: &str) -> Vec<Entry> {
        let all = self.world.jira.journal().requests();
        let matching = |entry: &Entry| entry.uri.to_string().contains(part);
        all.into_iter().filter(matching).collect()
    }

    /// The catalog by key.
    pub fn catalog(&self) -> BTreeMap<Key, Value> {
        let text =
            |entity: &Value, name: &str| entity[name].as_str().unwrap_or_default().to_owned();
        self.world
            .port
            .catalog()
            .into_iter()
            .map(|entity| {
                let key = (text(&entity, "blueprint"), text(&entity, "identifier"));
                (key, entity)
            })
            .collect()
    }

    /// Puts entities of ours into the catalog that the site does not have, and tells which.
    pub fn plant(&self) -> BTreeSet<Key> {
        let mut planted = BTreeSet::new();
        for (_, blueprint) in KINDS {
            for identifier in ["GONE-1", "GONE-2"] {
                let entity = json!({"identifier": identifier, "title": "gone"});
                self.world.port.put_entity(blueprint, entity, DATASOURCE);
                planted.insert((blueprint.to_owned(), identifier.to_owned()));
            }
        }
        planted
    }

    #[track_caller]
    fn check_catalog(
        &self,
        expected: &Expected,
        before: &BTreeMap<Key, Value>,
        after: &BTreeMap<Key, Value>,
        planted: &BTreeSet<Key>,
    ) {
        for (kind, blueprint) in KINDS {
            for key in planted.iter().filter(|key| key.0 == blueprint) {
                let kept = after.contains_key(key);
                assert_ne!(kept, expected.cleans(kind), "{key:?} kept: {kept}");
            }
        }
        self.world.assert_nothing_is_missing();
        if expected.changing {
            return;
        }
        if expected.outcome == Outcome::Completed {
            self.world.assert_catalog_is_the_site();
        }
        for (key, entity) in before.iter().filter(|(key, _)| !planted.contains(*key)) {
            assert_eq!(after.get(key), Some(entity), "{key:?} is not what it was");
        }
    }
}

#[track_caller]
fn check_reasons(expected: &Expected, report: &ResyncReport) {
    for resource in &report.resources {
        let says = expected.incomplete.get(&*resource.kind);
        let reasons = reasons(resource);
        let Some(says) = says else {
            assert!(
                resource.incomplete.is_empty(),
                "{}: {reasons}",
                resource.kind
            );
            continue;
        };
        assert!(
            !resource.incomplete.is_empty(),
            "{} is complete",
            resource.kind
        );
        for text in says {
            assert!(
                reasons.contains(text),
                "{}: `{text}` in: {reasons}",
                resource.kind
            );
        }
    }
}

/// Why a resource is incomplete, as one text.
pub fn reasons(resource: &ResourceReport) -> String {
    resource.incomplete.join("; ")
}

/// The report of the resource of this kind.
#[track_caller]
pub fn resource<'r>(report: &'r ResyncReport, kind: &str) -> &'r ResourceReport {
    report
        .resources
        .iter()
        .find(|resource| resource.kind == kind)
        .unwrap_or_else(|| panic!("no resource of kind {kind}"))
}

/// The mapping's resource of a kind, to be changed.
pub fn mapped<'m>(world: &'m mut World, kind: &str) -> &'m mut Value {
    let resources = world.mapping["resources"].as_array_mut();
    resources
        .into_iter()
        .flatten()
        .find(|resource| resource["kind"] == kind)
        .unwrap_or_else(|| panic!("{IDENTIFIER} maps no {kind}"))
}
