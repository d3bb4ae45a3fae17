//! The thread that gives up workers which do not come back.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::shared::{Desk, Shared, State};
use super::worker;
use crate::mapping::pool::job::Job;

/// How often running workers are looked at. A stuck one is noticed that much late at most.
const INTERVAL: Duration = Duration::from_millis(500);

pub(super) fn spawn(shared: &Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    std::thread::Builder::new()
        .name("mapper-watchdog".to_owned())
        .spawn(move || watch(&shared))
}

fn watch(shared: &Arc<Shared>) {
    let interval = INTERVAL.min(shared.patience);
    while let Some(state) = shared.until_next_look(interval) {
        let stuck = find_stuck(&state, shared.patience);
        drop(state);
        for (desk, job) in stuck {
            replace(shared, &desk, job);
        }
    }
}

/// Takes the jobs away from workers that are past their time.
fn find_stuck(state: &State, patience: Duration) -> Vec<(Arc<Desk>, Job)> {
    let overdue = |job: &mut Job| job.since.elapsed() > patience;
    let workers = state.workers.iter();
    workers
        .filter_map(|worker| {
            Some((
                Arc::clone(&worker.desk),
                worker.desk.lock().take_if(overdue)?,
            ))
        })
        .collect()
}

fn replace(shared: &Arc<Shared>, desk: &Arc<Desk>, mut job: Job) {
    job.abandon_item();
    let mut state = shared.lock();
    state.let_go(desk);
    let replaceable = state.replacements > 0;
    state.replacements = state.replacements.saturating_sub(1);
    drop(state);
    if replaceable && let Err(error) = worker::spawn(shared) {
        tracing::error!(%error, "cannot replace a stuck mapper thread");
    }
    tracing::error!(
        replaced = replaceable,
        "a mapping expression does not come back"
    );
    shared.resume(&mut shared.lock(), job);
}
