//! The program in raw-data mode: it forwards, and what shows or writes entities says so.

use std::fs;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::desk::{installed, writes};
use crate::plan::moved_on;
use crate::process::Program;
use crate::running::{INTEGRATION, Running, state};

/// What an organization has switched on that has raw items processed at Port.
const FLAGS: [&str; 2] = ["LAKEHOUSE_ELIGIBLE", "DATA_SOURCE_PROCESSOR_ENABLED"];

const NOTE: &str = "note: the organization is in raw-data mode";

/// Moved on since the organization switched raw-data mode on.
async fn forwarded() -> (Program, JiraTwin, PortTwin) {
    let (program, jira, port) = moved_on().await;
    port.set_feature_flags(FLAGS);
    (program, jira, port)
}

/// How often something was told of syncs: `started`, `finished` and so on, kinds left out.
fn told(port: &PortTwin, word: &str) -> usize {
    let calls = port.lifecycle();
    let of_syncs = calls.iter().filter(|call| !call.of_kind);
    of_syncs.filter(|call| call.body["status"] == word).count()
}

/// How many items of a kind arrived.
fn arrived(port: &PortTwin, kind: &str) -> usize {
    let writes = port.lake_writes();
    let of_kind = writes.iter().filter(|write| write.kind == kind);
    of_kind.map(|write| write.items("upsert").count()).sum()
}

#[tokio::test]
async fn a_plan_says_that_port_makes_the_entities_and_cannot_be_applied() {
    let (program, _jira, port) = forwarded().await;
    let planned = program.run(&["plan", "--out", "plan.json"]).await;
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    assert!(planned.stdout.contains(NOTE), "{}", planned.stdout);
    assert!(planned.stdout.contains("\nPort would write this: "));
    let refused = program.run(&["apply", "plan.json"]).await;
    assert_eq!(refused.code, Some(12), "{}", refused.stderr);
    insta::assert_snapshot!(refused.stderr);
    assert_eq!(writes(&port), Vec::<String>::new());
    // Whoever makes the entities here may apply it.
    let program = program.set("OCEAN__PROCESSING_MODE", "ocean-core");
    let planned = program.run(&["plan"]).await;
    assert!(!planned.stdout.contains(NOTE), "{}", planned.stdout);
    let applied = program.run(&["apply", "plan.json"]).await;
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
}

#[tokio::test]
async fn a_doctor_notes_who_makes_the_entities() {
    let (program, _jira, port) = installed().await;
    let told = "Port makes the entities of what is read here (raw-data mode)";
    let examined = program.run(&["doctor"]).await;
    assert!(!examined.stdout.contains(told), "{}", examined.stdout);
    port.set_feature_flags(FLAGS);
    let examined = program.run(&["doctor"]).await;
    assert_eq!(examined.code, Some(0), "{}", examined.stdout);
    assert!(examined.stdout.contains(told), "{}", examined.stdout);
}

#[tokio::test]
async fn a_tape_remembers_who_makes_the_entities() {
    let (program, jira, port) = forwarded().await;
    let arguments = ["plan", "--json", "--record", "run.jsonl"];
    let recorded = program.run(&arguments).await;
    let plan: Value = serde_json::from_str(&recorded.stdout).unwrap();
    assert_eq!(plan["report"]["routing"], "forwarded", "{plan}");
    drop((jira, port));
    let replaying = Program::new();
    let tape = fs::read(program.folder.path().join("run.jsonl")).unwrap();
    fs::write(replaying.folder.path().join("run.jsonl"), tape).unwrap();
    let arguments = ["plan", "--json", "--replay", "run.jsonl"];
    assert_eq!(replaying.run(&arguments).await.stdout, recorded.stdout);
}

#[tokio::test]
async fn a_shadow_says_whose_mapping_may_differ() {
    let (program, _jira, port) = forwarded().await;
    let compared = program.run(&["--shadow", "--once"]).await;
    assert_eq!(compared.code, Some(3), "{}", compared.stderr);
    assert!(compared.stdout.contains(NOTE), "{}", compared.stdout);
    assert_eq!(writes(&port), Vec::<String>::new());
    assert!(port.lake_writes().is_empty() && port.lifecycle().is_empty());
}

#[tokio::test]
async fn one_resync_forwards_everything_and_writes_no_entity() {
    let (program, jira, port) = installed().await;
    port.set_feature_flags(FLAGS);
    let before = port.catalog();
    let ended = program.run(&["--once", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&report["routing"], &report["outcome"]),
        (&"forwarded".into(), &"completed".into())
    );
    assert!(
        ended.stderr.contains("raw items forwarded to Port"),
        "{}",
        ended.stderr
    );
    let projects = jira.site().project_keys().len();
    assert_eq!(arrived(&port, "project"), projects);
    assert_eq!((told(&port, "started"), told(&port, "finished")), (1, 1));
    assert_eq!(port.catalog(), before);
}

#[tokio::test]
async fn a_process_that_stays_up_forwards_every_resync_and_follows_the_organization() {
    let (program, jira, port) = installed().await;
    port.set_feature_flags(FLAGS);
    let staying = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__EVENT_LISTENER__INTERVAL", "1")
        .set("OCEAN__PORT__FEATURE_FLAGS_CACHE_TTL_SECONDS", "0")
        .set("APPLICATION__PORT", "0");
    let before = port.catalog();
    let running = Running::start(&staying, &[]);
    let finished = |times| {
        let port = &port;
        move || told(port, "finished") == times && state(port) == "completed"
    };
    running.until("a resync is told", finished(1)).await;
    port.request_resync(INTEGRATION);
    running.until("another one is", finished(2)).await;
    let projects = jira.site().project_keys().len();
    assert_eq!(arrived(&port, "project"), 2 * projects);
    assert_eq!(port.catalog(), before);

    // The organization switches it off again: the next resync writes.
    port.set_feature_flags([""; 0]);
    let key = jira.site().project_keys()[0].clone();
    let change =
        serde_json::json!({"op": "random", "updates": 3, "creates": 2, "deletes": 0, "seed": 4});
    let change = serde_json::from_value(change).unwrap();
    jira.site().apply(&change).unwrap();
    port.request_resync(INTEGRATION);
    running
        .until("entities are written", || {
            port.catalog().len() > before.len()
        })
        .await;
    assert!(port.entity("jiraProject", &key).is_some());
    assert_eq!(arrived(&port, "project"), 2 * projects);
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert_eq!(told(&port, "aborted"), 0);
    drop(program);
}
