//! What works, and what is to be done about the rest.

use jiff::SignedDuration;
use ocean_testkit::{Action, Rule};
use serde_json::json;

use crate::desk::{installed, writes};
use crate::process::{Ended, Program, jira, port};
use crate::running::Running;

/// The report without what differs from run to run.
fn shown(ended: &Ended, urls: [String; 2]) -> String {
    let [jira, port] = urls;
    ended
        .stdout
        .replace(&jira, "http://jira")
        .replace(&port, "http://port")
}

#[tokio::test]
async fn a_healthy_installation_is_told_to_be_one() {
    let (program, jira, port) = installed().await;
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    insta::assert_snapshot!(shown(&ended, [jira.url(), port.url()]));
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn each_fault_has_its_remedy() {
    let (program, jira, port) = installed().await;
    port.set_clock_offset(SignedDuration::from_hours(2));
    port.remove_blueprint("jiraUser");
    let refusal = Action::Status {
        code: 403,
        headers: std::collections::BTreeMap::new(),
        body: json!({"errorMessages": ["no permission"]}),
    };
    jira.faults()
        .add(Rule::new(refusal).path("/rest/api/3/users"));
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(12), "{}{}", ended.stdout, ended.stderr);
    for told in [
        "s away from Port's",
        "let NTP set the clock",
        "there is no blueprint jiraUser",
        "give the account the right to read it",
        "3 things are wrong",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn credentials_that_port_refuses_end_the_examination() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port).set("OCEAN__PORT__CLIENT_SECRET", "not-the-one");
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("refuses the credentials"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("not-the-one"), "{}", ended.stdout);
}

#[tokio::test]
async fn an_integration_that_was_never_started_is_told_how_to() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port).run(&["doctor"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("registers it at its first start"),
        "{}",
        ended.stdout
    );
    assert_eq!(writes(&port), Vec::<String>::new());
}

/// An installation that expects live events at this address.
async fn reached_at(url: &str) -> Ended {
    let (program, _jira, _port) = installed().await;
    program.set("OCEAN__BASE_URL", url).run(&["doctor"]).await
}

#[tokio::test]
async fn a_process_that_can_be_reached_is_found_and_its_folder_is_in_use() {
    let (jira, port) = (jira().await, port().await);
    let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own_port = listening.local_addr().unwrap().port().to_string();
    drop(listening);
    let program = Program::between(&jira, &port)
        .set("OCEAN__BASE_URL", &format!("http://127.0.0.1:{own_port}"))
        .set("OCEAN__STATE_DIR", "state")
        .set("APPLICATION__PORT", &own_port);
    let before = program.run(&["doctor"]).await;
    assert!(
        before
            .stdout
            .contains("state can be made at the first start"),
        "{}",
        before.stdout
    );
    assert!(!program.folder.path().join("state").exists());

    let running = Running::start(&program, &["sail"]);
    let is_told = || port.journal().count("PATCH", "/resync-state") == 2;
    running.until("a resync", is_told).await;
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for told in [
        "leads to a process that is alive",
        "another process uses state",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
    assert_eq!(running.terminate().await.0, Some(143));
    let after = program.run(&["doctor"]).await;
    for told in [
        "nobody answers from here",
        "state can be written to and is free",
    ] {
        assert!(after.stdout.contains(told), "{told}: {}", after.stdout);
    }
    assert_eq!(after.code, Some(0), "{}", after.stdout);
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_is_a_fault() {
    let elsewhere = jira().await;
    let ended = reached_at(&elsewhere.url()).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("so not by this integration"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_a_fault() {
    let (program, _jira, _port) = installed().await;
    std::fs::write(program.folder.path().join("state"), "a file").unwrap();
    let program = program
        .set("OCEAN__BASE_URL", "https://127.0.0.1:9")
        .set("OCEAN__STATE_DIR", "state/below");
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("state/below cannot be used"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn settings_that_do_nothing_are_told() {
    let (program, _jira, _port) = installed().await;
    let program = program
        .set("OCEAN__PROBE_ID", "7")
        .set("OCEAN__WEBHOOK__LEGACY_STATUS", "true")
        .set("OCEAN__PROCES_EXECUTION_MODE", "multi_process");
    let ended = program.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    for told in [
        "OCEAN__PROBE_ID does nothing: it tunes what the original has",
        "OCEAN__WEBHOOK__LEGACY_STATUS does nothing: there are no live events",
        "OCEAN__PROCES_EXECUTION_MODE: unknown setting, ignored",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
}
