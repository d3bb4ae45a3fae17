//! What must hold after any resync of a catalog that has fallen behind, whatever went wrong?
//!
//! Start with [`Drift`]: a synced world in which the site has moved on and some entities of the
//! catalog are really gone. [`Drift::check`] compares what a run left behind with an independent
//! model: the catalog that the same site gives at a new, healthy Port.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ocean_core::{Outcome, ResyncError, ResyncReport, error_chain};
use ocean_testkit::port::{PortTwin, Writes};
use serde_json::{Value, json};

use crate::canary;
use crate::check::Key;
use crate::world::{CLIENT_ID, CLIENT_SECRET, World};

/// The data source of everything that this integration writes.
pub const OURS: &str = "port-ocean/jira/0.1.0/test-jira/exporter";
/// An issue of somebody else, which no run may touch.
pub const FOREIGN: &str = "FOREIGN-1";
/// How many entities of each blueprint only Port has.
pub const GONE_EACH: usize = 3;
/// The blueprints of the default mapping.
pub const ALL_BLUEPRINTS: [&str; 4] = ["jiraProject", "jiraUser", "jiraTeam", "jiraIssue"];

type Contents = BTreeMap<Key, Value>;

/// A world that was synced once and has moved on since.
#[derive(Debug)]
pub struct Drift {
    /// The world; faults are injected through it.
    pub world: World,
    /// A blueprint that the test takes away, entities and all.
    pub lost_blueprint: Option<&'static str>,
    before: Contents,
    model: Contents,
    writes_before: Writes,
}

/// What a run changed at Port.
#[derive(Debug)]
pub struct Found {
    /// What Port counted during the run.
    pub writes: Writes,
    /// What was in the catalog before and is not any more.
    pub deleted: BTreeSet<Key>,
}

impl Drift {
    /// The usual small world.
    pub async fn new() -> Self {
        Self::of(World::start().await).await
    }

    /// Settles this world, lets the site move on and puts entities into the catalog that the
    /// source does not have.
    pub async fn of(mut world: World) -> Self {
        world.settle().await;
        for blueprint in ALL_BLUEPRINTS {
            for number in 1..=GONE_EACH {
                let entity = json!({ "identifier": format!("gone-{number}"), "title": "Gone" });
                world.port.put_entity(blueprint, entity, OURS);
            }
        }
        let foreign = json!({ "identifier": FOREIGN, "title": "Not ours" });
        world.port.put_entity("jiraIssue", foreign, "somebody/else");
        move_on(&world);
        let before = contents(&world.port);
        let writes_before = world.port.writes();
        let model = model(&mut world).await;
        world.jira.journal().clear();
        Self {
            world,
            lost_blueprint: None,
            before,
            model,
            writes_before,
        }
    }

    /// What the catalog holds that the source does not have, as the model knows it.
    pub fn gone(&self) -> BTreeSet<Key> {
        let ours = |key: &&Key| key.1 != FOREIGN;
        let gone = self.before.keys().filter(ours);
        gone.filter(|key| !self.model.contains_key(*key))
            .cloned()
            .collect()
    }

    /// The keys of this blueprint that a run has something to write for.
    pub fn to_write(&self, blueprint: &str) -> Vec<String> {
        let differs = |key: &Key, value: &Value| self.before.get(key) != Some(value);
        self.model
            .iter()
            .filter(|(key, value)| key.0 == blueprint && differs(key, value))
            .map(|(key, _)| key.1.clone())
            .collect()
    }

    /// An entity as it should be after a run.
    #[track_caller]
    pub fn expected(&self, blueprint: &str, identifier: &str) -> &Value {
        &self.model[&(blueprint.to_owned(), identifier.to_owned())]
    }

    /// Ends the faults; the next run is compared with what the last one left.
    pub fn recover(&mut self) {
        self.world.port.faults().clear();
        self.world.jira.faults().clear();
        self.before = contents(&self.world.port);
        self.writes_before = self.world.port.writes();
    }

    /// One resync, checked.
    pub async fn resync(&self) -> (ResyncReport, Found) {
        let report = self.world.resync().await;
        let found = self.check(&report);
        (report, found)
    }

    /// What must hold after every run:
    ///
    /// - nothing is missing that was there and exists at the source, nothing lost a property,
    ///   and nothing came that the source does not have;
    /// - only what is really gone was deleted, and the report counts exactly that;
    /// - every item that was read is accounted for;
    /// - the run is called completed only when the catalog equals the model;
    /// - no credential is in the report.
    #[track_caller]
    pub fn check(&self, report: &ResyncReport) -> Found {
        canary::assert_absent("the report", &format!("{report:?}"));
        canary::assert_not_crossed(&self.world);
        let found = self.check_catalog();
        assert_eq!(
            report.reconciliation.deleted(),
            found.deleted.len(),
            "the report does not count what Port deleted: {report:#?}"
        );
        assert_eq!(
            found.deleted.len() as u64,
            found.writes.deleted,
            "{found:?}"
        );
        let totals = report.totals();
        let accounted = totals.filtered
            + totals.unmapped
            + totals.failed_to_map
            + totals.created
            + totals.updated
            + totals.unchanged
            + totals.rejected
            + totals.failed;
        let ended = matches!(report.outcome, Outcome::Completed | Outcome::Incomplete);
        assert!(!ended || totals.fetched == accounted, "{report:#?}");
        let Writes {
            created,
            updated,
            unchanged,
            ..
        } = found.writes;
        let stored = (totals.created + totals.updated) as u64;
        assert!(stored <= created + updated + unchanged, "{found:?}");
        if report.outcome == Outcome::Completed {
            self.assert_whole();
        } else {
            assert!(says_why(report), "no reason is given: {report:#?}");
        }
        found
    }

    /// The part of [`Drift::check`] that looks at the catalog alone.
    #[track_caller]
    pub fn check_catalog(&self) -> Found {
        let after = contents(&self.world.port);
        let gone = self.gone();
        let lost = |key: &Key| Some(key.0.as_str()) == self.lost_blueprint;
        let deleted: BTreeSet<Key> = self
            .before
            .keys()
            .filter(|key| !after.contains_key(*key) && !lost(key))
            .cloned()
            .collect();
        let wrongly: Vec<_> = deleted.difference(&gone).collect();
        assert!(wrongly.is_empty(), "deleted but not gone: {wrongly:?}");
        for (key, value) in &after {
            let known = [self.before.get(key), self.model.get(key)];
            assert!(
                known.contains(&Some(value)),
                "{key:?} is neither as it was nor as it should be: {value:#}\nwas, should be: {known:#?}"
            );
        }
        let (now, then) = (self.world.port.writes(), self.writes_before);
        let mut writes = now;
        writes.created -= then.created;
        writes.stubs -= then.stubs;
        writes.updated -= then.updated;
        writes.unchanged -= then.unchanged;
        writes.rejected -= then.rejected;
        writes.deleted -= then.deleted;
        Found { writes, deleted }
    }

    /// The catalog equals the model, nothing stale is left, and what is not ours is untouched.
    #[track_caller]
    pub fn assert_whole(&self) {
        let mut expected = self.model.clone();
        let foreign = |(key, _): &(&Key, &Value)| key.1 == FOREIGN;
        let foreign = self.before.iter().filter(foreign);
        expected.extend(foreign.map(|(key, value)| (key.clone(), value.clone())));
        let after = contents(&self.world.port);
        let missing: Vec<_> = expected
            .iter()
            .filter(|(key, value)| after.get(*key) != Some(*value))
            .map(|(key, value)| (key, value, after.get(key)))
            .collect();
        assert!(missing.is_empty(), "not as in the model: {missing:#?}");
        let extra: Vec<_> = after
            .keys()
            .filter(|key| !expected.contains_key(*key))
            .collect();
        assert!(extra.is_empty(), "left over: {extra:?}");
    }

    /// All that is gone was deleted, and nothing of these blueprints.
    #[track_caller]
    pub fn assert_deleted_except(&self, found: &Found, kept: &[&str]) {
        let mut expected = self.gone();
        expected.retain(|(blueprint, _)| !kept.contains(&blueprint.as_str()));
        assert_eq!(found.deleted, expected);
    }

    /// What stopped the run as a whole, after which Port must be as it was.
    pub async fn refused(&self) -> ResyncError {
        let error = match self.world.try_resync().await {
            Err(error) => error,
            Ok(report) => panic!("the resync ran: {report:#?}"),
        };
        canary::assert_absent("the error", &format!("{error:?} {}", error_chain(&error)));
        assert_eq!(contents(&self.world.port), self.before);
        self.assert_nothing_was_written();
        error
    }

    /// Port got no request but for a token, for reading and for listing.
    #[track_caller]
    pub fn assert_nothing_was_written(&self) {
        let reads = ["/auth/access_token", "/search", "/datasource-entities"];
        let written: Vec<_> = self
            .world
            .port
            .journal()
            .requests()
            .into_iter()
            .filter(|entry| entry.method != "GET")
            .filter(|entry| !reads.iter().any(|read| entry.path().contains(read)))
            .map(|entry| format!("{} {}", entry.method, entry.path()))
            .collect();
        assert!(written.is_empty(), "{written:?}");
    }
}

/// Updates in every kind, new issues, deleted issues.
fn move_on(world: &World) {
    let site = world.jira.site();
    let (project, user) = (site.project_keys().remove(0), site.user_ids().remove(0));
    let team = site.team_ids().remove(0);
    let changes = json!([
        {"op": "random", "updates": 8, "creates": 4, "deletes": 3, "seed": 1},
        {"op": "update_project", "key": project, "name": "Another name"},
        {"op": "update_user", "account_id": user, "name": "Another Name"},
        {"op": "update_team", "team_id": team, "name": "Another team"},
    ]);
    for change in changes.as_array().into_iter().flatten() {
        let change = serde_json::from_value(change.clone()).expect("a change of the site");
        site.apply(&change).expect("the site has what is changed");
    }
}

/// What the site gives at a new Port to which nothing happens.
async fn model(world: &mut World) -> Contents {
    let healthy = PortTwin::builder()
        .client(CLIENT_ID, CLIENT_SECRET)
        .start()
        .await
        .expect("the simulated Port starts");
    let real = std::mem::replace(&mut world.port, healthy);
    world.provision().await;
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    contents(&std::mem::replace(&mut world.port, real))
}

fn contents(port: &PortTwin) -> Contents {
    let text = |entity: &Value, name: &str| entity[name].as_str().unwrap_or_default().to_owned();
    let entities = port.catalog().into_iter();
    entities
        .map(|entity| {
            let key = (text(&entity, "blueprint"), text(&entity, "identifier"));
            (key, entity)
        })
        .collect()
}

/// Whether a report that is not of a completed run says what was not done.
fn says_why(report: &ResyncReport) -> bool {
    let of_resources = report
        .resources
        .iter()
        .any(|one| !one.incomplete.is_empty() || !one.errors.is_empty());
    let blueprints = &report.reconciliation.blueprints;
    let kept = blueprints.iter().any(|one| !one.kept_because.is_empty());
    of_resources || kept || !report.errors.is_empty() || !report.reconciliation.skipped.is_empty()
}

/// Waits, while a run goes on beside, until something has happened.
pub async fn until(what: &str, happened: impl Fn() -> bool) {
    let wait = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(5), wait).await;
    assert!(waited.is_ok(), "it never happened: {what}");
}
