//! What works, and what is to be done about the rest.

use jiff::SignedDuration;
use ocean_testkit::{Action, Rule};
use serde_json::json;

use crate::desk::{installed, writes};
use crate::process::{Ended, Program, jira, port};

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
