//! One token for everybody.

use std::time::{Duration, Instant};

use futures::future::join_all;
use ocean_core::{Catalog as _, EntityQuery, ErrorClass, IntegrationStore as _, error_chain};
use ocean_port::PortClient;
use ocean_testkit::Action;
use ocean_testkit::port::PortTwin;
use serde_json::json;

use crate::{Setup, config, cx, issue};

#[tokio::test]
async fn one_request_fetches_the_token_of_all_first_calls() {
    let setup = Setup::new().await;
    let calls = (0..12).map(|n| {
        setup
            .client
            .blueprint(if n % 2 == 0 { "issue" } else { "user" })
    });
    for found in join_all(calls).await {
        assert!(found.unwrap().is_some());
    }
    assert_eq!(setup.twin.token_calls(), 1);
}

#[tokio::test]
async fn f13_one_refresh_serves_all_calls_that_meet_the_expired_token() {
    let setup = Setup::new().await;
    setup.client.feature_flags().await.unwrap();
    setup.twin.expire_tokens();
    let entities: Vec<_> = (0..100).map(issue).collect();
    let outcomes = setup
        .client
        .upsert(&cx(), "issue", &entities)
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 100);
    assert_eq!(setup.twin.entity_count("issue"), 100);
    assert_eq!(setup.twin.token_calls(), 2);
}

#[tokio::test]
async fn a_call_that_is_never_repeated_survives_an_expired_token() {
    let setup = Setup::new().await;
    setup.twin.set_mapping("prod", json!({"resources": []}));
    setup.client.mapping().await.unwrap();
    setup.twin.expire_tokens();
    let examples = vec![json!({"key": "A"})];
    setup
        .client
        .send_kind_examples("issue", examples)
        .await
        .unwrap();
    assert_eq!(setup.twin.examples("prod", "issue").len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let twin = PortTwin::builder()
        .client("id", "s3cret")
        .token_lifetime(Duration::from_secs(1));
    let setup = Setup::of(twin.start().await.unwrap());
    let started = Instant::now();
    let mut refused = 0;
    while started.elapsed() < Duration::from_millis(1500) {
        setup.client.clear_cache();
        setup.client.blueprint("issue").await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for entry in setup.twin.journal().requests() {
        refused += usize::from(entry.status.is_some_and(|status| status == 401));
    }
    assert_eq!(refused, 0);
    assert!(setup.twin.token_calls() >= 2);
}

#[tokio::test]
async fn f33_wrong_credentials_fail_at_once_and_are_not_shown() {
    let setup = Setup::new().await;
    let mut config = config(&setup.twin);
    config.client_secret = "wr0ng-s3cret".into();
    let client = PortClient::new(config).unwrap();
    let error = client.mapping().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    assert_eq!(setup.twin.token_calls(), 1);
    let shown = format!("{} {error:?} {client:?}", error_chain(&error));
    assert!(!shown.contains("wr0ng-s3cret"), "{shown}");
}

#[tokio::test]
async fn f14_a_token_that_is_refused_for_good_is_no_loop() {
    let setup = Setup::new().await;
    setup.fault("/v1/blueprints/issue", 100, Action::status(401));
    let error = setup.client.blueprint("issue").await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    assert_eq!(setup.twin.journal().count("GET", "/v1/blueprints/issue"), 2);
}

#[tokio::test]
async fn f34_a_pause_that_port_asks_for_holds_back_everybody() {
    let setup = Setup::new().await;
    setup.client.feature_flags().await.unwrap();
    let pause = Action::Status {
        code: 429,
        headers: [("x-ratelimit-reset".to_owned(), "1".to_owned())].into(),
        body: json!({"ok": false}),
    };
    setup.fault("/entities/search", 1, pause);
    let search = async {
        let query = EntityQuery::new("issue");
        futures::TryStreamExt::try_collect::<Vec<_>>(setup.client.search(query)).await
    };
    let other = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        setup.client.blueprint("issue").await
    };
    let (found, blueprint) = futures::join!(search, other);
    assert!(found.unwrap().is_empty() && blueprint.unwrap().is_some());
    let requests = setup.twin.journal().requests();
    let refused = requests
        .iter()
        .position(|entry| entry.status.is_some_and(|s| s == 429));
    let (before, after) = requests.split_at(refused.unwrap() + 1);
    let refused_at = before.last().unwrap().started;
    for entry in after {
        let waited = entry.started.duration_since(refused_at);
        assert!(
            waited >= Duration::from_millis(950),
            "{waited:?} {}",
            entry.uri
        );
    }
    assert_eq!(after.len(), 2);
}
