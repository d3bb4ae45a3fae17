//! Does it end at once when it is told to?

use std::time::{Duration, Instant};

use ocean_core::Outcome;
use tokio_util::sync::CancellationToken;

use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict};
use crate::fault::{Action, Rule};

const GROUP: &str = "stopped";

/// How long it may take to end, in an unoptimized build on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How long it is looked whether requests go on.
const AFTERWARDS: Duration = Duration::from_millis(100);

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    let promise = "a resync that waits for an answer ends at once when it is stopped";
    match stop_in_mid_page(rig).await {
        Ok(stopped) => {
            verdict.add(GROUP, promise, stopped.at_once);
            verdict.add(
                GROUP,
                "a resync that was stopped deletes nothing",
                stopped.lost,
            );
            verdict.add(
                GROUP,
                "a resync that was stopped asks for no more",
                stopped.quiet,
            );
        }
        Err(not) => verdict.add(GROUP, promise, Err(not)),
    }
}

struct Stopped {
    at_once: Kept,
    lost: Kept,
    quiet: Kept,
}

/// Lets the last page of a listing hang, and stops while it is waited for.
async fn stop_in_mid_page(rig: &Rig) -> Result<Stopped, Not> {
    rig.settle().await?;
    let listings = rig.asked.listings();
    let paged = listings.iter().find(|pages| pages.len() > 1);
    let paged = paged.and_then(|pages| pages.last().copied());
    let shapes = rig.asked.shapes();
    let last = paged.or_else(|| shapes.last().copied());
    let last = last.ok_or_else(|| Not::asked("the source is never asked"))?;
    let hang = Rule::new(Action::Hang).path(last.target.clone());
    rig.proxy.faults().add(hang);
    let stop = CancellationToken::new();
    let stopped_at = async {
        while rig.proxy.faults().fired() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.cancel();
        Instant::now()
    };
    let (after, stopped_at) = futures::future::join(rig.resync(&stop), stopped_at).await;
    let took = stopped_at.elapsed();
    let asked = rig.proxy.journal().len();
    tokio::time::sleep(AFTERWARDS).await;
    let more = rig.proxy.journal().len() - asked;
    rig.proxy.faults().clear();
    let after = after?;
    let at_once = match after.outcome {
        Outcome::Aborted if took <= AT_ONCE => Ok(()),
        Outcome::Aborted => Err(Not::kept(format!("it took {took:?}"))),
        outcome => Err(Not::kept(format!("it ended {outcome:?}"))),
    };
    let quiet = match more {
        0 => Ok(()),
        more => Err(Not::kept(format!("{more} requests came afterwards"))),
    };
    Ok(Stopped {
        at_once,
        lost: after.lost_nothing("stopped").map_err(Not::kept),
        quiet,
    })
}
