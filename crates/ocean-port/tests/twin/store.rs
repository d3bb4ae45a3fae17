//! The integration at Port: its mapping, its state, its examples; and blueprints.

use std::time::{Duration, SystemTime};

use ocean_core::{Catalog as _, ErrorClass, IntegrationStore as _, ResyncState, ResyncStatus};
use ocean_port::PortClient;
use ocean_testkit::Action;
use serde_json::json;

use crate::{Setup, config};

const ISSUE: &str = "/v1/blueprints/issue";

#[tokio::test]
async fn an_empty_mapping_is_none_and_an_unknown_integration_an_error() {
    let setup = Setup::new().await;
    let error = setup.client.mapping().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    for (stored, read) in [
        (json!({}), None),
        (json!(null), None),
        (json!({"resources": []}), Some(json!({"resources": []}))),
    ] {
        setup.twin.set_mapping("prod", stored);
        assert_eq!(setup.client.mapping().await.unwrap(), read);
    }
}

#[tokio::test]
async fn the_state_of_a_resync_is_told() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_434_796);
    let state = ResyncState::new(ResyncStatus::Completed, at);
    setup.client.set_resync_state(&state).await.unwrap();
    let known = setup.twin.integration("prod").unwrap();
    assert_eq!(known["resyncState"]["status"], "completed");
    let end = &known["resyncState"]["lastResyncEnd"];
    assert_eq!(end, "2026-11-23T11:53:16.000000+00:00");
}

#[tokio::test]
async fn secrets_in_examples_are_hidden() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    let example = json!({"s3cret": "is s3cret", "list": [{"key": "AKIAABCDEFGHIJKLMNOP"}], "n": 1});
    setup
        .client
        .send_kind_examples("issue", vec![example])
        .await
        .unwrap();
    let hidden = json!({"s3cret": "is [REDACTED]", "list": [{"key": "[REDACTED]"}], "n": 1});
    assert_eq!(setup.twin.examples("prod", "issue"), [hidden]);
}

#[tokio::test]
async fn the_secrets_of_the_third_party_system_are_hidden_in_examples_too() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    let config = config(&setup.twin).secrets(["source/token+1".into(), "a \"quoted\" one".into()]);
    let client = PortClient::new(config).unwrap();
    let example = json!({"self": "https://x/?t=source%2Ftoken%2B1", "list": ["source/token+1"],
        "raw": "{\"a\": \"a \\\"quoted\\\" one\"}", "secret": "s3cret"});
    client
        .send_kind_examples("issue", vec![example])
        .await
        .unwrap();
    let hidden = json!({"self": "https://x/?t=[REDACTED]", "list": ["[REDACTED]"],
        "raw": "{\"a\": \"[REDACTED]\"}", "secret": "[REDACTED]"});
    assert_eq!(setup.twin.examples("prod", "issue"), [hidden]);
}

#[tokio::test]
async fn f41_examples_are_sent_once_only() {
    let setup = Setup::new().await;
    setup.fault("/examples", 100, Action::status(503));
    setup
        .client
        .send_kind_examples("issue", vec![json!({})])
        .await
        .unwrap_err();
    assert_eq!(setup.calls("/examples"), 1);
}

#[tokio::test]
async fn a_resync_request_is_seen() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    assert_eq!(setup.client.resync_requested_at().await.unwrap(), None);
    setup.twin.request_resync("prod");
    assert!(setup.client.resync_requested_at().await.unwrap().is_some());
}

#[tokio::test]
async fn the_start_of_the_last_resync_is_read_back() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({}));
    assert_eq!(setup.client.last_resync_start().await.unwrap(), None);
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_434_796);
    for (status, at) in [
        (ResyncStatus::Running, began),
        (ResyncStatus::Completed, began + Duration::from_secs(60)),
    ] {
        let state = ResyncState::new(status, at);
        setup.client.set_resync_state(&state).await.unwrap();
    }
    let last = setup.client.last_resync_start().await.unwrap();
    assert_eq!(last, Some(began));
}

#[tokio::test]
async fn feature_flags_are_read_once() {
    let setup = Setup::new().await;
    setup.twin.set_feature_flags(["A"]);
    assert_eq!(setup.client.feature_flags().await.unwrap(), ["A"]);
    setup.twin.set_feature_flags(["B"]);
    assert_eq!(setup.client.feature_flags().await.unwrap(), ["A"]);
}

#[tokio::test]
async fn a_blueprint_and_its_absence_are_remembered_until_told() {
    let setup = Setup::new().await;
    let blueprint = setup.client.blueprint("issue").await.unwrap().unwrap();
    assert_eq!(blueprint.target_of("parent"), Some("issue"));
    assert_eq!(setup.client.blueprint("absent").await.unwrap(), None);
    setup.client.blueprint("issue").await.unwrap();
    setup.client.blueprint("absent").await.unwrap();
    assert_eq!(setup.twin.journal().count("GET", ISSUE), 1);
    assert_eq!(
        setup.twin.journal().count("GET", "/v1/blueprints/absent"),
        1
    );
    setup.client.clear_cache();
    setup.client.blueprint("issue").await.unwrap();
    assert_eq!(setup.twin.journal().count("GET", ISSUE), 2);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let setup = Setup::new().await;
    setup.fault(ISSUE, 100, Action::status(503));
    setup.client.blueprint("issue").await.unwrap_err();
    setup.twin.faults().clear();
    assert!(setup.client.blueprint("issue").await.unwrap().is_some());
}
