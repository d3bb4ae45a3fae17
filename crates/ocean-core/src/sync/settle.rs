//! What became of failed entities after their second chance, in the reports of their resources.
//!
//! Start with [`settle_failed`].

use super::outcome::{UNKNOWN_REJECTED, UNRESOLVED, name, note_stored};
use super::report::ResourceReport;
use super::retry::{Retried, retry_failed};
use super::run::Run;
use crate::catalog::{EntityError, UpsertOutcome};

/// Writes failed entities again and accounts for each. An entity that Port did not acknowledge
/// makes its resources incomplete; one that Port refused is reported and counts as seen.
pub(super) async fn settle_failed(run: &Run, reports: &mut [ResourceReport]) {
    for Retried { failed, outcome } in retry_failed(run).await {
        let (first, others) = match failed.resources.split_first() {
            Some((first, others)) => (*first, others),
            None => continue,
        };
        let entity = name(&failed.entity);
        let Some(report) = reports.get_mut(first) else {
            continue;
        };
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
                    note_stored(run, &blueprint, &identifier);
                }
                run.progress.resource(first).add_written(1);
            }
            Some(UpsertOutcome::Rejected(error) | UpsertOutcome::MissingRelated(error)) => {
                report.counts.rejected += 1;
                report.add_error(&error.to_string(), &entity);
                if failed.entity.key().is_none() {
                    bar(run, report, UNKNOWN_REJECTED);
                }
            }
            Some(UpsertOutcome::Unresolved) => {
                report.counts.rejected += 1;
                report.add_error(UNRESOLVED, &entity);
                run.bars().all(UNRESOLVED);
            }
            Some(UpsertOutcome::Failed(error)) => not_acknowledged(run, report, &error, &entity),
            None => not_acknowledged(run, report, &failed.error, &entity),
        }
        let incomplete = !report.incomplete.is_empty();
        for other in others {
            if let (true, Some(report)) = (incomplete, reports.get_mut(*other)) {
                bar(run, report, NOT_ACKNOWLEDGED);
            }
        }
    }
}

const NOT_ACKNOWLEDGED: &str = "Port did not acknowledge every entity";

fn not_acknowledged(run: &Run, report: &mut ResourceReport, error: &EntityError, entity: &str) {
    report.counts.failed += 1;
    report.add_error(&error.to_string(), entity);
    bar(run, report, NOT_ACKNOWLEDGED);
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
