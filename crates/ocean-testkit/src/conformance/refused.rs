//! Is what cannot be read of one parent told, while all others can be read?
//!
//! Code that reads what belongs to each of many parents may take a refusal for "nothing there".
//! When all are refused that is conspicuous; when one is, its entities go and nobody sees it.

use super::aftermath::Aftermath;
use super::rig::Rig;
use super::samples::Samples;
use super::verdict::{Kept, Not, Verdict};
use crate::fault::Action;

const GROUP: &str = "broken";

pub(super) async fn check(rig: &Rig, samples: &Samples<'_>, verdict: &mut Verdict) {
    let forbidden = "a 403 for one listing among others is told and deletes nothing";
    verdict.add(GROUP, forbidden, one_by_one(rig, 403).await);
    // A source that means "this is gone" says so in its own words; this 404 has none.
    let missing = "a 404 without a word for one listing is told and deletes nothing";
    let kept = match &samples.gone {
        None => one_by_one(rig, 404).await,
        Some(reason) => Err(Not::asked(format!("by choice of the author: {reason}"))),
    };
    verdict.add(GROUP, missing, kept);
}

/// Refuses single requests, each in a resync of its own.
async fn one_by_one(rig: &Rig, status: u16) -> Kept {
    let some = rig.asked.some_of_each_shape().into_iter();
    let faults = some.map(|exchange| {
        let rule = rig.asked.only(exchange, Action::status(status));
        (exchange.target.clone(), rule)
    });
    rig.under_each(faults, Aftermath::is_told).await
}
