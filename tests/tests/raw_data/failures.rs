//! A lake that fails, refuses or has enough; kinds that cannot be read.

use ocean_core::Outcome;
use ocean_testkit::{Action, Rule};

use crate::{FLAGS, arrived, assert_everything_arrived_once, entity_calls, told, world};

#[tokio::test]
async fn a_lake_that_fails_for_a_moment_gets_everything_once() {
    let world = world(&FLAGS).await;
    for status in [500, 502, 429] {
        let rule = Rule::new(Action::status(status))
            .path("/lake/write")
            .times(1);
        world.port.faults().add(rule);
    }
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_everything_arrived_once(&world);
}

#[tokio::test]
async fn what_never_arrives_fails_its_kind_and_is_not_written_instead() {
    let world = world(&FLAGS).await;
    let rule = Rule::new(Action::status(500)).path("/kind/user");
    world.port.faults().add(rule);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(told(&world).contains(&"user-1 failed".to_owned()));
    assert_eq!(told(&world).last().unwrap(), "finished");
    let arrived = arrived(&world);
    assert!(!arrived.contains_key("user") && arrived.contains_key("issue"));
    assert_eq!(entity_calls(&world), 0);
}

#[tokio::test]
async fn a_sync_that_was_taken_over_ends_and_says_nothing() {
    let world = world(&FLAGS).await;
    world.port.refuse_stale_syncs(true);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Aborted, "{report:#?}");
    assert_eq!(told(&world), ["started", "project-0 started"]);
    assert_eq!(entity_calls(&world), 0);
}

#[tokio::test]
async fn a_kind_that_jira_refuses_is_told_to_have_failed() {
    let world = world(&FLAGS).await;
    let rule = Rule::new(Action::status(403)).path("/users/search");
    world.jira.faults().add(rule);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(
        told(&world).contains(&"user-1 failed".to_owned()),
        "{:?}",
        told(&world)
    );
    assert_eq!(arrived(&world).len(), 3);
}

#[tokio::test]
async fn a_port_that_does_not_hear_of_the_start_ends_the_resync() {
    let world = world(&FLAGS).await;
    let rule = Rule::new(Action::status(400)).path("/v1/lifecycle/");
    world.port.faults().add(rule);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(world.port.lake_writes().is_empty());
    assert_eq!(world.jira.journal().count("GET", "/project/search"), 0);
    assert_eq!(entity_calls(&world), 0);
}

#[tokio::test]
async fn copies_that_do_not_arrive_change_nothing() {
    let world = world(&FLAGS[..1]).await;
    let rule = Rule::new(Action::status(500)).path("/lake/write");
    world.port.faults().add(rule);
    let report = world.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    world.assert_catalog_is_the_site();
}
