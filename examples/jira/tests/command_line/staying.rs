//! The program stays up and resyncs whenever somebody asks.

use std::time::Duration;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::process::{Program, jira, port};
use crate::running::{INTEGRATION, Running, state};

const INTERVAL: &str = "OCEAN__EVENT_LISTENER__INTERVAL";

/// A polling program that asks Port every second.
fn polling(jira: &JiraTwin, port: &PortTwin) -> Program {
    Program::between(jira, port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set(INTERVAL, "1")
        .set("APPLICATION__PORT", "0")
}

/// How many resyncs Port was told the beginning and the end of.
fn told(port: &PortTwin) -> usize {
    port.journal().count("PATCH", "/resync-state") / 2
}

/// A mapping with a single resource, so that a resync has one thing to do.
fn only_projects(query: &str) -> Value {
    json!({ "resources": [{
        "kind": "project",
        "selector": { "query": query },
        "port": { "entity": { "mappings": {
            "identifier": ".key", "blueprint": "\"jiraProject\"", "title": ".name",
        }}},
    }]})
}

#[tokio::test]
async fn polling_resyncs_at_start_and_once_for_each_request() {
    let (jira, port) = (jira().await, port().await);
    let running = Running::start(&polling(&jira, &port), &[]);
    running.until("first resync", || told(&port) == 1).await;
    assert_eq!(state(&port), "completed");
    assert!(port.entity_count("jiraIssue") > 0);

    let before = port.journal().count("GET", "/resync-request");
    port.request_resync(INTEGRATION);
    running.until("second resync", || told(&port) == 2).await;
    let asked = || port.journal().count("GET", "/resync-request");
    running
        .until("more questions", || asked() >= before + 3)
        .await;
    assert_eq!(told(&port), 2, "{}", running.output());

    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert_eq!(state(&port), "completed");
}

#[tokio::test]
async fn f75_a_supervisor_stops_a_resync_of_a_process_that_stays_up() {
    let (jira, port) = (jira().await, port().await);
    jira.faults().set_latency(Duration::from_secs(60));
    let running = Running::start(&polling(&jira, &port), &[]);
    running
        .until("a resync", || state(&port) == "running")
        .await;
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert_eq!(state(&port), "aborted");
    assert_eq!(port.writes().deleted, 0);
}

#[tokio::test]
async fn f40_a_port_that_is_down_at_start_is_waited_for() {
    let (jira, port) = (jira().await, port().await);
    let refusing = Rule::new(Action::status(500)).path("/v1/integration");
    port.faults().add(refusing);
    let running = Running::start(&polling(&jira, &port), &[]);
    running.says("port could not be prepared").await;
    port.faults().clear();
    running.until("a resync", || told(&port) == 1).await;
    assert_eq!(state(&port), "completed");
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn credentials_that_port_refuses_end_a_process_that_would_stay_up() {
    let (jira, port) = (jira().await, port().await);
    let program = polling(&jira, &port).set("OCEAN__PORT__CLIENT_SECRET", "not-the-one");
    let ended = program.run(&[]).await;
    assert_eq!(ended.code, Some(11), "{}", ended.stderr);
}

#[tokio::test]
async fn a_mapping_that_is_not_valid_is_told_and_outlived() {
    let (jira, port) = (jira().await, port().await);
    let running = Running::start(&polling(&jira, &port), &[]);
    running.until("first resync", || told(&port) == 1).await;
    let catalog = port.catalog();
    port.set_mapping(INTEGRATION, only_projects(".key |"));
    port.request_resync(INTEGRATION);
    running.until("a failed resync", || told(&port) == 2).await;
    assert_eq!(state(&port), "failed");
    running.says("the mapping is not valid").await;
    assert_eq!(port.catalog(), catalog);

    port.set_mapping(INTEGRATION, only_projects("true"));
    port.request_resync(INTEGRATION);
    running.until("another resync", || told(&port) == 3).await;
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn a_resync_whose_mapping_was_replaced_makes_room_for_the_next_one() {
    let (jira, port) = (jira().await, port().await);
    let hanging = Rule::new(Action::Hang).path("/rest/api/3/search");
    jira.faults().add(hanging);
    let running = Running::start(&polling(&jira, &port), &[]);
    running
        .until("a resync", || jira.faults().fired() > 0)
        .await;
    // Somebody asks without having changed anything: the run goes on.
    let questions = port.journal().count("GET", "/resync-request");
    port.request_resync(INTEGRATION);
    let asked = || port.journal().count("GET", "/resync-request");
    running
        .until("more questions", || asked() >= questions + 3)
        .await;
    assert_eq!(told(&port), 0, "{}", running.output());

    port.set_mapping(INTEGRATION, only_projects("true"));
    port.request_resync(INTEGRATION);
    running.until("both resyncs", || told(&port) == 2).await;
    running.says("the resync is outdated").await;
    assert_eq!(state(&port), "completed");
    assert_eq!(running.terminate().await.0, Some(143));
}
