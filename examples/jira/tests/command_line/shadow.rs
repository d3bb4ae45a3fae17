//! Comparing beside another program that does the writing.

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::desk::{installed, writes};
use crate::plan::moved_on;
use crate::process::{Program, jira, port};
use crate::running::{INTEGRATION, Running};

/// What was sent to Jira beside questions.
fn changes(jira: &JiraTwin) -> Vec<String> {
    let all = jira.journal().requests().into_iter();
    let told = all.map(|entry| format!("{} {}", entry.method, entry.path()));
    told.filter(|request| {
        !request.starts_with("GET ")
            && !request.contains("/search")
            && !request.ends_with("/members")
    })
    .collect()
}

fn assert_untouched(jira: &JiraTwin, port: &PortTwin) {
    assert_eq!(writes(port), Vec::<String>::new());
    assert_eq!(changes(jira), Vec::<String>::new());
}

#[tokio::test]
async fn what_another_program_left_as_we_would_is_no_difference() {
    let (program, jira, port) = installed().await;
    // The original calls itself otherwise; it is the same integration all the same.
    let project = jira.site().project_keys()[0].clone();
    let was = port.entity("jiraProject", &project).unwrap();
    let original = "port-ocean/jira/0.7.99/my-jira-integration/exporter";
    port.put_entity("jiraProject", was, original);
    let before = port.catalog();
    jira.journal().clear();
    let program = program.set("OCEAN__BASE_URL", "https://ocean.example");
    let ended = program.run(&["--shadow", "--once"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(
        ended.stdout,
        "Comparison 1: the catalog is as we would have left it\n"
    );
    assert_untouched(&jira, &port);
    assert_eq!(port.catalog(), before);
}

#[tokio::test]
async fn every_sort_of_difference_is_told_once() {
    let (program, jira, port) = moved_on().await;
    jira.journal().clear();
    let ended = program.run(&["--shadow", "--once", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let planned = program.run(&["plan", "--json"]).await;
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let divergences = told["comparison"]["divergences"].as_array().unwrap();
    let count = |nature: &str| {
        let all = divergences.iter();
        all.filter(|one| one["nature"] == nature).count()
    };
    let writes = plan["writes"].as_array().unwrap();
    let new = writes.iter().filter(|one| one["exists"] == false).count();
    assert_eq!(count("missing"), new);
    assert_eq!(count("different"), writes.len() - new);
    assert_eq!(count("extra"), plan["deletions"].as_array().unwrap().len());
    assert!(
        new > 0 && count("different") > 0 && count("extra") > 0,
        "{told}"
    );
    assert_untouched(&jira, &port);
    let text = program.run(&["--shadow", "--once"]).await;
    insta::assert_snapshot!(text.stdout);
}

#[tokio::test]
async fn a_process_that_stays_up_compares_again_and_tells_what_is_resolved() {
    let (program, jira, port) = moved_on().await;
    let shadow = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__EVENT_LISTENER__INTERVAL", "1")
        .set("OCEAN__BASE_URL", "https://ocean.example")
        .set("APPLICATION__PORT", "0");
    jira.journal().clear();
    let running = Running::start(&shadow, &["sail", "--shadow"]);
    running.says("Comparison 1: ").await;
    running.says("(we would have deleted it)").await;
    assert_untouched(&jira, &port);

    // Somebody asks while nothing has changed: what differs lasts.
    port.request_resync(INTEGRATION);
    running.says("  in 2 comparisons").await;
    assert_untouched(&jira, &port);

    // The other program catches up.
    assert_eq!(program.run(&["--once"]).await.code, Some(0));
    port.journal().clear();
    jira.journal().clear();
    port.request_resync(INTEGRATION);
    running
        .says("Comparison 3: the catalog is as we would have left it")
        .await;
    running.says("no more: jiraIssue/").await;
    assert_untouched(&jira, &port);
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert_untouched(&jira, &port);
}

#[tokio::test]
async fn what_could_not_be_read_is_not_taken_for_equal() {
    let (program, jira, port) = installed().await;
    let refusal = Action::Status {
        code: 403,
        headers: std::collections::BTreeMap::new(),
        body: json!({"message": "no"}),
    };
    jira.faults()
        .add(Rule::new(refusal).path("/rest/api/3/search"));
    let ended = program.run(&["--shadow", "--once"]).await;
    assert_eq!(ended.code, Some(12), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("not everything could be compared"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("not compared: "), "{}", ended.stdout);
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn a_port_without_the_integration_has_nothing_to_compare_with() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port)
        .run(&["--shadow", "--once"])
        .await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("nothing to compare with"),
        "{}",
        ended.stderr
    );
    assert_untouched(&jira, &port);
}
