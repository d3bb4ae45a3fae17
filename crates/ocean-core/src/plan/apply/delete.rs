//! What of the planned deletions is still to be deleted when everything was written?
//!
//! Start with [`delete`].

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::write::MAX_UNANSWERED;
use super::{Applied, ApplyEnd, NOT_TRIED};
use crate::catalog::{Catalog, CatalogError, DeleteReport, EntityRef, UpsertOutcome, WriteContext};
use crate::error::ErrorClass;
use crate::plan::ResyncPlan;
use crate::sync::is_answer;

/// Entities that are deleted before it is asked again whether to go on.
const DELETED_AT_ONCE: usize = 500;

/// Deletes what is planned, as far as it is as old as it was.
///
/// # Guarantees
///
/// - Nothing is deleted unless everything was written.
/// - What the catalog does not list as old just before is kept: it was updated since the plan was
///   made, is gone, or belongs to somebody else.
/// - Nor is anything deleted that the plan writes.
pub(super) async fn delete(
    plan: &ResyncPlan,
    catalog: &dyn Catalog,
    cx: &WriteContext,
    stop: &CancellationToken,
    applied: &mut Applied,
) {
    if plan.deletions.is_empty() {
        return;
    }
    if !applied.unwritten.is_empty() {
        let reason = "nothing is deleted unless everything was written";
        applied.unwritten(deletions(plan.deletions.len()), reason);
        return;
    }
    let old = match still_old(plan, catalog).await {
        Ok(old) => old,
        Err(error) => {
            applied.end = ApplyEnd::refused(&error);
            return not_tried(applied, plan.deletions.len());
        }
    };
    let all = plan.deletions.iter().cloned();
    let (due, newer): (Vec<_>, Vec<_>) = all.partition(|key| old.contains(key));
    for key in newer {
        let reason = "it was updated or deleted since the plan was made";
        applied.unwritten(key.to_string(), reason);
    }
    let mut left = due.len();
    let mut unanswered = 0;
    for chunk in due.chunks(DELETED_AT_ONCE) {
        if stop.is_cancelled() && applied.end == ApplyEnd::Reached {
            applied.end = ApplyEnd::Stopped;
        }
        if applied.end != ApplyEnd::Reached {
            break;
        }
        match catalog.delete(cx, chunk.to_vec()).await {
            Ok(report) => {
                left -= chunk.len();
                note(applied, report, &mut unanswered);
            }
            Err(error) => applied.end = ApplyEnd::refused(&error),
        }
    }
    not_tried(applied, left);
}

/// What is planned to be deleted, and was not updated since the plan found it.
async fn still_old(
    plan: &ResyncPlan,
    catalog: &dyn Catalog,
) -> Result<BTreeSet<EntityRef>, CatalogError> {
    let mut old = BTreeSet::new();
    // A run that deletes has listed what is old, and so has a moment.
    let Some(before) = plan.stale_before else {
        return Ok(old);
    };
    let mut planned: BTreeSet<&EntityRef> = plan.deletions.iter().collect();
    for write in &plan.writes {
        if let Some(key) = write.entity.key() {
            planned.remove(&key);
        }
    }
    let mut listed = catalog.owned(Some(before));
    while let Some(key) = listed.try_next().await? {
        if planned.contains(&key) {
            old.insert(key);
        }
    }
    Ok(old)
}

fn note(applied: &mut Applied, report: DeleteReport, unanswered: &mut usize) {
    applied.deleted += report.deleted.len();
    let is_answered = |(_, error): &(_, _)| is_answer(&UpsertOutcome::Failed(Clone::clone(error)));
    if report.deleted.is_empty() && !report.failed.iter().any(is_answered) {
        *unanswered += 1;
    } else {
        *unanswered = 0;
    }
    if *unanswered == MAX_UNANSWERED {
        applied.end = ApplyEnd::Unanswered;
    }
    for (key, error) in report.failed {
        if error.status == Some(401) {
            applied.end = ApplyEnd::Refused {
                class: ErrorClass::Unauthorized,
                reason: error.message.clone(),
            };
        }
        applied.unwritten(key.to_string(), error.message);
    }
}

fn not_tried(applied: &mut Applied, count: usize) {
    if count > 0 {
        applied.unwritten(deletions(count), NOT_TRIED);
    }
}

fn deletions(count: usize) -> String {
    if count == 1 {
        return "1 deletion".to_owned();
    }
    format!("{count} deletions")
}
