//! Is everything read when nothing is wrong?

use std::collections::BTreeSet;

use ocean_core::Outcome;

use super::asked::Resource;
use super::patience::patiently;
use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict, none};

const GROUP: &str = "reading";

/// An entity that the source does not have.
const EXTRA: &str = "conformance-extra";

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    verdict.add(
        GROUP,
        "a resync of the simulated source is complete",
        Ok(()),
    );
    verdict.add(GROUP, "nothing is asked before it is needed", quiet(rig));
    verdict.add(
        GROUP,
        "every kind of the default mapping has items",
        has_items(rig),
    );
    verdict.add(GROUP, "no item fails to be mapped", mapped(rig));
    verdict.add(GROUP, "nothing is asked for twice by one kind", once(rig));
    let again = "a second resync changes nothing and writes nothing";
    verdict.add(GROUP, again, idempotent(rig).await);
    verdict.add(
        GROUP,
        "every kind comes to the same on its own",
        alone(rig).await,
    );
    verdict.add(
        GROUP,
        "an extra entity of each blueprint is deleted by the next resync",
        cleans(rig).await,
    );
}

fn quiet(rig: &Rig) -> Kept {
    match rig.asked_early {
        0 => Ok(()),
        asked => Err(Not::kept(format!("connecting sent {asked} requests"))),
    }
}

fn has_items(rig: &Rig) -> Kept {
    let resources = rig.first.resources.iter();
    let empty = resources.filter(|resource| resource.counts.fetched == 0);
    none(
        empty
            .map(|resource| format!("`{}` has none", resource.kind))
            .collect(),
    )
}

fn mapped(rig: &Rig) -> Kept {
    let totals = rig.first.totals();
    match totals.failed_to_map + totals.rejected + totals.failed {
        0 => Ok(()),
        count => Err(Not::kept(format!("{count} items did not become entities"))),
    }
}

fn once(rig: &Rig) -> Kept {
    let mut twice = BTreeSet::new();
    for Resource { kind, exchanges } in &rig.asked.resources {
        let mut seen = BTreeSet::new();
        for one in exchanges {
            if !seen.insert((&one.method, &one.target, &one.request)) {
                twice.insert(format!(
                    "`{kind}` asks for {} {} again",
                    one.method,
                    one.path()
                ));
            }
        }
    }
    none(twice.into_iter().collect())
}

async fn idempotent(rig: &Rig) -> Kept {
    rig.settle().await?;
    let before = rig.bench.port.writes();
    let again = rig.resync(&Default::default()).await?;
    again.is_made_good("again").map_err(Not::kept)?;
    let totals = again.report.totals();
    match totals.created + totals.updated {
        0 if rig.bench.port.writes() == before => Ok(()),
        0 => Err(Not::kept("entities were written that did not change")),
        count => Err(Not::kept(format!("{count} entities were written again"))),
    }
}

/// Kinds must not depend on each other's order, or on being read together.
async fn alone(rig: &Rig) -> Kept {
    let mapping = rig.bench.mapping();
    let mut backwards = mapping.clone();
    if let Some(resources) = backwards["resources"].as_array_mut() {
        resources.reverse();
    }
    rig.settle().await?;
    rig.bench.set_mapping(backwards);
    let reversed = rig.resync(&Default::default()).await;
    rig.bench.set_mapping(mapping);
    reversed?
        .is_made_good("with the kinds in reverse order")
        .map_err(Not::kept)
}

/// One entity more of each blueprint, which the source knows nothing of, in a catalog of its own.
async fn cleans(rig: &Rig) -> Kept {
    let bench = rig.harness.start().await?;
    patiently(bench.resync()).await??;
    let catalog = bench.catalog();
    let mut blueprints = BTreeSet::new();
    for entity in &catalog {
        let text = |key: &str| entity[key].as_str().unwrap_or_default();
        let (blueprint, identifier) = (text("blueprint"), text("identifier"));
        let extra = entity
            .as_object()
            .filter(|_| !blueprints.contains(blueprint));
        let Some(mut extra) = extra.cloned() else {
            continue;
        };
        blueprints.insert(blueprint.to_owned());
        let known = bench.port.entity(blueprint, identifier);
        let owner = known.and_then(|known| Some(known.get("$datasource")?.as_str()?.to_owned()));
        extra.insert("identifier".to_owned(), EXTRA.into());
        let (extra, owner) = (extra.into(), owner.unwrap_or_default());
        bench.port.put_entity(blueprint, extra, &owner);
    }
    if blueprints.is_empty() {
        return Err(Not::asked("the catalog is empty"));
    }
    let report = patiently(bench.resync()).await??;
    if report.outcome == Outcome::Completed && bench.catalog() == catalog {
        return Ok(());
    }
    let mut left = blueprints;
    left.retain(|name| bench.entity(name, EXTRA).is_some());
    let left: Vec<String> = left.into_iter().collect();
    Err(Not::kept(format!(
        "that of `{}` is there after a resync that ended {:?}",
        left.join("`, `"),
        report.outcome
    )))
}
