//! Does it end at once when it is told to?

use std::time::{Duration, Instant};

use futures::future::{Either, select};
use ocean_core::Outcome;
use tokio_util::sync::CancellationToken;

use super::rig::Rig;
use super::verdict::{ENGINE, Kept, Not, Verdict};
use crate::fault::Action;
use crate::proxy::Exchange;

const GROUP: &str = "stopped";

/// How long it may take to end, in an unoptimized build on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How long it is looked whether requests go on.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// How often it is looked whether the request was made.
const GLANCE: Duration = Duration::from_millis(1);

/// How many requests are tried that may not be made again.
const TRIED: usize = 5;

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    let promise = "a resync that waits for an answer ends at once when it is stopped";
    match stop_in_mid_page(rig).await {
        Ok(stopped) => {
            verdict.add(GROUP, promise, stopped.at_once);
            let lost = "a resync that was stopped deletes nothing";
            verdict.add(ENGINE, lost, stopped.lost);
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

/// Stops while one request is waited for: the last page of a listing, or whatever else is asked for
/// in every resync.
async fn stop_in_mid_page(rig: &Rig) -> Result<Stopped, Not> {
    let listings = rig.asked.listings();
    let paged = listings.iter().filter(|pages| pages.len() > 1);
    let last_pages = paged.filter_map(|pages| pages.last().copied());
    let others = rig.asked.shapes().into_iter().rev();
    for request in last_pages.chain(others).take(TRIED) {
        match stop_at(rig, request).await {
            Err(Not::Asked(_)) => {}
            stopped => return stopped,
        }
    }
    Err(Not::asked("no request is made again in every resync"))
}

/// Lets this request hang, and stops while it is waited for.
async fn stop_at(rig: &Rig, request: &Exchange) -> Result<Stopped, Not> {
    rig.settle().await?;
    let hang = rig.asked.only(request, Action::Hang);
    rig.proxy.faults().add(hang);
    let stop = CancellationToken::new();
    let hangs = async {
        while rig.proxy.faults().fired() == 0 {
            tokio::time::sleep(GLANCE).await;
        }
    };
    let (resync, hangs) = (std::pin::pin!(rig.resync(&stop)), std::pin::pin!(hangs));
    let ended = match select(resync, hangs).await {
        Either::Left((ended, _)) => Err(ended),
        Either::Right(((), resync)) => {
            stop.cancel();
            let stopped_at = Instant::now();
            Ok((resync.await, stopped_at.elapsed()))
        }
    };
    let asked = rig.proxy.journal().len();
    tokio::time::sleep(AFTERWARDS).await;
    let more = rig.proxy.journal().len() - asked;
    rig.proxy.faults().clear();
    let (after, took) = match ended {
        Ok((after, took)) => (after?, took),
        Err(ended) => {
            ended?;
            return Err(Not::asked("the request was not made"));
        }
    };
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
