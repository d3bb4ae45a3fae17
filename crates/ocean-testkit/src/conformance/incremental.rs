//! Does an incremental sync write what a full resync writes, and tell what it could not read?

use std::collections::BTreeSet;
use std::time::Duration;

use ocean_core::Outcome;
use serde_json::{Value, json};

use super::aftermath::reasons;
use super::patience::patiently;
use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict, none};
use crate::fault::{Action, Rule};
use crate::harness::Bench;

const GROUP: &str = "incremental";

/// So long that everything changed within it.
const EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    let same = "an incremental sync gives the entities that a resync gives";
    verdict.add(GROUP, same, is_same(rig).await);
    let forbidden = "a 403 in an incremental sync is told";
    verdict.add(GROUP, forbidden, is_told(rig, 403).await);
    let broken = "a 503 that stays in an incremental sync is told";
    verdict.add(GROUP, broken, is_told(rig, 503).await);
}

/// The resources of the mapping that can be read incrementally.
fn resources(rig: &Rig) -> Result<Vec<Value>, Not> {
    let registry = rig.harness.registry();
    let kinds: BTreeSet<&str> = registry.incremental_kinds().collect();
    let mapping = rig.bench.mapping();
    let resources = mapping["resources"].as_array().into_iter().flatten();
    let is_read = |one: &&Value| {
        one["kind"]
            .as_str()
            .is_some_and(|kind| kinds.contains(kind))
    };
    let resources: Vec<Value> = resources.filter(is_read).cloned().collect();
    match resources.is_empty() {
        false => Ok(resources),
        true => Err(Not::asked("no kind is read incrementally")),
    }
}

async fn is_same(rig: &Rig) -> Kept {
    resources(rig)?;
    let bench = rig.harness.start().await?;
    patiently(bench.resync()).await??;
    let catalog = bench.catalog();
    let report = patiently(bench.sync_incrementally(EVER)).await??;
    if report.outcome != Outcome::Completed {
        let (outcome, reasons) = (report.outcome, reasons(&report));
        return Err(Not::kept(format!("it ended {outcome:?}: {reasons}")));
    }
    match bench.catalog() == catalog {
        true => Ok(()),
        false => Err(Not::kept("the catalog is another one than after a resync")),
    }
}

/// What is taken for nothing is never read again: the next sync begins where this one did.
async fn is_told(rig: &Rig, status: u16) -> Kept {
    let mut believed = Vec::new();
    for resource in resources(rig)? {
        let bench = alone(rig, &resource).await?;
        drop(rig.proxy.take_exchanges());
        patiently(bench.sync_incrementally(EVER)).await??;
        let exchanges = rig.proxy.take_exchanges();
        for asked in rig.asked.shapes_of(exchanges.iter()) {
            let bench = alone(rig, &resource).await?;
            let rule = Rule::new(Action::status(status)).path_prefix(asked.path());
            rig.proxy.faults().add(rule);
            let report = patiently(bench.sync_incrementally(EVER)).await;
            rig.proxy.faults().clear();
            if report??.outcome == Outcome::Completed {
                let kind = resource["kind"].as_str().unwrap_or_default();
                believed.push(format!("{}: `{kind}` is told to be complete", asked.path()));
            }
        }
    }
    none(believed)
}

/// A catalog of its own that is read by this resource only.
async fn alone(rig: &Rig, resource: &Value) -> Result<Bench, Not> {
    let bench = rig.harness.start().await?;
    let mut mapping = bench.mapping();
    mapping["resources"] = json!([resource]);
    bench.set_mapping(mapping);
    Ok(bench)
}
