//! Planning a resync, and doing exactly what was planned.

use std::fs;
use std::time::Duration;

use jiff::SignedDuration;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::{Value, json};

use crate::desk::{installed, writes};
use crate::process::{Program, jira, port};

/// Installed an hour ago; since then some issues changed in Jira.
pub(crate) async fn moved_on() -> (Program, JiraTwin, PortTwin) {
    let (program, jira, port) = installed().await;
    port.set_clock_offset(SignedDuration::from_hours(1));
    let change = json!({"op": "random", "updates": 3, "creates": 2, "deletes": 2, "seed": 4});
    let change = serde_json::from_value(change).unwrap();
    jira.site().apply(&change).unwrap();
    (program, jira, port)
}

#[tokio::test]
async fn a_plan_shows_what_a_resync_would_write_and_writes_nothing() {
    let (program, _jira, port) = moved_on().await;
    let before = port.catalog();
    let ended = program.run(&["plan"]).await;
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    insta::assert_snapshot!(ended.stdout);
    assert_eq!(writes(&port), Vec::<String>::new());
    assert_eq!(port.catalog(), before);
}

#[tokio::test]
async fn a_plan_without_changes_says_so() {
    let (program, _jira, _port) = installed().await;
    let ended = program.run(&["plan"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "Nothing to do: the catalog is as the source would have it.\n"
    );
}

#[tokio::test]
async fn a_saved_plan_is_applied_and_then_nothing_is_left_to_do() {
    let (program, _jira, port) = moved_on().await;
    let planned = program.run(&["plan", "--json", "--out", "plan.json"]).await;
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let applied = program.run(&["apply", "plan.json"]).await;
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    insta::assert_snapshot!(applied.stderr);
    assert_eq!(
        port.writes().deleted,
        plan["deletions"].as_array().unwrap().len() as u64
    );
    let again = program.run(&["plan"]).await;
    assert_eq!(again.code, Some(0), "{}", again.stdout);
}

#[tokio::test]
async fn a_plan_is_refused_when_the_catalog_moved() {
    let (program, jira, port) = moved_on().await;
    let planned = program.run(&["plan", "-o", "plan.json"]).await;
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    let project = jira.site().project_keys()[0].clone();
    port.set_clock_offset(SignedDuration::from_hours(2));
    let entity = json!({"identifier": project, "title": "Renamed by hand"});
    port.put_entity(
        "jiraProject",
        entity,
        "port-ocean/jira/0.1.0/my-jira-integration/exporter",
    );
    port.journal().clear();
    let refused = program.run(&["apply", "plan.json"]).await;
    assert_eq!(refused.code, Some(12), "{}", refused.stderr);
    insta::assert_snapshot!(refused.stderr);
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_tells_which_rule_forbids_a_deletion() {
    let (program, jira, port) = moved_on().await;
    let jira_fails = ocean_testkit::Rule::new(ocean_testkit::Action::Status {
        code: 403,
        headers: std::collections::BTreeMap::new(),
        body: json!({"message": "no"}),
    });
    jira.faults().add(jira_fails.path("/rest/api/3/search"));
    let ended = program.run(&["plan"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("What would not be deleted"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("jiraIssue ("), "{}", ended.stdout);
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_is_no_plan_is_a_mistake_of_the_command_line() {
    let program = Program::new();
    fs::write(program.folder.path().join("plan.json"), "{}").unwrap();
    for file in ["plan.json", "nothing.json"] {
        let began = std::time::Instant::now();
        let ended = program.run(&["apply", file]).await;
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_plan_of_an_integration_that_port_does_not_know_says_what_to_do_first() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port).run(&["plan"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("`sail --once` registers it"),
        "{}",
        ended.stderr
    );
    assert_eq!(writes(&port), Vec::<String>::new());
}
