//! The program as those see it who watch it: `/metrics`, the page at Port, the log.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use ocean_tests::CLIENT_SECRET;
use ocean_tests::canary::JIRA_TOKEN;
use serde_json::{Value, json};

use crate::process::{Program, jira, port};
use crate::running::{INTEGRATION, Running, send, state};

const HTTP_LOG: &str = "APPLICATION__ENABLE_HTTP_LOGGING";

/// The bodies of what was sent to a path at Port.
fn bodies(port: &PortTwin, method: &str, path: &str) -> Vec<Value> {
    let requests = port.journal().requests().into_iter();
    let found = requests.filter(|entry| entry.method == method && entry.path().ends_with(path));
    found.map(|entry| entry.json()).collect()
}

/// The log records that Port keeps.
fn records(port: &PortTwin) -> Vec<Value> {
    let batches = bodies(port, "POST", "/ingest/logs").into_iter();
    batches
        .flat_map(|batch| batch["logs"].as_array().cloned().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn metrics_are_served_beside_health_with_the_numbers_of_the_last_resync() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port)
        .set("APPLICATION__PORT", "0")
        .set("OCEAN__PATH_PREFIX", "ocean");
    let running = Running::start(&program, &[]);
    let ended = r#"ocean_resync_last_outcome{outcome="completed"} 1.0"#;
    while !running.text("/ocean/metrics").await.contains(ended) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let page = running.text("/ocean/metrics").await;
    for line in [
        r#"success{kind="__runtime__",phase="resync"} 1.0"#,
        r#"object_count{kind="project-0",phase="load",object_count_type="loaded"} 3.0"#,
        "ocean_ready 1.0",
        "ocean_port_reachable 1.0",
        r#"ocean_log_records_dropped_total{sink="stderr"} 0.0"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
    }
    for system in ["port", "jira"] {
        let sent =
            format!(r#"ocean_http_requests_total{{system="{system}",outcome="succeeded"}} "#);
        let line = page.lines().find_map(|line| line.strip_prefix(&sent));
        assert!(line.unwrap().parse::<f64>().unwrap() > 0.0, "{page}");
    }
    assert!(page.ends_with("# EOF\n"));
    assert_eq!(running.terminate().await.0, Some(143));
}

#[tokio::test]
async fn port_hears_of_a_resync_in_the_order_of_the_original() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port)
        .run(&["sail", "--once"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let requests = port.journal().requests();
    let told: Vec<_> = requests
        .iter()
        .filter(|entry| entry.path().contains("/syncMetrics"))
        .collect();
    let lists = bodies(&port, "POST", "/syncMetrics");
    let states: Vec<String> = lists
        .iter()
        .flat_map(|list| list["syncKindsMetrics"].as_array().unwrap())
        .map(|kind| {
            let text = |member: &str| kind[member].as_str().unwrap().to_owned();
            format!("{} {}", text("kindIdentifier"), text("syncState"))
        })
        .collect();
    let expected = [
        "project-0 pending",
        "user-1 pending",
        "team-2 pending",
        "issue-3 pending",
        "__runtime__ syncing",
        "__reconciliation__ syncing",
        "__runtime__ completed",
    ];
    assert_eq!(states, expected);
    for kind in ["project-0", "user-1", "team-2", "issue-3"] {
        let of_kind = bodies(&port, "PUT", &format!("/kind/{kind}"));
        let states: Vec<_> = of_kind
            .iter()
            .map(|told| &told["syncKindMetrics"]["syncState"])
            .collect();
        assert_eq!(states, ["syncing", "completed"], "{kind}");
    }
    // The last word comes after the state of the resync.
    let last = told.last().unwrap();
    let states = requests
        .iter()
        .filter(|entry| entry.path().ends_with("/resync-state"));
    assert!(states.map(|entry| entry.sequence).max() < Some(last.sequence));
    assert!(
        told.iter()
            .all(|entry| entry.header("authorization").is_some())
    );
}

#[tokio::test]
async fn the_log_is_at_port_masked_with_the_fields_of_the_original() {
    let (jira, port) = (jira().await, port().await);
    let token = JIRA_TOKEN;
    // An answer that repeats a credential gets into the log.
    let echo = Action::Status {
        code: 403,
        headers: std::collections::BTreeMap::new(),
        body: json!(format!("no access with {token}")),
    };
    jira.faults().add(Rule::new(echo).path("/users/search"));
    let ended = Program::between(&jira, &port)
        .set("HOSTNAME", "pod-1")
        .run(&["sail", "--once"])
        .await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    let records = records(&port);
    let loaded = records
        .iter()
        .find(|record| record["message"] == "resource loaded" && record["extra"]["kind"] == "issue")
        .unwrap();
    assert_eq!(loaded["level"], "INFO");
    let extra = &loaded["extra"];
    for (field, value) in [
        ("hostname", json!("pod-1")),
        ("integration_type", json!("jira")),
        ("event_kind", json!("resync")),
        ("resource_kind", json!("issue")),
        ("index", json!(3)),
    ] {
        assert_eq!(extra[field], value, "{extra}");
    }
    let resync = bodies(&port, "POST", "/syncMetrics")[0]["syncKindsMetrics"][0]["eventId"].clone();
    assert_eq!(extra["event_id"], resync);
    for text in [json!(records).to_string(), ended.stderr] {
        assert!(
            !text.contains(token) && !text.contains(CLIENT_SECRET),
            "{text}"
        );
    }
}

/// The original sends 7 KB per event.
#[tokio::test]
async fn live_events_hardly_add_to_the_log_at_port() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port)
        .set("APPLICATION__PORT", "0")
        .set("OCEAN__BASE_URL", "http://127.0.0.1:1");
    let running = Running::start(&program, &[]);
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    let key = &jira
        .site()
        .matching_issue_keys("statusCategory != Done")
        .unwrap()[0];
    let issue = jira.site().issue(key).unwrap();
    let event = json!({"webhookEvent": "jira:issue_updated", "issue": issue}).to_string();
    for _ in 0..300 {
        let path = "/integration/webhook";
        assert_eq!(running.ask("POST", path, "", &event).await.0, 200);
    }
    let queue = || async { running.get("/health/ready").await.1["queue"].clone() };
    while queue().await["pending"] != 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(queue().await["applied"], 300, "{}", running.output());
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    let logs = port.journal().requests().into_iter();
    let logs = logs.filter(|entry| entry.path() == "/ingest/logs");
    let bytes: usize = logs.map(|entry| entry.body_length).sum();
    assert!((1..32 << 10).contains(&bytes), "{bytes} bytes");
}

#[tokio::test]
async fn the_log_stays_here_when_the_settings_say_so() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port).set(HTTP_LOG, "false");
    assert_eq!(program.run(&["sail", "--once"]).await.code, Some(0));
    assert_eq!(port.journal().count("POST", "/ingest/logs"), 0);
}

#[tokio::test]
async fn what_port_does_not_take_delays_no_resync_and_feeds_no_log() {
    let (jira, port) = (jira().await, port().await);
    port.faults()
        .add(Rule::new(Action::status(500)).path("/ingest/"));
    let began = Instant::now();
    let ended = Program::between(&jira, &port)
        .set("APPLICATION__LOG_LEVEL", "DEBUG")
        .run(&["sail", "--once"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(began.elapsed() < Duration::from_secs(30));
    // Each batch is sent at most twice, and what is said of that stays here.
    assert!(
        !json!(records(&port))
            .to_string()
            .contains("log records could not be sent")
    );
}

#[tokio::test]
async fn f87_a_log_that_nobody_reads_stops_no_resync_and_no_end() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port)
        .set("APPLICATION__PORT", "0")
        .set("APPLICATION__LOG_LEVEL", "DEBUG")
        .set(HTTP_LOG, "false")
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__EVENT_LISTENER__INTERVAL", "1");
    // A pipe that is full already, and that nobody reads.
    let (unread, mut full) = std::io::pipe().unwrap();
    full.write_all(&[b'x'; 64 << 10]).unwrap();
    let mut command = program.command(&["sail", "--json"]);
    command.stdout(full.try_clone().unwrap()).stderr(full);
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    let completed = || {
        let told = bodies(&port, "PATCH", "/resync-state").into_iter();
        told.filter(|told| told["status"] == "completed").count()
    };
    while completed() < 3 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} resyncs",
            completed()
        );
        if state(&port) == "completed" {
            port.request_resync(INTEGRATION);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    send("-TERM", &child);
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(ended.code(), Some(143));
    drop(unread);
}
