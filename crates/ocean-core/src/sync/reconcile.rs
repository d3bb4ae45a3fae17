//! What may be deleted at the end of a run, and the rules that forbid it.
//!
//! Start with [`reconcile`]. The rules are decisions 5-12: a blueprint is cleaned only when every
//! resource that can write to it was read and written completely, and never beyond the limits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use futures::TryStreamExt as _;

use super::cascade::{known_blueprints, spare};
use super::fenced::hold_to_delete;
use super::report::{BlueprintReport, ReconciliationReport};
use super::run::Run;
use crate::catalog::{CatalogError, EntityRef};
use crate::error::error_chain;
use crate::fingerprint::FingerprintSet;

/// From this many owned entities on, a blueprint has a limit of its own.
const OWN_LIMIT_FROM: usize = 20;
/// Entities that are deleted before it is asked again whether the run was stopped.
const DELETED_AT_ONCE: usize = 500;

/// Blueprints that may lose all their entities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowEmpty {
    /// None, unless their kind was taken out of the mapping.
    #[default]
    None,
    /// These.
    Blueprints(BTreeSet<String>),
    /// Every blueprint.
    All,
}

impl AllowEmpty {
    fn allows(&self, blueprint: &str) -> bool {
        match self {
            Self::None => false,
            Self::Blueprints(allowed) => allowed.contains(blueprint),
            Self::All => true,
        }
    }
}

/// Deletes what Port holds and the source no longer has, as far as that is proven.
///
/// # Guarantees
///
/// - Nothing is deleted of a blueprint that a reason bars; the report carries the reason.
/// - An entity that was updated at or after `before` is never deleted.
/// - Nor is one that a live event touched since the run began.
/// - No request to delete is sent once the run is stopped.
pub(super) async fn reconcile(
    run: &Run,
    before: SystemTime,
    allow_empty: &AllowEmpty,
) -> ReconciliationReport {
    let reasons = run.bars().reasons_for_all().to_vec();
    if !reasons.is_empty() {
        return ReconciliationReport {
            skipped: reasons,
            ..ReconciliationReport::default()
        };
    }
    let mut stale = match list_stale(run, before).await {
        Ok(stale) => stale,
        Err(error) => {
            run.note_refusal(&error);
            let reason = format!("Port could not list its entities: {}", error_chain(&error));
            return ReconciliationReport {
                skipped: vec![reason],
                ..Default::default()
            };
        }
    };
    keep_as_configured(run, &mut stale);
    bar(run, &mut stale, allow_empty).await;
    limit_overall(run, &mut stale);
    for (blueprint, found) in &mut stale {
        limit_blueprint(run, blueprint, found, allow_empty);
        protect(run, found);
    }
    if run.write.delete_dependents {
        spare(run, &mut stale).await;
    }
    delete(run, &mut stale).await;
    ReconciliationReport {
        skipped: Vec::new(),
        blueprints: stale.into_values().map(|found| found.report).collect(),
    }
}

/// The owned entities of one blueprint that the run did not see.
#[derive(Debug, Default)]
pub(super) struct Stale {
    pub(super) entities: Vec<EntityRef>,
    pub(super) report: BlueprintReport,
}

impl Stale {
    pub(super) fn keep(&mut self, reasons: impl IntoIterator<Item = String>) {
        self.report.kept_because.extend(reasons);
        self.entities.clear();
    }
}

pub(super) type StaleByBlueprint = BTreeMap<String, Stale>;

async fn list_stale(run: &Run, before: SystemTime) -> Result<StaleByBlueprint, CatalogError> {
    let mut stale = StaleByBlueprint::new();
    let mut stale_keys = FingerprintSet::default();
    let mut owned = run.catalog.owned(Some(before));
    while let Some(key) = owned.try_next().await? {
        run.progress.reconciliation().add_fetched(1);
        let print = run.prints.of(&key.blueprint, &key.identifier);
        let found = match stale.get_mut(&key.blueprint) {
            Some(found) => found,
            None => stale.entry(key.blueprint.clone()).or_default(),
        };
        // What a live event touched since the run began is what the source has now.
        let seen = run.seen().has_entity(print) || run.is_outdated(Some(print));
        // A stale key that Port lists twice counts once: more owned than stale ones would look as
        // if something of the blueprint stayed.
        if seen || stale_keys.insert(print) {
            found.report.owned += 1;
        } else {
            continue;
        }
        if !seen {
            found.report.stale += 1;
            found.entities.push(key);
        }
    }
    for (blueprint, found) in &mut stale {
        found.report.blueprint.clone_from(blueprint);
    }
    Ok(stale)
}

/// Keeps what the mapping says is kept.
fn keep_as_configured(run: &Run, stale: &mut StaleByBlueprint) {
    for (resource, target) in run.config.resources.iter().zip(run.plan.targets()) {
        if resource.enable_delete {
            continue;
        }
        for (blueprint, found) in &mut *stale {
            if target.may_be(blueprint) && !found.entities.is_empty() {
                found.entities.clear();
                found.report.kept_as_configured = true;
            }
        }
    }
}

/// Keeps what is not proven to be gone.
async fn bar(run: &Run, stale: &mut StaleByBlueprint, allow_empty: &AllowEmpty) {
    let literal = run.plan.literal_blueprints();
    let removed: Vec<String> = stale
        .keys()
        .filter(|blueprint| !literal.contains(blueprint.as_str()))
        .cloned()
        .collect();
    for blueprint in removed {
        if let Some(reason) = why_keep_unmapped(run, &blueprint, allow_empty) {
            run.bars().blueprint(&blueprint, reason);
        }
    }
    if run.write.delete_dependents {
        let names = stale.keys().cloned().collect();
        let blueprints = known_blueprints(run, names).await;
        run.bars().cascade(blueprints.iter().map(|found| &**found));
    }
    for (blueprint, found) in stale {
        let reasons = run.bars().reasons_for(blueprint);
        if !reasons.is_empty() && !found.entities.is_empty() {
            found.keep(reasons);
        }
    }
}

/// Why the entities of a blueprint that no literal expression names are kept.
fn why_keep_unmapped(run: &Run, blueprint: &str, allow_empty: &AllowEmpty) -> Option<String> {
    if run.plan.has_dynamic_target() {
        let written = run.seen().count(blueprint) > 0;
        return (!written && !allow_empty.allows(blueprint)).then(|| {
            format!(
                "no resource names it, and the blueprint of some resource depends on the item; \
                 name {blueprint} in OCEAN__DELETION__ALLOW_EMPTY to clean it"
            )
        });
    }
    run.bars().any().then(|| {
        "no resource of the mapping writes it any more, but another resource is not complete"
            .to_owned()
    })
}

/// The limit of the mapping over everything that is proven stale, as in the original.
fn limit_overall(run: &Run, stale: &mut StaleByBlueprint) {
    let owned: usize = stale.values().map(|found| found.report.owned).sum();
    let deletable: usize = stale.values().map(|found| found.entities.len()).sum();
    let threshold = run.config.entity_deletion_threshold;
    if deletable == 0 || share(deletable, owned) <= threshold {
        return;
    }
    let reason = format!(
        "{deletable} of the {owned} entities that this run did not write are stale, which is above \
         entityDeletionThreshold {threshold}"
    );
    for found in stale
        .values_mut()
        .filter(|found| !found.entities.is_empty())
    {
        found.keep([reason.clone()]);
    }
}

/// The same limit per blueprint, and the rule that none goes to zero unasked. Taking a kind out of
/// the mapping is the way to ask.
fn limit_blueprint(run: &Run, blueprint: &str, found: &mut Stale, allow_empty: &AllowEmpty) {
    if found.entities.is_empty() {
        return;
    }
    let stale = found.entities.len();
    let to_zero = stale == found.report.owned && !run.seen().is_acknowledged(blueprint);
    if to_zero {
        let removed =
            !run.plan.literal_blueprints().contains(blueprint) && !run.plan.has_dynamic_target();
        if !removed && !allow_empty.allows(blueprint) {
            found.keep([format!(
                "all {stale} entities would go; name {blueprint} in OCEAN__DELETION__ALLOW_EMPTY to allow it"
            )]);
        }
        return;
    }
    let owned = run
        .owned_at_start(blueprint)
        .unwrap_or(found.report.owned)
        .max(found.report.owned);
    let threshold = run.config.entity_deletion_threshold;
    if owned >= OWN_LIMIT_FROM && share(stale, owned) > threshold {
        found.keep([format!(
            "{stale} of {owned} entities are stale, which is above entityDeletionThreshold {threshold}"
        )]);
    }
}

/// Keeps stale entities that a seen entity relates to: they would only be created again.
fn protect(run: &Run, found: &mut Stale) {
    if !run.write.create_missing_related {
        return;
    }
    let seen = run.seen();
    let before = found.entities.len();
    found
        .entities
        .retain(|key| !seen.is_target(run.prints.of(&key.blueprint, &key.identifier)));
    found.report.protected = before - found.entities.len();
}

async fn delete(run: &Run, stale: &mut StaleByBlueprint) {
    for blueprint in deletion_order(run, stale).await {
        let Some(found) = stale.get_mut(&blueprint) else {
            continue;
        };
        let entities = std::mem::take(&mut found.entities);
        if entities.is_empty() {
            continue;
        }
        for chunk in entities.chunks(DELETED_AT_ONCE) {
            if run.stop.is_cancelled() {
                found.keep(["the run was stopped".to_owned()]);
                break;
            }
            delete_chunk(run, found, chunk).await;
        }
    }
}

async fn delete_chunk(run: &Run, found: &mut Stale, chunk: &[EntityRef]) {
    let (_held, current) = hold_to_delete(run, chunk).await;
    if current.is_empty() {
        return;
    }
    match run.catalog.delete(&run.write, current).await {
        Ok(report) => {
            run.progress
                .reconciliation()
                .add_written(report.deleted.len());
            found.report.deleted += report.deleted.len();
            if report
                .failed
                .iter()
                .any(|(_, error)| error.status == Some(401))
            {
                run.refused();
            }
            let failed = report.failed.into_iter();
            let reasons: BTreeSet<String> = failed.map(|(_, error)| error.to_string()).collect();
            for reason in reasons {
                if !found.report.kept_because.contains(&reason) {
                    found.report.kept_because.push(reason);
                }
            }
        }
        Err(error) => {
            run.give_up(&error);
            found.keep([error_chain(&error)]);
        }
    }
}

/// Blueprints that relate to others come before them, so that Port never has to refuse a deletion
/// because of a relation that is about to go as well.
async fn deletion_order(run: &Run, stale: &StaleByBlueprint) -> Vec<String> {
    let mut relates_to: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for blueprint in stale.keys() {
        let known = run.blueprint(blueprint).await;
        let targets = known
            .iter()
            .flat_map(|known| &known.relations)
            .map(|r| r.target.clone());
        relates_to.insert(
            blueprint,
            targets.filter(|target| target != blueprint).collect(),
        );
    }
    let mut order = Vec::new();
    while !relates_to.is_empty() {
        let free: Vec<&str> = relates_to
            .keys()
            .filter(|candidate| {
                !relates_to
                    .values()
                    .any(|targets| targets.contains(**candidate))
            })
            .copied()
            .collect();
        // A cycle of blueprints has no right order: take the first and go on.
        let next = if free.is_empty() {
            relates_to.keys().take(1).copied().collect()
        } else {
            free
        };
        for blueprint in next {
            relates_to.remove(blueprint);
            order.push(blueprint.to_owned());
        }
    }
    order
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of far fewer than 2^52 entities"
)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
