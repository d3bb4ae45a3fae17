//! Keeping a run in a file, and running it again with nobody to ask.

use std::fs;

use jira_integration::{BLUEPRINTS, MAPPING, SPEC, create_jira_client, integration};
use ocean_core::Outcome;
use ocean_testkit::Harness;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::desk::{installed, writes};
use crate::plan::moved_on;
use crate::process::{Ended, Program, jira, port};

const TAPE: &str = "run.jsonl";

/// A program that could not ask anybody anything: no settings, and both systems are gone.
async fn replay(from: &Program, arguments: &[&str], gone: (JiraTwin, PortTwin)) -> Ended {
    drop(gone);
    let program = Program::new();
    let tape = fs::read(from.folder.path().join(TAPE)).unwrap();
    fs::write(program.folder.path().join(TAPE), tape).unwrap();
    program.run(arguments).await
}

/// Replays a plan, which ends and prints as another one did.
async fn replay_plan(from: &Program, gone: (JiraTwin, PortTwin), as_before: &Ended) {
    let replayed = replay(from, &["plan", "--json", "--replay", TAPE], gone).await;
    assert_eq!(replayed.code, as_before.code, "{}", replayed.stderr);
    assert_eq!(replayed.stdout, as_before.stdout);
}

#[tokio::test]
async fn a_replayed_plan_is_byte_for_byte_the_recorded_one() {
    let (program, jira, port) = moved_on().await;
    let recorded = program.run(&["plan", "--json", "--record", TAPE]).await;
    assert_eq!(recorded.code, Some(3), "{}", recorded.stderr);
    assert_eq!(writes(&port), Vec::<String>::new());
    replay_plan(&program, (jira, port), &recorded).await;
    let plan: Value = serde_json::from_str(&recorded.stdout).unwrap();
    assert!(plan["writes"].as_array().unwrap().len() > 3, "{plan}");
    assert!(!plan["deletions"].as_array().unwrap().is_empty(), "{plan}");
}

#[tokio::test]
async fn what_could_not_be_read_is_replayed_too() {
    let (program, jira, port) = moved_on().await;
    let refusal = ocean_testkit::Rule::new(ocean_testkit::Action::Status {
        code: 403,
        headers: std::collections::BTreeMap::new(),
        body: serde_json::json!({"message": "no"}),
    });
    jira.faults().add(refusal.path("/rest/api/3/search"));
    let recorded = program.run(&["plan", "--json", "--record", TAPE]).await;
    assert_eq!(recorded.code, Some(12), "{}", recorded.stderr);
    replay_plan(&program, (jira, port), &recorded).await;
}

#[tokio::test]
async fn a_recorded_resync_is_replayed_as_the_plan_of_what_it_wrote() {
    let (program, jira, port) = moved_on().await;
    let planned = program.run(&["plan", "--json"]).await;
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    let ended = program.run(&["--once", "--record", TAPE]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    replay_plan(&program, (jira, port), &planned).await;
}

#[tokio::test]
async fn a_recorded_resync_is_the_source_of_an_authors_test() {
    let (program, jira, port) = installed().await;
    let ended = program.run(&["--once", "--record", TAPE]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let catalog = port.catalog();
    drop((jira, port));
    let bench = Harness::new("jira", create_jira_client, integration)
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .tape(program.folder.path().join(TAPE))
        .start()
        .await
        .unwrap();
    let report = bench.resync().await.unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert!(catalog.len() > 50, "{}", catalog.len());
    assert_eq!(bench.catalog(), catalog);
}

#[tokio::test]
async fn no_credential_is_on_the_tape() {
    let (program, _jira, port) = installed().await;
    let ended = program.run(&["plan", "--record", TAPE]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let tape = fs::read_to_string(program.folder.path().join(TAPE)).unwrap();
    assert!(tape.lines().count() > 10, "{tape}");
    // The pair is what is sent, in base64; the beginning of each is in no other alignment.
    let secrets = [
        "the-secret",
        "twin-token",
        "dHdpbkBleGFtcGxlLmNvbTp0d2luLXRva2Vu",
    ];
    for secret in secrets {
        assert!(!tape.contains(secret), "{secret}");
    }
    assert!(!tape.to_lowercase().contains("bearer"), "{tape}");
    drop(port);
}

#[tokio::test]
async fn a_zipped_tape_replays_as_a_plain_one() {
    let (program, jira, port) = moved_on().await;
    let zipped = "run.jsonl.gz";
    let recorded = program.run(&["plan", "--json", "--record", zipped]).await;
    drop((jira, port));
    let replayed = program.run(&["plan", "--json", "--replay", zipped]).await;
    assert_eq!(replayed.stdout, recorded.stdout);
}

#[tokio::test]
async fn previews_and_explanations_and_findings_are_recorded_and_replayed_too() {
    let (program, jira, port) = installed().await;
    let open = "statusCategory != Done";
    let keys = jira.site().matching_issue_keys(open).unwrap();
    let commands = [
        &["preview", "issue", "--json"][..],
        &["explain", "issue", keys[0].as_str(), "--json"],
        &["lint", "--json"],
    ];
    let mut recorded = Vec::new();
    for (number, command) in commands.iter().enumerate() {
        let tape = format!("{number}.jsonl");
        let arguments = [*command, &["--record", &tape]].concat();
        recorded.push(program.run(&arguments).await);
    }
    drop((jira, port));
    for (number, (command, recorded)) in commands.iter().zip(recorded).enumerate() {
        let tape = format!("{number}.jsonl");
        let arguments = [*command, &["--replay", &tape]].concat();
        let replayed = program.run(&arguments).await;
        assert!(
            recorded.stdout.len() > 2 || command[0] == "lint",
            "{}",
            recorded.stderr
        );
        assert_eq!(replayed.stdout, recorded.stdout, "{}", replayed.stderr);
        assert_eq!(replayed.code, recorded.code);
    }
}

#[tokio::test]
async fn a_request_that_is_not_on_the_tape_is_named() {
    let (program, jira, port) = installed().await;
    assert_eq!(program.run(&["plan", "--record", TAPE]).await.code, Some(0));
    drop((jira, port));
    let draft = MAPPING.replace("statusCategory != Done", "statusCategory = Done");
    assert_ne!(draft, MAPPING);
    fs::write(program.folder.path().join("draft.yaml"), draft).unwrap();
    let arguments = ["plan", "--replay", TAPE, "--mapping", "draft.yaml"];
    let ended = program.run(&arguments).await;
    assert_eq!(ended.code, Some(12), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("it is not on the tape"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn what_is_no_tape_and_what_would_record_for_ever_are_mistakes_of_the_command_line() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    fs::write(program.folder.path().join("no.jsonl"), "{}\n").unwrap();
    for arguments in [
        &["plan", "--replay", "no.jsonl"][..],
        &["plan", "--replay", "nothing.jsonl"],
        &["plan", "--replay", TAPE, "--record", TAPE],
        &["sail", "--record", TAPE],
        &["plan", "--record", "no/such/folder/run.jsonl"],
    ] {
        let ended = program.run(arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?} {}", ended.stderr);
    }
    assert_eq!(port.journal().len() + jira.journal().len(), 0);
}
