//! What became of failed entities after their second chance, in the reports of their resources.
//!
//! Start with [`settle_failed`].

use super::outcome::{describe, name};
use super::report::ResourceReport;
use super::retry::{Retried, retry_failed};
use super::run::Run;
use crate::catalog::{EntityError, UpsertOutcome};

/// Writes failed entities again and accounts for each. An entity that Port did not acknowledge
/// makes its resource incomplete; one that Port refused is reported and counts as seen.
pub(super) async fn settle_failed(run: &Run, reports: &mut [ResourceReport]) {
    for Retried { failed, outcome } in retry_failed(run).await {
        let Some(report) = reports.get_mut(failed.resource) else {
            continue;
        };
        let entity = name(&failed.entity);
        match outcome {
            Some(UpsertOutcome::Stored {
                identifier,
                created,
            }) => {
                let counts = &mut report.counts;
                *(if created {
                    &mut counts.created
                } else {
                    &mut counts.updated
                }) += 1;
                if let Some(blueprint) = failed.entity.blueprint_name() {
                    let print = run.prints.of(&blueprint, &identifier);
                    run.seen().entity(&blueprint, print);
                }
                run.progress.resource(failed.resource).add_written(1);
            }
            Some(UpsertOutcome::Rejected(error) | UpsertOutcome::MissingRelated(error)) => {
                report.counts.rejected += 1;
                report.add_error(&describe(&error), &entity);
                if failed.entity.key().is_none() {
                    bar(
                        run,
                        report,
                        "an entity without a known identifier was rejected",
                    );
                }
            }
            Some(UpsertOutcome::Unresolved) => {
                report.counts.rejected += 1;
                let error = EntityError::new(None, "the search identifier found no entity");
                report.add_error(&describe(&error), &entity);
                run.bars().all("a search identifier found no entity");
            }
            Some(UpsertOutcome::Failed(error)) => not_acknowledged(run, report, &error, &entity),
            None => not_acknowledged(run, report, &failed.error, &entity),
        }
    }
}

fn not_acknowledged(run: &Run, report: &mut ResourceReport, error: &EntityError, entity: &str) {
    report.counts.failed += 1;
    report.add_error(&describe(error), entity);
    bar(run, report, "Port did not acknowledge every entity");
}

fn bar(run: &Run, report: &mut ResourceReport, reason: &str) {
    let reason = reason.to_owned();
    if report.incomplete.contains(&reason) {
        return;
    }
    if let Some(target) = run.plan.target(report.index) {
        run.bars()
            .target(target, format!("{}: {reason}", report.name()));
    }
    report.incomplete.push(reason);
}
