//! The program stays up, and webhooks, operators and supervisors talk to it.

use std::net::TcpListener;
use std::time::Duration;

use ocean_testkit::jira::{IssueEdit, JiraTwin};
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::process::{Program, jira, port};
use crate::running::{Running, state};

const LISTENER: &str = "OCEAN__EVENT_LISTENER__TYPE";
const GRACE: &str = "OCEAN__MAX_WAIT_SECONDS_BEFORE_SHUTDOWN";

/// A program that Jira can reach, on a port that was free a moment ago.
fn reachable(jira: &JiraTwin, port: &PortTwin) -> Program {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let free = free.local_addr().unwrap().port().to_string();
    Program::between(jira, port)
        .set("APPLICATION__PORT", &free)
        .set("OCEAN__BASE_URL", &format!("http://127.0.0.1:{free}"))
        .set(GRACE, "0.3")
}

/// The keys of issues that the default mapping selects.
fn issues(jira: &JiraTwin, wanted: usize) -> Vec<String> {
    let keys = jira.site().matching_issue_keys("statusCategory != Done");
    keys.unwrap().into_iter().take(wanted).collect()
}

fn retitle(jira: &JiraTwin, issues: &[String], title: &str) {
    for key in issues {
        let edit = IssueEdit::new().summary(title);
        jira.site().update_issue(key.as_str(), edit).unwrap();
    }
}

fn are_titled(port: &PortTwin, issues: &[String], title: &str) -> bool {
    issues.iter().all(|key| {
        let found = port.entity("jiraIssue", key);
        found.is_some_and(|entity| entity["title"] == title)
    })
}

/// What the program says of its queue.
async fn queued(running: &Running, what: &str) -> u64 {
    let (_, body) = running.get("/health/ready").await;
    body["queue"][what].as_u64().unwrap()
}

/// Waits until its queue counts so many.
async fn until_queued(running: &Running, what: &str, count: u64) {
    while queued(running, what).await < count {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A program that has resynced once.
async fn settled(program: &Program, port: &PortTwin) -> Running {
    let running = Running::start(program, &[]);
    running
        .until("a resync", || state(port) == "completed")
        .await;
    running
}

#[tokio::test]
async fn what_changes_in_jira_is_in_the_catalog_without_a_resync() {
    let (jira, port) = (jira().await, port().await);
    let running = settled(&reachable(&jira, &port), &port).await;
    let changed = issues(&jira, 2);
    retitle(&jira, &changed, "changed while the program runs");
    let titled = || are_titled(&port, &changed, "changed while the program runs");
    running.until("new titles", titled).await;
    let created = jira
        .site()
        .create_issue(jira.site().project_keys()[0].as_str(), IssueEdit::new());
    let created = created.unwrap();
    let exists = || port.entity("jiraIssue", &created).is_some();
    running.until("a new issue", exists).await;
    jira.site().delete_issue(created.as_str()).unwrap();
    running.until("no issue", || !exists()).await;
    assert_eq!(port.journal().count("PATCH", "/resync-state"), 2);
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn health_tells_what_the_process_is_doing() {
    let (jira, port) = (jira().await, port().await);
    let running = settled(&reachable(&jira, &port), &port).await;
    let (status, live) = running.get("/health/live").await;
    let expected = json!({"status": "healthy", "check": "live", "core_version": "0.48.12"});
    assert_eq!((status, live), (200, expected));
    let (status, ready) = running.get("/health/ready").await;
    assert_eq!(status, 200);
    assert_eq!(ready["status"], "healthy");
    assert_eq!(ready["phase"], "running");
    assert_eq!(ready["port"]["reachable"], true);
    assert_eq!(ready["queue"]["state"], "durable");
    let mut last = Value::Null;
    while last.is_null() {
        last = running.get("/health/ready").await.1["resync"]["last"].clone();
    }
    assert_eq!(last["outcome"], "completed");
    assert_eq!(last["trigger"], "start");
}

#[tokio::test]
async fn f40_events_are_accepted_while_port_is_down_at_start() {
    let (jira, port) = (jira().await, port().await);
    port.faults()
        .add(Rule::new(Action::status(503)).path("/v1/"));
    let running = Running::start(&reachable(&jira, &port), &[]);
    assert_eq!(running.get("/health/live").await.0, 200);
    let (status, body) = running.get("/health/ready").await;
    assert_eq!((status, &body["phase"]), (503, &json!("starting")));
    let event = json!({"webhookEvent": "user_created", "user": {"accountId": "absent"}});
    let path = "/integration/webhook";
    let (status, _) = running.ask("POST", path, "", &event.to_string()).await;
    assert_eq!(status, 200);
    assert_eq!(queued(&running, "pending").await, 1);
    port.faults().clear();
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    while queued(&running, "pending").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(running.get("/health/ready").await.0, 200);
}

#[tokio::test]
async fn f58_events_that_wait_at_a_sigterm_are_handled_after_the_next_start() {
    let (jira, port) = (jira().await, port().await);
    let program = reachable(&jira, &port);
    let running = settled(&program, &port).await;
    jira.faults()
        .add(Rule::new(Action::Hang).path("/rest/api/3/search"));
    let changed = issues(&jira, 20);
    retitle(&jira, &changed, "waited on disk");
    until_queued(&running, "accepted", 20).await;
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert!(!are_titled(&port, &changed, "waited on disk"));

    jira.faults().clear();
    // Nothing but the events can bring the titles.
    let program = program.set(LISTENER, "WEBHOOKS_ONLY");
    let running = Running::start(&program, &[]);
    let titled = || are_titled(&port, &changed, "waited on disk");
    running.until("the titles", titled).await;
    assert_eq!(port.journal().count("PATCH", "/resync-state"), 2);
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn f58_a_process_that_stops_refuses_events_and_says_so() {
    let (jira, port) = (jira().await, port().await);
    // Jira holds up one event, and so the end, for as long as it may take.
    let program = reachable(&jira, &port).set(GRACE, "60");
    let running = settled(&program, &port).await;
    let changed = issues(&jira, 1);
    jira.faults()
        .add(Rule::new(Action::Hang).path("/rest/api/3/search"));
    retitle(&jira, &changed, "under way");
    running
        .until("an event under way", || jira.faults().fired() > 0)
        .await;
    running.send("-TERM");
    running.says("stopping").await;
    let (status, body) = running.get("/health/ready").await;
    assert_eq!((status, &body["phase"]), (503, &json!("stopping")));
    let event = json!({"webhookEvent": "user_created", "user": {"accountId": "absent"}});
    let path = "/integration/webhook";
    assert_eq!(
        running.ask("POST", path, "", &event.to_string()).await.0,
        503
    );
    assert_eq!(running.get("/health/live").await.0, 200);
    // A second signal does not wait for it.
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn f77_a_second_process_on_the_same_state_folder_is_refused() {
    let (jira, port) = (jira().await, port().await);
    let program = reachable(&jira, &port);
    let running = settled(&program, &port).await;
    let second = program.set("APPLICATION__PORT", "0").run(&[]).await;
    assert_eq!(second.code, Some(13), "{}", second.stderr);
    let said = "another process uses the state folder";
    assert!(second.stderr.contains(said), "{}", second.stderr);
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn without_a_folder_to_write_to_events_wait_in_memory_and_health_says_so() {
    let (jira, port) = (jira().await, port().await);
    let program = reachable(&jira, &port).set("OCEAN__STATE_DIR", "file/folder");
    std::fs::write(program.folder.path().join("file"), "").unwrap();
    let running = settled(&program, &port).await;
    running.says("live events wait in memory only").await;
    let (status, body) = running.get("/health/ready").await;
    assert_eq!(
        (status, &body["queue"]["state"]),
        (200, &json!("in-memory"))
    );
}

#[tokio::test]
async fn f72_port_or_whoever_knows_the_secret_orders_resyncs() {
    let (jira, port) = (jira().await, port().await);
    let program = reachable(&jira, &port)
        .set(LISTENER, "WEBHOOK")
        .set("OCEAN__EVENT_LISTENER__APP_HOST", "http://ocean.test/")
        .set("OCEAN__RESYNC__SECRET", "sesame");
    let running = Running::start(&program, &[]);
    let order = async |secret: &str| {
        let secret = format!("authorization: Bearer {secret}\r\n");
        running.ask("POST", "/resync", &secret, "{}").await.0
    };
    assert_eq!(order("open").await, 401);
    assert_eq!(running.ask("POST", "/resync", "", "").await.0, 401);
    assert_eq!(state(&port), "");
    assert_eq!(order("sesame").await, 200);
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    let integration = port.integration(crate::running::INTEGRATION).unwrap();
    let destination = json!({"type": "WEBHOOK", "url": "http://ocean.test/resync"});
    assert_eq!(integration["changelogDestination"], destination);
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_dropped_while_the_process_runs_and_after() {
    let (jira, port) = (jira().await, port().await);
    let program = reachable(&jira, &port);
    let running = settled(&program, &port).await;
    let changed = issues(&jira, 3);
    jira.faults()
        .add(Rule::new(Action::status(400)).path("/rest/api/3/search"));
    retitle(&jira, &changed, "given up at first");
    until_queued(&running, "dead_letters", 3).await;

    let listed = program.run(&["dlq", "list", "--json"]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let letters: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(letters.as_array().map(Vec::len), Some(3), "{letters}");
    let first = letters[0]["seq"].to_string();
    let dropped = program.run(&["dlq", "drop", &first]).await;
    assert_eq!(dropped.stdout, "1 event forgotten\n", "{}", dropped.stderr);

    jira.faults().clear();
    let replayed = program.run(&["dlq", "replay", "--all"]).await;
    assert_eq!(
        replayed.stdout, "2 events will be handled once more\n",
        "{}",
        replayed.stderr
    );
    let titled = || are_titled(&port, &changed[1..], "given up at first");
    running.until("the titles", titled).await;
    assert_eq!(running.terminate().await.0, Some(143));
    let listed = program.run(&["dlq", "list"]).await;
    assert_eq!(
        listed.stdout, "no live event was given up\n",
        "{}",
        listed.stderr
    );
}
