//! All resources of a run, some side by side.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::report::ResourceReport;
use super::resource::sync_resource;
use super::run::Run;

/// Resources that are read side by side. Later ones begin when an earlier one ends, so that the
/// batches in memory are bounded whatever the size of the mapping.
const ACTIVE_RESOURCES: usize = 4;

/// Syncs every resource of the run and returns a report for each of the mapping, in its order.
pub(super) async fn sync_resources(run: &Arc<Run>) -> Vec<ResourceReport> {
    let resources = run.config.resources.iter().enumerate();
    let mut reports: Vec<ResourceReport> = resources
        .map(|(index, resource)| ResourceReport::panicked(&resource.kind, index))
        .collect();
    let all = 0..reports.len();
    let mut waiting: VecDeque<usize> = all.filter(|index| run.takes_part(*index)).collect();
    let mut active = JoinSet::new();
    loop {
        while active.len() < ACTIVE_RESOURCES
            && let Some(index) = waiting.pop_front()
        {
            let kind = run.config.resources.get(index).map(|found| &*found.kind);
            let span = tracing::info_span!("resource", kind, index);
            active.spawn(sync_resource(Arc::clone(run), index).instrument(span));
        }
        match active.join_next().await {
            Some(Ok(report)) => {
                if let Some(place) = reports.get_mut(report.index) {
                    *place = report;
                }
            }
            // The report that says so is in its place already; nothing is proven any more.
            Some(Err(error)) => run.bars().all(format!("a resource panicked: {error}")),
            None => return reports,
        }
    }
}
