//! The program dies at any moment of a resync: the next one makes the catalog equal to Jira.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use ocean_testkit::jira::{IssueEdit, JiraTwin};
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::process::{Program, jira, port};
use crate::running::Running;

/// What the default mapping selects.
const SELECTED: &str = "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)";

/// Rounds of a test run; the variable raises it, for example to the 100 of the promise.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no settings, and this one is for whoever runs it by hand"
)]
fn rounds() -> u32 {
    let given = std::env::var("OCEAN_KILL_ROUNDS").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(10)
}

/// The titles of issues by their keys, as Jira has them.
fn wanted(jira: &JiraTwin) -> BTreeMap<String, String> {
    let keys = jira.site().matching_issue_keys(SELECTED).unwrap();
    keys.into_iter()
        .map(|key| {
            let issue = jira.site().issue(&key).unwrap();
            (key, text(&issue["fields"]["summary"]))
        })
        .collect()
}

/// The same as the catalog has it. One without a title is none of them: Port made it because others
/// refer to it.
fn found(port: &PortTwin) -> BTreeMap<String, String> {
    let catalog = port.catalog();
    catalog
        .iter()
        .filter(|entity| entity["blueprint"] == "jiraIssue" && !entity["title"].is_null())
        .map(|entity| (text(&entity["identifier"]), text(&entity["title"])))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Issues come, change and go between two runs.
fn change(jira: &JiraTwin, round: u32) {
    let site = jira.site();
    let keys: Vec<String> = wanted(jira).into_keys().collect();
    for _ in 0..3 {
        let edit = IssueEdit::new().summary(format!("changed before round {round}"));
        let key = &keys[fastrand::usize(1..keys.len())];
        site.update_issue(key.as_str(), edit).unwrap();
    }
    let project = site.project_keys()[0].clone();
    for number in 0..2 {
        let edit = IssueEdit::new().summary(format!("created before round {round}: {number}"));
        site.create_issue(project.as_str(), edit).unwrap();
    }
    site.delete_issue(keys[0].as_str()).unwrap();
}

/// How long a run takes when nothing ends it.
async fn undisturbed(program: &Program) -> Duration {
    let began = Instant::now();
    let ended = program.run(&["sail", "--once"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f76_a_resync_that_is_killed_anywhere_is_made_good_by_the_next_one() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    undisturbed(&program).await;
    assert_eq!(found(&port), wanted(&jira));
    // The first one had more to do than those that follow.
    let length = undisturbed(&program).await;
    let mut killed = 0;
    for round in 0..rounds() {
        change(&jira, round);
        // An hour goes by: what was written within the last second is not looked at for deletion.
        port.set_clock_offset(SignedDuration::from_hours(i64::from(round) + 1));
        let running = Running::start(&program, &["sail", "--once"]);
        tokio::time::sleep(length.mul_f64(fastrand::f64())).await;
        running.send("-KILL");
        let (code, output) = running.end().await;
        assert!(matches!(code, None | Some(0)), "{code:?} {output}");
        killed += u32::from(code.is_none());
    }
    assert!(killed > 0, "each of them was faster than its end");
    change(&jira, rounds());
    port.set_clock_offset(SignedDuration::from_hours(i64::from(rounds()) + 1));
    undisturbed(&program).await;
    assert_eq!(found(&port), wanted(&jira));

    // Nor is there anything else that a catalog without that past would not have.
    let fresh = crate::process::port().await;
    undisturbed(&Program::between(&jira, &fresh)).await;
    assert_eq!(port.catalog(), fresh.catalog());
}
