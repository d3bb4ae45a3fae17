//! Does our engine leave the catalog that the original leaves?
//!
//! The original, Python Ocean with its Jira integration, was run against the simulated Jira and the
//! simulated Port; what it left is in `fixtures/original`. Here our engine runs against the same
//! simulators, takes the same steps, and is held against that, entity by entity. A difference must
//! be one of `docs/known-differences.md`, and those must be there.

mod all_kinds;
mod catalog;
mod fixture;
mod known;
mod live;
mod metrics;
mod record;
mod requests;
mod scenario;

use ocean_core::Outcome;

use crate::catalog::{Difference, differences};
use crate::fixture::Fixture;
use crate::known::known_differences;
use crate::scenario::{Run, Scenario, Step};

/// Takes the steps of a scenario with our engine and compares after each.
async fn check(scenario: Scenario, outcome: Outcome) {
    let recorded = Fixture::read(scenario);
    let world = scenario.start().await;
    world.provision().await;
    for step in Step::ALL {
        step.happen(scenario, &world);
        let report = world.resync().await;
        assert_eq!(report.outcome, outcome, "{step:?}: {report:#?}");
        let (ours, theirs) = (Run::of(&world), recorded.step(step));
        compare(scenario, step, &differences(&theirs.catalog, &ours.catalog));
        let (ours, theirs) = (ours.requests.entities, theirs.requests.entities);
        assert!(ours <= theirs, "{step:?}: {ours} calls, theirs {theirs}");
    }
}

/// The differences found are exactly those that are known.
#[track_caller]
fn compare(scenario: Scenario, step: Step, found: &[Difference]) {
    for found in found {
        let known = known_differences(scenario, step).any(|known| known.explains(found));
        assert!(known, "{scenario:?}, {step:?}: {found}");
    }
    for known in known_differences(scenario, step) {
        for entity in known.entities {
            let seen = found.iter().any(|found| found.identifier == *entity);
            assert!(seen, "{step:?}: {} is gone for {entity}", known.id);
        }
    }
}

#[tokio::test]
async fn the_default_mapping_leaves_the_catalog_of_the_original() {
    check(Scenario::Default, Outcome::Completed).await;
}

/// Issues whose parents the selector leaves out are refused by Port in both, hence the outcome.
#[tokio::test]
async fn kd_01_to_kd_03_without_missing_related_entities_ours_has_more_than_the_original() {
    check(Scenario::NothingMissing, Outcome::Incomplete).await;
}

#[tokio::test]
async fn a_mapping_with_everything_leaves_the_catalog_of_the_original() {
    check(Scenario::Everything, Outcome::Completed).await;
}

#[tokio::test]
async fn all_kinds_leave_the_catalog_of_the_original() {
    check(Scenario::AllKinds, Outcome::Completed).await;
}

/// What relates to something that a selector leaves out is refused by Port in both.
#[tokio::test]
async fn kd_02_all_kinds_without_missing_related_entities_leave_what_the_original_leaves_and_more()
{
    check(Scenario::AllKindsNothingMissing, Outcome::Incomplete).await;
}
