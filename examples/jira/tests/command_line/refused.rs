//! Somebody refuses the credentials.

use std::time::{Duration, Instant};

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
