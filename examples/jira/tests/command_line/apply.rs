//! Which plans are applied, and what is told when it comes to no end.

use std::collections::BTreeMap;
use std::fs;

use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::desk::writes;
use crate::plan::moved_on;
use crate::process::{Ended, Program};

const PLAN: &str = "plan.json";

/// A program with a plan in its folder, and the Port that the plan is for.
async fn planned() -> (Program, PortTwin) {
    let (program, _jira, port) = moved_on().await;
    let planned = program.run(&["plan", "--out", PLAN]).await;
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    port.journal().clear();
    (program, port)
}

fn read(program: &Program) -> Value {
    let text = fs::read(program.folder.path().join(PLAN)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn write(program: &Program, plan: &Value) {
    fs::write(program.folder.path().join(PLAN), plan.to_string()).unwrap();
}

#[track_caller]
fn assert_refused(ended: &Ended, code: i32, told: &str, port: &PortTwin) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!(writes(port), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_that_was_edited_is_refused() {
    let (program, port) = planned().await;
    let plan = read(&program);
    let kept = plan["plan"]["deletions"][0].clone();
    assert!(kept.is_object(), "{plan}");
    let more = json!({"blueprint": "jiraProject", "identifier": "PAY"});
    for edit in [
        |plan: &mut Value, more: Value| {
            plan["plan"]["deletions"].as_array_mut().unwrap().push(more);
        },
        |plan: &mut Value, _| plan["plan"]["writes"][0]["entity"]["title"] = json!("Mine"),
        |plan: &mut Value, _| plan["plan"]["context"]["merge"] = json!(false),
        |plan: &mut Value, _| plan["madeFor"]["client"] = json!("another"),
    ] {
        let mut edited = plan.clone();
        edit(&mut edited, more.clone());
        assert_ne!(edited, plan);
        write(&program, &edited);
        let refused = program.run(&["apply", PLAN]).await;
        assert_refused(&refused, 12, "is not as `plan` wrote it", &port);
    }
}

#[tokio::test]
async fn a_plan_that_was_only_laid_out_anew_is_applied() {
    let (program, _port) = planned().await;
    write(&program, &read(&program));
    let applied = program.run(&["apply", PLAN]).await;
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
}

#[tokio::test]
async fn a_plan_of_another_client_id_is_refused() {
    let (program, port) = planned().await;
    let program = program.set("OCEAN__PORT__CLIENT_ID", "of-another-organization");
    let refused = program.run(&["apply", PLAN]).await;
    assert_refused(&refused, 2, "another client id", &port);
    let text = read(&program).to_string();
    assert!(!text.contains("of-another-organization"), "{text}");
}

#[tokio::test]
async fn a_plan_from_a_tape_is_not_kept() {
    let (program, _jira, port) = moved_on().await;
    let recorded = program.run(&["plan", "--record", "run.jsonl"]).await;
    assert_eq!(recorded.code, Some(3), "{}", recorded.stderr);
    let arguments = ["plan", "--replay", "run.jsonl", "--out", PLAN];
    let refused = program.run(&arguments).await;
    assert_refused(&refused, 2, "made from a tape", &port);
    assert!(!program.folder.path().join(PLAN).exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_kept_plan_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (program, _port) = planned().await;
    let found = fs::metadata(program.folder.path().join(PLAN)).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_written_is_told_when_port_refuses_the_credentials_midway() {
    let (program, port) = planned().await;
    let refusal = Action::Status {
        code: 401,
        headers: BTreeMap::new(),
        body: json!({"ok": false, "error": "invalid_token", "message": "no"}),
    };
    let bulks = Rule::new(refusal).path("/entities/bulk").method("POST");
    port.faults().add(bulks.skip(1));
    let ended = program.run(&["apply", PLAN]).await;
    assert_eq!(ended.code, Some(11), "{}", ended.stderr);
    for told in [
        "The plan was not applied to its end: ",
        "the credentials are refused",
        "Until then: 0 created, 2 changed, 0 deleted.",
        "not tried, because it ended before",
        "nothing is deleted unless everything was written",
    ] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
}
