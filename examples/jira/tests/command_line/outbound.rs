//! How the program reaches other systems, and what it says when it must not or cannot.

use std::fs;

use crate::process::{Ended, Program, jira, port};

fn is_refused(ended: &Ended, code: i32, message: &str) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
}

#[tokio::test]
async fn f28_in_ports_cloud_nothing_of_a_private_network_is_asked_unless_allowed() {
    let (jira, port) = (jira().await, port().await);
    let saas = || Program::between(&jira, &port).set("OCEAN__RUNTIME", "Saas");
    let ended = saas().run(&["--once"]).await;
    is_refused(
        &ended,
        12,
        "`127.0.0.1` has the address 127.0.0.1, which is not public",
    );
    assert_eq!((jira.journal().len(), port.journal().len()), (0, 0));
    let ended = saas()
        .set("OCEAN__DISABLE_IP_OUTBOUND_BLOCKER", "true")
        .run(&["--once"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let asked = Program::between(&jira, &port).set("OCEAN__DISABLE_IP_OUTBOUND_BLOCKER", "false");
    is_refused(&asked.run(&["--once"]).await, 12, "is not public");
}

#[tokio::test]
async fn an_integration_of_another_runtime_is_left_alone() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port).run(&["--once"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let before = port.journal().len();
    let ended = Program::between(&jira, &port)
        .set("OCEAN__RUNTIME", "Saas")
        .set("OCEAN__DISABLE_IP_OUTBOUND_BLOCKER", "true")
        .run(&["--once"])
        .await;
    is_refused(&ended, 10, "OnPrem");
    assert!(ended.stderr.contains("OCEAN__RUNTIME"), "{}", ended.stderr);
    let requests = port.journal().requests();
    let writes = requests
        .iter()
        .skip(before)
        .filter(|request| request.method != "GET");
    let paths: Vec<_> = writes.map(|request| request.path().to_owned()).collect();
    // Whoever looks for the reason at Port finds it in the log.
    assert_eq!(paths, ["/v1/auth/access_token", "/ingest/logs"]);
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named_with_their_variable() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    let folder = program.folder.path();
    let text = folder.join("notes.pem");
    fs::write(&text, "no certificate at all").unwrap();
    for (variable, path, reason) in [
        ("SSL_CERT_FILE", text.as_path(), "holds no certificate"),
        (
            "SSL_CERT_FILE",
            &folder.join("missing.pem"),
            "cannot be read",
        ),
        ("SSL_CERT_DIR", folder, "holds no certificate"),
        ("SSL_CERT_DIR", &folder.join("missing"), "cannot be read"),
    ] {
        let path = path.to_str().unwrap();
        let ended = Program::between(&jira, &port)
            .set(variable, path)
            .run(&["--once"])
            .await;
        is_refused(&ended, 10, &format!("{variable}: `{path}` {reason}"));
    }
    assert_eq!((jira.journal().len(), port.journal().len()), (0, 0));
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_named_with_its_variable() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port).set("https_proxy", "http://user:hunter2@[");
    let ended = program.run(&["--once"]).await;
    is_refused(&ended, 10, "HTTPS_PROXY is no address of a proxy");
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

/// The simulated Port answers for any host when it is asked as a proxy.
#[tokio::test]
async fn a_proxy_is_used_for_all_hosts_but_those_that_are_excepted() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port)
        .set("OCEAN__PORT__BASE_URL", "http://port.example")
        .set("HTTP_PROXY", &port.url())
        .set("NO_PROXY", "127.0.0.1")
        .run(&["--once"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!port.journal().is_empty());
    assert!(!jira.journal().is_empty());
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_the_name_of_its_setting() {
    for (name, value, problem) in [
        (
            "OCEAN__EVENT_LISTENER__TYPE",
            "KAFKA",
            "is not supported yet",
        ),
        (
            "OCEAN__EVENT_LISTENER__TYPE",
            "ACTIONS_ONLY",
            "is not supported yet",
        ),
        (
            "OCEAN__LIVE_EVENTS__IS_REDIS_STREAM_CONSUMER_ENABLED",
            "true",
            "is not supported yet",
        ),
        (
            "OCEAN__ACTIONS_PROCESSOR__ENABLED",
            "true",
            "this integration has no actions",
        ),
    ] {
        let (jira, port) = (jira().await, port().await);
        let ended = Program::between(&jira, &port)
            .set(name, value)
            .run(&["sail"])
            .await;
        is_refused(&ended, 10, name);
        is_refused(&ended, 10, problem);
        assert_eq!(port.journal().len(), 0);
    }
}

#[tokio::test]
async fn weaker_certificates_are_warned_of_once_per_side() {
    let (jira, port) = (jira().await, port().await);
    let ended = Program::between(&jira, &port)
        .set(
            "OCEAN__SSL",
            r#"{"port": {"verify": false, "x509": {"strict": false}}}"#,
        )
        .set("OCEAN__SSL__THIRD_PARTY__VERIFY", "false")
        .run(&["--once"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let warnings = ended
        .stderr
        .lines()
        .filter(|line| line.contains("certificates"));
    assert_eq!(warnings.count(), 2, "{}", ended.stderr);
}
