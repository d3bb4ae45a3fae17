//! Does an integration keep the promises that every integration has to keep? [`conformance`] finds
//! out, by reading a simulated source through a proxy that misbehaves in every way it knows.

mod aftermath;
mod asked;
mod broken;
mod definition;
mod events;
mod form;
mod incremental;
mod listings;
mod log;
mod pages;
mod patience;
mod reading;
mod refused;
mod rig;
mod samples;
mod secrets;
mod stopped;
mod tokens;
mod verdict;

pub use self::samples::Samples;
pub use self::verdict::{Checked, Judgement, Verdict};

use self::rig::Rig;
use crate::harness::Harness;

/// Holds an integration to the promises that every integration has to keep.
///
/// `harness` names a simulated source; the suite puts a [`Proxy`](crate::Proxy) before it, reads it
/// about a hundred times, and breaks something each time. `samples` are live events about objects
/// that the source has; without them the checks of live events do not apply.
///
/// The source has to show two pages of every listing, and three of one (a small page size does it):
/// of a listing that is seen with one page, nobody knows whether the next would be found. It needs
/// at least one item of every kind of the default mapping. It is left as it was, but for the
/// deletion that the samples may bring along.
///
/// The engine's own limits to deletions are off while something is broken: what keeps entities then
/// is what the integration says. So a kind that meets a fault has to fail, or to say
/// [`incomplete`](ocean_core::ResyncContext::incomplete).
///
/// It is called from a test with a runtime of one thread, which is what `#[tokio::test]` gives: it
/// looks for secrets in what that thread logs.
///
/// # What it asks
///
/// | group | asks |
/// | --- | --- |
/// | `definition` | do spec, kinds, selectors, mapping and blueprints fit together? |
/// | `reading` | is everything read, once, and a second time without a write? |
/// | `pages` | is doubt about a listing never taken for its end? |
/// | `broken` | is what passes tried again, and what stays told and not believed? |
/// | `incremental` | does a sync of what changed write the same, and tell what it missed? |
/// | `stopped` | does it end at once when it is told to? |
/// | `engine` | does the engine keep what it has to, whatever the integration does? |
/// | `secrets` | does no secret reach a log, an error, a URL, Port, or another host? |
/// | `events` | are forged events refused, genuine ones applied, and none believed blindly? |
pub async fn conformance(harness: &Harness, samples: Samples<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    definition::check(harness, &mut verdict);
    let log = log::Log::default();
    let _caught = log.catch();
    let rig = match Rig::start(harness, &samples.whole).await {
        Ok(rig) => rig,
        Err(error) => {
            verdict.add(
                "reading",
                "a resync of the simulated source is complete",
                Err(error),
            );
            return verdict;
        }
    };
    definition::check_samples(&rig, &mut verdict);
    reading::check(&rig, &mut verdict).await;
    pages::check(&rig, &mut verdict).await;
    broken::check(&rig, &mut verdict).await;
    refused::check(&rig, &samples, &mut verdict).await;
    incremental::check(&rig, &mut verdict).await;
    stopped::check(&rig, &mut verdict).await;
    secrets::check_hosts(&rig, &mut verdict).await;
    events::check(&rig, &samples, &mut verdict).await;
    secrets::check_traces(&rig, &log, &mut verdict);
    verdict
}
