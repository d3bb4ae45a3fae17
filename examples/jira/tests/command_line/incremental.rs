//! Incremental syncs of the program: one that ends, and those of a process that stays up.

use std::time::{SystemTime, UNIX_EPOCH};

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::desk::installed;
use crate::process::Program;

/// Installed, with a site whose clock is ours, and told to sync what changed.
async fn incremental() -> (Program, JiraTwin, PortTwin) {
    let (program, jira, port) = installed().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    jira.site().set_now(now);
    let program = program.set("OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED", "true");
    (program, jira, port)
}

fn rename_an_issue(jira: &JiraTwin, port: &PortTwin, summary: &str) -> String {
    let catalog = port.catalog();
    let issue = catalog.iter().find(|one| one["blueprint"] == "jiraIssue");
    let key = issue.unwrap()["identifier"].as_str().unwrap().to_owned();
    let change = json!({"op": "update_issue", "key": key, "summary": summary});
    let change = serde_json::from_value(change).unwrap();
    jira.site().apply(&change).unwrap();
    key
}

async fn synced(program: &Program, code: i32) -> Value {
    let ended = program.run(&["--once", "--json"]).await;
    assert_eq!(ended.code, Some(code), "{}{}", ended.stderr, ended.stdout);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn once_with_incremental_syncs_on_writes_what_changed_and_ends() {
    let (program, jira, port) = incremental().await;
    let key = rename_an_issue(&jira, &port, "renamed");
    let report = synced(&program, 0).await;
    assert_eq!(report["incremental"], true, "{report}");
    assert_eq!(report["resources"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["resources"][0]["counts"]["updated"], 1, "{report}");
    let title = port.entity("jiraIssue", &key).unwrap()["title"].clone();
    assert_eq!(title, "renamed");
    let journal = port.journal();
    assert_eq!(journal.count("PATCH", "/resync-state"), 0);
    assert_eq!(journal.count("POST", "/datasource-entities"), 0);
    assert_eq!(journal.count("POST", "/syncMetrics"), 0);
}

#[tokio::test]
async fn what_an_incremental_sync_could_not_read_is_read_by_the_next_one() {
    let (program, jira, port) = incremental().await;
    synced(&program, 0).await;
    let key = rename_an_issue(&jira, &port, "renamed");
    let refusal = Rule::new(Action::status(400)).path("/search/jql").times(1);
    jira.faults().add(refusal);
    let report = synced(&program, 12).await;
    assert_eq!(report["outcome"], "incomplete", "{report}");
    synced(&program, 0).await;
    let title = port.entity("jiraIssue", &key).unwrap()["title"].clone();
    assert_eq!(title, "renamed");
}
