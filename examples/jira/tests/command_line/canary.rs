//! F54: no credential leaves the program, whatever fails and wherever it is told.

use std::collections::BTreeMap;
use std::fs;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use ocean_tests::canary::{
    METRICS_HOOK, RESYNC_SECRET, WEBHOOK_SECRET, all, assert_none, of_jira, of_port,
};
use serde_json::{Value, json};

use crate::process::{Program, jira, port};
use crate::running::{Running, state};

/// The program with every credential that it can have, telling as much as it can.
fn program(jira: &JiraTwin, port: &PortTwin) -> Program {
    port.journal().keep_bodies(8 << 20);
    Program::between(jira, port)
        .set("APPLICATION__LOG_LEVEL", "DEBUG")
        .set("APPLICATION__PORT", "0")
        .set("OCEAN__INTEGRATION__CONFIG__WEBHOOK_SECRET", WEBHOOK_SECRET)
        .set("OCEAN__RESYNC__SECRET", RESYNC_SECRET)
        .set("OCEAN__METRICS__ENABLED", "true")
        // Nobody listens there, which is told.
        .set(
            "OCEAN__METRICS__WEBHOOK_URL",
            &format!("http://127.0.0.1:1/{METRICS_HOOK}?key={METRICS_HOOK}"),
        )
}

/// Answers that repeat credentials, as error pages of proxies do.
fn failures(credentials: &[String]) -> Vec<Action> {
    let body = || Value::String(credentials.join(" "));
    let headers = || BTreeMap::from([("x-echo".to_owned(), credentials[0].clone())]);
    let codes = [400, 401, 403, 404, 409, 413, 422, 429, 500, 503];
    let mut all: Vec<Action> = codes
        .into_iter()
        .map(|code| Action::Status {
            code,
            headers: headers(),
            body: body(),
        })
        .collect();
    all.push(Action::Body {
        content_type: "text/html".to_owned(),
        text: credentials.join(" "),
    });
    all.push(Action::Redirect {
        location: format!("http://127.0.0.1:1/?token={}", credentials[1]),
        code: 302,
    });
    all.extend([Action::ResetMidBody, Action::CutChunked, Action::Reset]);
    all
}

/// Everything that Port was sent beside the catalog: the log, the metrics, the examples.
fn told(port: &PortTwin) -> String {
    let requests = port.journal().requests().into_iter();
    let beside = requests.filter(|entry| {
        let path = entry.path();
        path.starts_with("/ingest/")
            || path.ends_with("/examples")
            || path.ends_with("/resync-state")
    });
    let mut text = String::new();
    for entry in beside {
        text.push_str(&format!("{}\n", entry.uri));
        text.push_str(&String::from_utf8_lossy(&entry.body));
    }
    text
}

/// Runs the program once, and looks at everything that it tells.
async fn check(failure: &str, jira: &JiraTwin, port: &PortTwin) {
    let ended = program(jira, port).run(&["sail", "--once", "--json"]).await;
    assert!(
        jira.faults().fired() + port.faults().fired() > 0,
        "{failure}: {}",
        ended.stderr
    );
    assert_none(&format!("stdout after {failure}"), &ended.stdout);
    assert_none(&format!("stderr after {failure}"), &ended.stderr);
    assert_none(&format!("Port after {failure}"), &told(port));
}

#[tokio::test]
async fn f54_no_credential_leaves_whatever_fails() {
    let failures = failures(&of_jira()).into_iter().zip(failures(&of_port()));
    for (at_jira, at_port) in failures {
        let failure = format!("{at_jira:?}");
        let (jira, port) = (jira().await, port().await);
        jira.faults()
            .add(Rule::new(at_jira).path("/users/search").times(2));
        port.faults()
            .add(Rule::new(at_port.clone()).path("/entities/bulk").times(2));
        check(&failure, &jira, &port).await;
        assert!(
            port.journal().count("POST", "/ingest/logs") > 0,
            "{failure}"
        );
        // At the start as well, whatever is asked for then.
        port.faults().clear();
        port.faults().add(Rule::new(at_port).path("/v1/").times(2));
        check(&failure, &jira, &port).await;
    }
}

#[tokio::test]
async fn f54_no_credential_is_in_any_answer_or_file_of_a_process_that_stays() {
    let (jira, port) = (jira().await, port().await);
    let program = program(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__BASE_URL", "http://127.0.0.1:1")
        .set("OCEAN__MAX_WAIT_SECONDS_BEFORE_SHUTDOWN", "0.3");
    let running = Running::start(&program, &["sail", "--json"]);
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    let mut told_by_us = String::new();
    for credential in all() {
        // A stranger sends what it found, as headers, in the path and as a signature.
        let more = format!(
            "authorization: Bearer {credential}\r\nx-api-key: {credential}\r\n\
             cookie: session={credential}\r\nx-hub-signature: sha256={credential}\r\n\
             x-ocean-resync-secret: {credential}\r\n"
        );
        for (method, path) in [("POST", "/integration/webhook"), ("POST", "/resync")] {
            let (status, body) = running.ask(method, path, &more, "{}").await;
            assert!(matches!(status, 400..), "{method} {path}: {status}");
            told_by_us.push_str(&body.to_string());
        }
    }
    for path in ["/health/live", "/health/ready", "/metrics", "/nothing"] {
        told_by_us.push_str(&running.text(path).await);
    }
    assert_none("an answer over HTTP", &told_by_us);
    let listed = program.run(&["dlq", "list", "--json"]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert_none("the log", &output);
    assert_none("Port", &told(&port));
    for file in fs::read_dir(program.folder.path().join(".ocean")).unwrap() {
        let file = file.unwrap().path();
        let content = fs::read(&file).unwrap_or_default();
        assert_none(
            &file.display().to_string(),
            &String::from_utf8_lossy(&content),
        );
    }
    for arguments in [
        &["config", "show"][..],
        &["doctor"],
        &["plan"],
        &["preview", "user", "--limit", "1"],
    ] {
        let ended = program.run(arguments).await;
        assert_none(
            &format!("{arguments:?}"),
            &format!("{}{}", ended.stdout, ended.stderr),
        );
    }
    assert_ne!(json!(told(&port)), json!(""), "Port was told something");
}
