//! How is a table of changes checked? [`check`] makes them one after the other.

use std::collections::{BTreeMap, BTreeSet};

use ocean_core::{Outcome, ResyncReport};
use ocean_testkit::jira::Change;
use ocean_tests::{LiveWorld, World, all_kinds};
use serde_json::Value;

/// A change at the site and what comes of it.
pub(crate) struct Row {
    change: Change,
    pub(crate) events: &'static [&'static str],
    live: &'static [&'static str],
    left: &'static [&'static str],
}

/// A change, and the events that Jira sends of it.
pub(crate) fn row(change: Value, events: &'static [&'static str]) -> Row {
    Row {
        change: serde_json::from_value(change).unwrap(),
        events,
        live: &[],
        left: &[],
    }
}

impl Row {
    /// What the events change in the catalog: `+` what is there now, `-` what is gone, `~` what is
    /// not as it was.
    pub(crate) fn live(mut self, effects: &'static [&'static str]) -> Self {
        self.live = effects;
        self
    }

    /// What only the next resync changes.
    pub(crate) fn left(mut self, effects: &'static [&'static str]) -> Self {
        self.left = effects;
        self
    }
}

/// Makes the changes in order, each in a world that the resync of the last one has settled.
pub(crate) async fn check(rows: Vec<Row>) {
    let world = start().await;
    for row in rows {
        let before = catalog(&world.world);
        let events = world.happens(&row.change).await;
        let live = catalog(&world.world);
        let counts = world.counts();
        assert_eq!(counts.dead, 0, "{:?}", row.change);
        let report = world.world.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
        let settled = catalog(&world.world);
        let found = (events, effects(&before, &live), effects(&live, &settled));
        let expected: (Vec<_>, BTreeSet<_>, BTreeSet<_>) =
            (texts(row.events), texts(row.live), texts(row.left));
        assert_eq!(found, expected, "{:?}", row.change);
        if row.left.is_empty() {
            assert_eq!(writes(&report), 0, "{:?}: {report:#?}", row.change);
        }
    }
}

/// Eight projects with a board each; that of DLV shows EDGE too.
pub(crate) async fn start() -> LiveWorld {
    let size =
        |jira: ocean_testkit::jira::JiraTwinBuilder| jira.projects(8).issues(96).users(8).teams(2);
    let mut world = World::with(size, |port| port).await;
    world.mapping = all_kinds::mapping();
    for blueprint in all_kinds::blueprints() {
        world.port.put_blueprint(blueprint);
    }
    LiveWorld::start(world).await
}

fn catalog(world: &World) -> BTreeMap<String, Value> {
    let name = |entity: &Value, member: &str| entity[member].as_str().unwrap().to_owned();
    let key = |entity: &Value| name(entity, "blueprint") + " " + &name(entity, "identifier");
    let all = world.port.catalog().into_iter();
    all.map(|entity| (key(&entity), entity)).collect()
}

fn effects(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter_map(|key| match (before.get(key), after.get(key)) {
            (None, _) => Some(format!("+{key}")),
            (_, None) => Some(format!("-{key}")),
            (before, after) => (before != after).then(|| format!("~{key}")),
        })
        .collect()
}

fn texts<C: FromIterator<String>>(texts: &[&str]) -> C {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn writes(report: &ResyncReport) -> usize {
    let resources = report.resources.iter();
    let written = resources.map(|one| one.counts.created + one.counts.updated);
    written.sum::<usize>() + report.reconciliation.deleted()
}
