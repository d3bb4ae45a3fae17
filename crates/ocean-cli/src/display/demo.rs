//! What does a demonstration tell, and what does it leave on the screen?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use ocean_core::{Outcome, ResyncReport};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::number::{counted, grouped, per_second, time};
use super::{err, out, table, twin};
use crate::simulation::{Changed, Happening, World};

/// How many differences are shown; one is bad enough.
const SHOWN_DIFFERENCES: usize = 5;

/// How often both simulators were asked.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Requests {
    source: usize,
    port: usize,
}

impl Requests {
    pub(crate) fn of(world: &dyn World) -> Self {
        Self {
            source: world.source().requests(),
            port: world.port().requests(),
        }
    }

    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            source: self.source - before.source,
            port: self.port - before.port,
        }
    }
}

/// One of the two resyncs.
#[derive(Debug)]
pub(crate) struct DemoRun {
    report: ResyncReport,
    requests: Requests,
}

impl DemoRun {
    pub(crate) const fn new(report: ResyncReport, requests: Requests) -> Self {
        Self { report, requests }
    }

    fn items(&self) -> usize {
        self.report.totals().fetched
    }

    fn written(&self) -> usize {
        let totals = self.report.totals();
        totals.created + totals.updated
    }

    /// What became of the entities of a blueprint.
    fn blueprint(&self, blueprint: &str) -> Fate {
        let mut fate = Fate::default();
        let resources = self.report.resources.iter();
        for resource in resources.filter(|one| one.blueprint.as_deref() == Some(blueprint)) {
            fate.created += resource.counts.created;
            fate.updated += resource.counts.updated;
            fate.unchanged += resource.counts.unchanged;
        }
        let cleaned = self.report.reconciliation.blueprints.iter();
        for found in cleaned.filter(|one| one.blueprint == blueprint) {
            fate.deleted += found.deleted;
        }
        fate
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Fate {
    created: usize,
    updated: usize,
    unchanged: usize,
    deleted: usize,
}

impl Serialize for DemoRun {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let totals = self.report.totals();
        let mut run = json.serialize_struct("DemoRun", 9)?;
        run.serialize_field("outcome", &self.report.outcome)?;
        run.serialize_field("items", &totals.fetched)?;
        run.serialize_field("created", &totals.created)?;
        run.serialize_field("updated", &totals.updated)?;
        run.serialize_field("unchanged", &totals.unchanged)?;
        run.serialize_field("deleted", &self.report.reconciliation.deleted())?;
        run.serialize_field("seconds", &self.report.duration.as_secs_f64())?;
        run.serialize_field("requests", &self.requests)?;
        run.serialize_field("report", &self.report)?;
        run.end()
    }
}

/// Something that happened while the integration listened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reflected {
    pub(crate) what: Happening,
    /// How many changes; each was told by an event.
    pub(crate) changes: usize,
    /// How long after the first change the catalog showed the last one.
    pub(crate) after: Duration,
    pub(crate) requests: Requests,
}

impl Reflected {
    fn name(&self) -> String {
        match self.what {
            Happening::Updates => counted(self.changes, "issue updated", "issues updated"),
            Happening::Creation => counted(self.changes, "issue created", "issues created"),
            Happening::Deletion => counted(self.changes, "issue deleted", "issues deleted"),
            Happening::Burst => format!("1 issue updated {} times", grouped(self.changes)),
        }
    }
}

impl Serialize for Reflected {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let mut reflected = json.serialize_struct("Reflected", 4)?;
        reflected.serialize_field("what", &self.name())?;
        reflected.serialize_field("changes", &self.changes)?;
        reflected.serialize_field("seconds", &self.after.as_secs_f64())?;
        reflected.serialize_field("requests", &self.requests)?;
        reflected.end()
    }
}

/// What both resyncs and the listening came to.
#[derive(Debug)]
pub(crate) struct DemoResult {
    pub(crate) first: DemoRun,
    pub(crate) second: DemoRun,
    pub(crate) live: Vec<Reflected>,
    pub(crate) entities: BTreeMap<String, usize>,
    pub(crate) differences: Vec<String>,
}

impl DemoResult {
    /// Whether everything went as a demonstration should.
    pub(crate) fn is_good(&self) -> bool {
        let runs = [&self.first, &self.second];
        let completed = runs
            .iter()
            .all(|run| run.report.outcome == Outcome::Completed);
        completed && self.differences.is_empty()
    }
}

impl Serialize for DemoResult {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let mut result = json.serialize_struct("DemoResult", 6)?;
        result.serialize_field("first", &self.first)?;
        result.serialize_field("second", &self.second)?;
        result.serialize_field("live", &self.live)?;
        result.serialize_field("entities", &self.entities)?;
        result.serialize_field("equal", &self.differences.is_empty())?;
        result.serialize_field("differences", &self.differences)?;
        result.end()
    }
}

pub(crate) fn introduce(title: &str, items: u64, world: &dyn World) {
    let items = counted(
        usize::try_from(items).unwrap_or(usize::MAX),
        "issue",
        "issues",
    );
    err(&format!(
        "A simulated {title} with {items} listens at {}\n\
         A simulated Port with an empty catalog listens at {}\n",
        world.source().url(),
        world.port().url(),
    ));
}

pub(crate) fn begin_first() {
    err("\nThe first resync reads everything and creates it in the catalog:\n\n");
}

pub(crate) fn begin_second(title: &str, changed: Changed) {
    err(&format!(
        "\nAn hour later {} updated, {} created and {} deleted in {title}.\n\
         The second resync reads everything again and writes only what changed:\n\n",
        counted(changed.updated, "issue was", "issues were"),
        grouped(changed.created),
        grouped(changed.deleted),
    ));
}

pub(crate) fn begin_live(title: &str) {
    err(&format!(
        "\nNow it listens: {title} calls its webhook whenever something changes.\n"
    ));
}

/// The closing tables, and whether the catalog is right.
pub(crate) fn result(title: &str, name: &str, result: &DemoResult) {
    let mut text = format!(
        "\n{}\n{}\n{}\n",
        catalog(result),
        runs(title, result),
        live(title, result)
    );
    text.push_str(&verdict(title, result));
    if cfg!(debug_assertions) {
        text.push_str(
            "This is a debug build; with `cargo run --release` it is many times faster.\n",
        );
    }
    let _infallible = write!(
        text,
        "\nTry next:\n  \
         ocean-{name} demo --issues 100000   the same with more\n  \
         ocean-{name} demo --serve           keeps both systems running to play with\n  \
         ocean-{name} sail --once            the real thing; says which settings it lacks\n"
    );
    out(&text);
}

/// What both URLs are good for while everything keeps running.
pub(crate) fn serving(title: &str, name: &str, world: &dyn World) {
    out(&format!(
        "\nBoth systems keep running until Ctrl-C:\n  {title:<8} {}\n  {:<8} {}\n\n\
         In another terminal, make an integration use them:\n\n{}{}\n\
         and resync with `ocean-{name} sail --once`.\n\
         `POST /__twin/change` changes {title}, `GET /__twin/journal` shows what either was asked.\n",
        world.source().url(),
        "Port",
        world.port().url(),
        twin::exports(world.source()),
        twin::exports(world.port()),
    ));
}

fn catalog(result: &DemoResult) -> String {
    let header = [
        "blueprint",
        "total",
        "first\ncreated",
        "first\nupdated",
        "second\ncreated",
        "second\nupdated",
        "second\nunchanged",
        "second\ndeleted",
    ];
    let rows = result.entities.iter().map(|(blueprint, entities)| {
        let (first, second) = (
            result.first.blueprint(blueprint),
            result.second.blueprint(blueprint),
        );
        [
            blueprint.clone(),
            grouped(*entities),
            grouped(first.created),
            grouped(first.updated),
            grouped(second.created),
            grouped(second.updated),
            grouped(second.unchanged),
            grouped(second.deleted),
        ]
    });
    table::plain(header, rows)
}

fn runs(title: &str, result: &DemoResult) -> String {
    let to_source = format!("requests\nto {title}");
    let header = [
        "resync",
        "time",
        "items",
        "items/s",
        "written",
        &to_source,
        "requests\nto Port",
    ];
    let row = |name: &str, run: &DemoRun| {
        let duration: Duration = run.report.duration;
        [
            name.to_owned(),
            time(duration),
            grouped(run.items()),
            per_second(run.items(), duration),
            grouped(run.written()),
            grouped(run.requests.source),
            grouped(run.requests.port),
        ]
    };
    table::plain(
        header,
        [row("first", &result.first), row("second", &result.second)],
    )
}

fn live(title: &str, result: &DemoResult) -> String {
    let to_source = format!("requests\nto {title}");
    let header = [
        "while listening",
        "in the catalog\nafter",
        &to_source,
        "requests\nto Port",
    ];
    let rows = result.live.iter().map(|reflected| {
        [
            reflected.name(),
            time(reflected.after),
            grouped(reflected.requests.source),
            grouped(reflected.requests.port),
        ]
    });
    table::plain(header, rows)
}

fn verdict(title: &str, result: &DemoResult) -> String {
    let entities = counted(result.entities.values().sum(), "entity", "entities");
    if result.differences.is_empty() {
        return format!("The catalog equals {title}: {entities} compared, no difference.\n");
    }
    let mut text = format!(
        "The catalog DIFFERS from {title} in {} of {entities}:\n",
        grouped(result.differences.len())
    );
    for difference in result.differences.iter().take(SHOWN_DIFFERENCES) {
        let _infallible = writeln!(text, "  - {difference}");
    }
    text
}
