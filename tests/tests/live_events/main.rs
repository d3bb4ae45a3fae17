//! Is the catalog after a live event the one that a resync would leave?
//!
//! One table per object of the source: a change at the simulated Jira, the events that it sends
//! for it to our server, over real HTTP and signed, what they change in the catalog, and what is
//! left to the next resync. Each table says why the rest is left. All eleven kinds are mapped.

mod issues;
mod people;
mod plans;
mod projects;
mod table;

use std::collections::BTreeSet;

use crate::table::{Row, check};

#[tokio::test]
async fn issues_follow_their_events() {
    check(issues::issues()).await;
}

#[tokio::test]
async fn worklogs_follow_their_events() {
    check(issues::worklogs()).await;
}

#[tokio::test]
async fn projects_follow_their_events() {
    check(projects::projects()).await;
}

#[tokio::test]
async fn users_follow_their_events() {
    check(people::users()).await;
}

#[tokio::test]
async fn versions_follow_their_events() {
    check(plans::versions()).await;
}

#[tokio::test]
async fn boards_follow_their_events() {
    check(plans::boards()).await;
}

#[tokio::test]
async fn a_board_out_of_scope_to_which_something_relates_is_made_again_by_the_next_resync() {
    check(plans::boards_out_of_scope()).await;
}

#[tokio::test]
async fn sprints_follow_their_events() {
    check(plans::sprints()).await;
}

#[tokio::test]
async fn every_event_that_jira_is_asked_for_is_in_a_table() {
    let tables = [
        issues::issues(),
        issues::worklogs(),
        projects::projects(),
        people::users(),
        plans::versions(),
        plans::boards(),
        plans::sprints(),
    ];
    let rows = tables.iter().flatten();
    let tried: BTreeSet<&str> = rows.flat_map(|row: &Row| row.events).copied().collect();
    let world = table::start().await;
    let asked = world.world.jira.journal().requests();
    let registered = asked
        .iter()
        .find(|one| one.method == "POST" && one.path().ends_with("/webhook"));
    let body = registered.unwrap().json();
    let wanted = body["events"].as_array().unwrap();
    let wanted: BTreeSet<_> = wanted.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(tried, wanted);
}
