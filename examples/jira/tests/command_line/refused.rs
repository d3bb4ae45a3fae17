//! Somebody refuses the credentials.

use std::time::{Duration, Instant};

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};

use crate::process::{Program, jira, port};

/// How long requests took is told in tenths of a second: `(1 sent, 0.1 s)`.
fn without_times(text: &str) -> String {
    let tenths = (0..50).map(|tenth| format!("sent, {}.{} s", tenth / 10, tenth % 10));
    tenths.fold(text.to_owned(), |text, time| {
        text.replace(&time, "sent, in no time")
    })
}

#[tokio::test]
async fn credentials_that_port_refuses_end_the_program_at_once() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port).set("OCEAN__PORT__CLIENT_SECRET", "not-the-one");
    let began = Instant::now();
    let ended = program.run(&["sail", "--once"]).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(ended.code, Some(11), "{}", ended.stderr);
    assert!(!ended.stderr.contains("not-the-one"), "{}", ended.stderr);
    insta::assert_snapshot!(without_times(
        &ended.stderr.replace(&port.url(), "http://port")
    ));
    assert_eq!(jira.journal().len(), 0);
}

/// Texts that occur nowhere else, one of them in need of escapes, for every credential.
const CANARIES: [(&str, &str); 4] = [
    ("OCEAN__PORT__CLIENT_ID", "canary/port+id"),
    ("OCEAN__PORT__CLIENT_SECRET", "canary/port+secret"),
    (
        "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_EMAIL",
        "canary+reader@example.com",
    ),
    (
        "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_TOKEN",
        "canary \"jira\" \\ token",
    ),
];

/// An answer of one side that repeats the credentials of both.
fn repeats_all(status: u16) -> Action {
    let all: Vec<&str> = CANARIES.iter().map(|(_, canary)| *canary).collect();
    Action::Status {
        code: status,
        headers: std::collections::BTreeMap::new(),
        body: serde_json::json!({"ok": false, "error": "odd", "message": all.join(" and ")}),
    }
}

#[tokio::test]
async fn no_output_repeats_a_credential_whatever_the_systems_say() {
    for (at_port, path) in [
        (true, "/entities/bulk"),
        (true, "/v1/blueprints"),
        (true, "/auth/access_token"),
        (false, "/rest/api/3/search"),
        (false, "/rest/api/3/project"),
    ] {
        for arguments in [
            &["--once", "--json", "--log-level", "DEBUG"][..],
            &["--once", "--json", "--log-format", "json"],
        ] {
            let account = (CANARIES[2].1.to_owned(), CANARIES[3].1.to_owned());
            let jira = JiraTwin::builder().projects(3).issues(9).users(6).teams(2);
            let jira = jira.rules(|rules| rules.basic = Some(account));
            let jira = jira.start().await.unwrap();
            let port = PortTwin::builder().client(CANARIES[0].1, CANARIES[1].1);
            let port = port.start().await.unwrap();
            let faults = if at_port {
                port.faults()
            } else {
                jira.faults()
            };
            faults.add(Rule::new(repeats_all(400)).path(path));
            let program = CANARIES
                .iter()
                .fold(Program::between(&jira, &port), |program, (name, canary)| {
                    program.set(name, canary)
                });
            let ended = program.run(arguments).await;
            assert!(faults.fired() > 0, "{path}: {}", ended.stderr);
            assert_ne!(ended.code, Some(0), "{path}: {}", ended.stderr);
            let all = format!("{}{}", ended.stdout, ended.stderr);
            assert!(all.contains("[REDACTED]"), "{path}: {all}");
            assert!(!all.contains("canary"), "{path}: {all}");
        }
    }
}

#[tokio::test]
async fn credentials_that_jira_refuses_delete_nothing() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    assert_eq!(program.run(&["--once"]).await.code, Some(0));
    let before = port.catalog();

    let token = "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_TOKEN";
    let program = program.set(token, "not-the-one");
    let ended = program.run(&["sail", "--once", "--json"]).await;
    assert_eq!(ended.code, Some(11), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("hint: check the credentials"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("not-the-one"), "{}", ended.stderr);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["outcome"], "unauthorized");
    assert_eq!(port.catalog(), before);
    assert_eq!(port.writes().deleted, 0);
}
