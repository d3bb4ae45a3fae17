//! Tokens, pauses, and a Port that is not there.

use std::time::Duration;

use ocean_core::{ErrorClass, Outcome, ResyncError, error_chain};
use ocean_port::PortConfig;
use ocean_testkit::{Action, Entry, Rule};
use ocean_tests::drift::until;
use ocean_tests::{CLIENT_ID, Drift, IDENTIFIER, fast_retries};
use serde_json::Value;

use crate::answer;

const BULK: &str = "/entities/bulk";

#[tokio::test]
async fn f13_a_token_that_expires_during_the_run_is_renewed_once_for_all() {
    let drift = Drift::new().await;
    let port = &drift.world.port;
    let calls = port.token_calls();
    port.faults().set_latency(Duration::from_millis(20));
    let expire = async {
        until("a bulk is on its way", || {
            port.journal().count("POST", BULK) > 0
        })
        .await;
        port.expire_tokens();
    };
    let ((report, found), ()) = tokio::join!(drift.resync(), expire);
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    assert_eq!(
        port.token_calls() - calls,
        2,
        "one at the start, one renewal"
    );
    let refused = port.journal().requests();
    let refused = refused
        .iter()
        .filter(|entry| entry.status.is_some_and(|s| s == 401));
    assert!(refused.count() > 1, "several requests needed the new token");
    drift.assert_deleted_except(&found, &[]);
}

#[tokio::test]
async fn f33_wrong_credentials_end_the_run_at_once_and_name_port() {
    let mut drift = Drift::new().await;
    drift.world.port_config = |config| {
        PortConfig::new(
            CLIENT_ID,
            "canary-port-secret-4711-wrong",
            IDENTIFIER,
            "jira",
            "0.1.0",
        )
        .base_url(config.base_url)
        .retry(fast_retries())
    };
    let calls = drift.world.port.token_calls();
    let error = drift.refused().await;
    let ResyncError::Catalog(cause) = &error else {
        panic!("another error: {error}");
    };
    assert_eq!(cause.class(), ErrorClass::Unauthorized);
    let shown = error_chain(&error);
    assert!(shown.contains("/v1/auth/access_token"), "{shown}");
    assert!(shown.contains("the credentials are refused"), "{shown}");
    assert_eq!(drift.world.port.token_calls() - calls, 1, "no retry loop");
}

#[tokio::test]
async fn f33_a_token_that_is_refused_for_good_stops_the_run_without_a_retry_loop() {
    let drift = Drift::new().await;
    let port = &drift.world.port;
    port.faults().add(Rule::new(Action::status(401)).path(BULK));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Unauthorized, "{report:#?}");
    assert!(found.deleted.is_empty());
    let sent = port.journal().count("POST", BULK);
    assert!(
        sent <= 10,
        "{sent} bulks, although the first answer said all"
    );
}

#[tokio::test]
async fn f34_a_429_pauses_every_request_to_port() {
    let drift = Drift::new().await;
    let port = &drift.world.port;
    // The other kinds arrive while Port wants to be left alone.
    let late = |path: &str, ms| Rule::new(Action::Delay { ms }).path(path);
    drift.world.jira.faults().add(late("/users", 60));
    drift.world.jira.faults().add(late("/search/jql", 120));
    let busy = answer(429, &[("retry-after", "0.3")], Value::Null);
    let rule = Rule::new(busy).path("/blueprints/jiraProject/entities/bulk");
    port.faults().add(rule.times(1));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    drift.assert_deleted_except(&found, &[]);
    let journal = port.journal().requests();
    let refused = |entry: &&Entry| entry.status.is_some_and(|status| status == 429);
    let refused = journal.iter().find(refused).expect("the fault was applied");
    let told = refused.ended.expect("it was answered");
    let since = |entry: &Entry| entry.started.saturating_duration_since(told);
    // What the client sent before it read the answer may still arrive.
    let window = Duration::from_millis(50)..Duration::from_millis(295);
    let inside: Vec<_> = journal
        .iter()
        .filter(|entry| window.contains(&since(entry)))
        .collect();
    assert!(inside.is_empty(), "{inside:#?}");
    let after = journal.iter().filter(|entry| since(entry) >= window.end);
    assert!(
        after.count() > 3,
        "work was waiting for the end of the pause"
    );
}

#[tokio::test]
async fn f40_a_port_that_is_down_for_a_while_is_waited_for() {
    let drift = Drift::new().await;
    let faults = drift.world.port.faults();
    faults.add(Rule::new(Action::Reset).times(4));
    faults.add(Rule::new(Action::status(503)).times(4));
    let (report, found) = drift.resync().await;
    assert_eq!(
        (report.outcome, faults.fired()),
        (Outcome::Completed, 8),
        "{report:#?}"
    );
    drift.assert_deleted_except(&found, &[]);
}

#[tokio::test]
async fn f40_a_port_that_stays_down_is_an_error_after_a_bounded_number_of_attempts() {
    let drift = Drift::new().await;
    for fault in [Action::Reset, Action::status(503), Action::status(500)] {
        let name = fault.name();
        drift.world.port.faults().clear();
        drift.world.port.faults().add(Rule::new(fault));
        drift.world.port.journal().clear();
        let error = drift.refused().await;
        assert!(matches!(error, ResyncError::Catalog(_)), "{name}: {error}");
        let asked = drift.world.port.journal().len();
        assert!((4..=11).contains(&asked), "{name}: {asked} requests");
    }
}

#[tokio::test]
async fn f40_nobody_listening_is_an_error_that_says_where() {
    let mut drift = Drift::new().await;
    // Port 9 of the loopback interface: nothing listens there, and a connection is refused.
    drift.world.port_config = |config| config.base_url("http://127.0.0.1:9").retry(fast_retries());
    let error = drift.refused().await;
    let shown = error_chain(&error);
    assert!(shown.contains("http://127.0.0.1:9/"), "{shown}");
}

#[tokio::test]
async fn f40_a_port_that_goes_down_in_the_middle_loses_nothing() {
    let mut drift = Drift::new().await;
    // It answers what a run asks at its start and is gone from the first bulk on.
    let faults = drift.world.port.faults();
    faults.add(Rule::new(Action::Reset).path(BULK));
    faults.add(Rule::new(Action::Reset).body("\"before\""));
    let (report, found) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Incomplete, "{report:#?}");
    assert!(found.deleted.is_empty());
    assert_eq!(report.totals().created + report.totals().updated, 0);
    drift.recover();
    let (report, _) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
}
