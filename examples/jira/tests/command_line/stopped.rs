//! Somebody stops the program in the middle of a resync.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};

use crate::process::{Ended, Program, jira, port};
use crate::running::{send, state};

/// How often we look whether the program has got somewhere.
const POLL: Duration = Duration::from_millis(5);

/// The program that runs a first resync, up to the request to Port that is matched and hangs.
async fn hanging_at(
    rule: impl Fn(Rule) -> Rule,
    variables: &[(&str, &str)],
) -> (Child, PortTwin, JiraTwin) {
    let (jira, port) = (jira().await, port().await);
    port.faults().add(rule(Rule::new(Action::Hang)));
    let program = variables
        .iter()
        .fold(Program::between(&jira, &port), |program, (name, value)| {
            program.set(name, value)
        });
    let child = program.command(&["--once"]).spawn().unwrap();
    while port.faults().fired() == 0 {
        tokio::time::sleep(POLL).await;
    }
    (child, port, jira)
}

/// Starts a second resync of a Jira that has become slow, and returns when it has begun.
async fn started_resync() -> (Child, PortTwin, JiraTwin) {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    assert_eq!(program.run(&["--once"]).await.code, Some(0));
    let issues = jira
        .site()
        .matching_issue_keys("statusCategory != Done")
        .unwrap();
    jira.site().delete_issue(issues[0].as_str()).unwrap();

    jira.faults().set_latency(Duration::from_secs(60));
    jira.journal().clear();
    let child = program.command(&["--once"]).spawn().unwrap();
    while state(&port) != "running" {
        tokio::time::sleep(POLL).await;
    }
    (child, port, jira)
}

/// Returns when the program says that it heard the first signal.
async fn heard(mut child: Child) -> Child {
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let waiting = tokio::task::spawn_blocking(move || {
        let mut lines = stderr.lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("stopping")));
    });
    waiting.await.unwrap();
    child
}

async fn end(child: Child) -> Ended {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output());
    Ended::from(output.await.unwrap().unwrap())
}

#[tokio::test]
async fn a_supervisor_ends_a_resync_without_a_deletion() {
    let (child, port, _jira) = started_resync().await;
    send("-TERM", &child);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("The resync was stopped"),
        "{}",
        ended.stderr
    );
    assert_eq!(port.writes().deleted, 0);
    assert_eq!(state(&port), "aborted");
}

#[tokio::test]
async fn ctrl_c_ends_a_resync_without_a_deletion() {
    let (child, port, _jira) = started_resync().await;
    send("-INT", &child);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(port.writes().deleted, 0);
    assert_eq!(state(&port), "aborted");
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_anybody() {
    let (child, port, _jira) = started_resync().await;
    // From now on Port is too slow to be told anything before the test ends.
    port.faults().set_latency(Duration::from_secs(60));
    send("-INT", &child);
    let child = heard(child).await;
    send("-TERM", &child);
    let ended = tokio::time::timeout(Duration::from_secs(2), end(child)).await;
    assert_eq!(ended.unwrap().code, Some(143));
    assert_eq!(port.writes().deleted, 0);
}

#[tokio::test]
async fn a_stop_while_port_is_prepared_does_not_claim_that_nothing_changed() {
    let (child, port, _jira) =
        hanging_at(|rule| rule.method("PATCH").path("/blueprints"), &[]).await;
    send("-INT", &child);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(port.blueprint("jiraProject").is_some());
    assert!(
        ended.stderr.contains("prepared in part"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("nothing"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_stop_in_the_middle_of_deletions_does_not_claim_that_nothing_was_deleted() {
    let (jira, port) = (jira().await, port().await);
    let program =
        Program::between(&jira, &port).set("OCEAN__MAX_WAIT_SECONDS_BEFORE_SHUTDOWN", "0.01");
    assert_eq!(program.run(&["--once"]).await.code, Some(0));
    // What was updated within the last second is not listed, and so is nothing that is deleted.
    port.set_clock_offset(SignedDuration::from_hours(1));
    let issues = jira.site().matching_issue_keys("statusCategory != Done");
    for issue in issues.unwrap().iter().rev().take(5) {
        jira.site().delete_issue(issue.as_str()).unwrap();
    }
    let deletion = Rule::new(Action::HangAfterHeaders).path("/bulk/entities/delete");
    port.faults().add(deletion);
    let child = program.command(&["--once"]).spawn().unwrap();
    while port.faults().fired() == 0 {
        tokio::time::sleep(POLL).await;
    }
    send("-TERM", &child);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    assert!(port.writes().deleted > 0);
    assert!(ended.stderr.contains("more may be"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("nothing"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_port_that_hangs_when_it_is_told_the_state_does_not_hold_up_ctrl_c() {
    let (child, _port, _jira) = hanging_at(|rule| rule.path("/resync-state"), &[]).await;
    let began = Instant::now();
    send("-INT", &child);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(began.elapsed() < Duration::from_secs(10));
}
