//! Port's clock and ours differ, and others write while a run goes on.

use jiff::SignedDuration;
use ocean_core::Outcome;
use ocean_testkit::{Action, Rule};
use ocean_tests::drift::{OURS, until};
use ocean_tests::{Drift, World};
use serde_json::json;

/// What a live event writes during the run, after its kind was read, is not deleted; what is
/// really gone is.
async fn f43(minutes: i64) {
    let mut world = World::start().await;
    world.port_clock = SignedDuration::from_mins(minutes);
    let drift = Drift::of(world).await;
    let late = Rule::new(Action::Delay { ms: 80 }).path("/search/jql");
    drift.world.jira.faults().add(late);
    let port = &drift.world.port;
    let live_event = async {
        until("projects are written", || {
            port.journal().count("POST", "/jiraProject/entities/bulk") > 0
        })
        .await;
        let project = json!({ "identifier": "LIVE", "title": "Made during the run" });
        port.put_entity("jiraProject", project, OURS);
    };
    let (report, ()) = tokio::join!(drift.world.resync(), live_event);
    assert_eq!(report.outcome, Outcome::Completed, "{minutes}: {report:#?}");
    let live = port.entity("jiraProject", "LIVE");
    assert!(
        live.is_some(),
        "{minutes}: the run deleted what was written meanwhile"
    );
    for (blueprint, identifier) in drift.gone() {
        let left = port.entity(&blueprint, &identifier);
        assert!(
            left.is_none(),
            "{minutes}: {blueprint} {identifier} is still there"
        );
    }
}

#[tokio::test]
async fn f43_a_port_whose_clock_is_behind_keeps_what_was_written_during_the_run() {
    f43(-10).await;
}

#[tokio::test]
async fn f43_a_port_whose_clock_is_ahead_keeps_what_was_written_during_the_run() {
    f43(10).await;
}
