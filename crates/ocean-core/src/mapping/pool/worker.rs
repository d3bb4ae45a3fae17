//! A thread of the pool: takes jobs and maps their items.

use std::io;
use std::sync::Arc;

use super::shared::{Desk, Shared};
use crate::mapping::jq::{WORKER_STACK, with_stack};

/// Starts a worker and makes it known.
pub(super) fn spawn(shared: &Arc<Shared>) -> io::Result<()> {
    let desk = Arc::new(Desk::default());
    let (own_shared, own_desk) = (Arc::clone(shared), Arc::clone(&desk));
    let thread = std::thread::Builder::new()
        .name("mapper".to_owned())
        .stack_size(WORKER_STACK)
        .spawn(move || with_stack(|| run(&own_shared, &own_desk)))?;
    shared.joined(desk, thread);
    Ok(())
}

fn run(shared: &Shared, desk: &Desk) {
    while shared.take_job(desk) {
        if work(shared, desk) == Outcome::Replaced {
            // Whoever took the job has let this thread go already.
            return;
        }
        shared.job_done();
    }
    shared.worker_ended();
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Replaced,
}

/// Maps the job on the desk. The desk is free while an item is mapped, so that the watchdog can
/// look at the job and take it away.
fn work(shared: &Shared, desk: &Desk) -> Outcome {
    let Some(task) = desk.lock().as_ref().map(|job| Arc::clone(job.task())) else {
        return Outcome::Replaced;
    };
    let mut result = task.tally();
    loop {
        let position = {
            let mut slot = desk.lock();
            let Some(job) = slot.as_mut() else {
                return Outcome::Replaced;
            };
            if shared.is_closed() {
                *slot = None;
                return Outcome::Done;
            }
            if !job.begin_item() {
                let job = slot.take();
                drop(slot);
                job.into_iter().for_each(super::job::Job::finish);
                return Outcome::Done;
            }
            job.position()
        };
        task.map_item(position, &mut result);
        let mut slot = desk.lock();
        let Some(job) = slot.as_mut() else {
            return Outcome::Replaced;
        };
        job.end_item(&mut result);
    }
}
