//! The first start, and every later one.

use std::time::Duration;

use ocean_core::error_chain;
use ocean_port::{Defaults, Error, Origin, PortClient, Provisioned, Runtime};
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::config;

pub(crate) async fn start() -> (PortTwin, PortClient) {
    let twin = port().await;
    let client = PortClient::new(config(&twin)).unwrap();
    (twin, client)
}

pub(crate) async fn port() -> PortTwin {
    let twin = PortTwin::builder().client("id", "s3cret");
    twin.start().await.unwrap()
}

/// Two blueprints that relate to each other, so that neither can be made whole at first.
fn defaults() -> Defaults {
    let blueprint = |name: &str, target: &str| {
        json!({"identifier": name, "title": name, "schema": {"properties": {}},
            "mirrorProperties": {"m": {"path": "other.$title"}},
            "relations": {"other": {"target": target, "many": false, "required": false}}})
    };
    Defaults::new(mapping())
        .origin(Origin::Default)
        .blueprint(blueprint("a", "b"))
        .blueprint(blueprint("b", "a"))
}

fn mapping() -> Value {
    json!({"deleteDependentEntities": true, "resources": [{"kind": "a"}]})
}

fn initialized(twin: &PortTwin) -> bool {
    twin.integration("prod").unwrap()["arePortResourcesInitialized"] == true
}

/// The calls as method and path, without the token.
fn calls(twin: &PortTwin) -> Vec<String> {
    let requests = twin.journal().requests();
    let lines = requests
        .iter()
        .map(|entry| format!("{} {}", entry.method, entry.path()));
    lines
        .filter(|line| !line.ends_with("access_token"))
        .collect()
}

#[tokio::test]
async fn a_first_start_registers_and_makes_everything_in_stages() {
    let (twin, client) = start().await;
    let done = client.provision(&defaults()).await.unwrap();
    assert!(done.registered && done.updated);
    assert_eq!(done.blueprints, ["a", "b"]);
    assert!(initialized(&twin));
    let known = twin.integration("prod").unwrap();
    assert_eq!(known["config"], mapping());
    assert_eq!(known["processingMode"], "dsp");
    let mut calls = calls(&twin);
    // Within a stage the order is open.
    for stage in [3..5, 5..7, 7..9, 9..11] {
        calls[stage].sort();
    }
    assert_eq!(
        calls,
        [
            "GET /v1/integration/prod",
            "POST /v1/integration",
            "PATCH /v1/integration/prod",
            "GET /v1/blueprints/a",
            "GET /v1/blueprints/b",
            "POST /v1/blueprints",
            "POST /v1/blueprints",
            "PATCH /v1/blueprints/a",
            "PATCH /v1/blueprints/b",
            "PATCH /v1/blueprints/a",
            "PATCH /v1/blueprints/b",
            "PATCH /v1/integration/prod",
        ]
    );
}

#[tokio::test]
async fn a_second_start_only_reads() {
    let (twin, client) = start().await;
    client.provision(&defaults()).await.unwrap();
    twin.journal().clear();
    let done = client.provision(&defaults()).await.unwrap();
    assert_eq!(done, Provisioned::default());
    assert_eq!(calls(&twin), ["GET /v1/integration/prod"]);
}

#[tokio::test]
async fn a_change_of_any_setting_is_told_once() {
    let (twin, client) = start().await;
    client.provision(&defaults()).await.unwrap();
    for changed in [
        defaults().processing_mode("ocean-core"),
        defaults().capabilities(true, false),
        defaults().capabilities(false, true),
        defaults().changelog_destination(json!({"type": "KAFKA"})),
    ] {
        assert!(client.provision(&changed).await.unwrap().updated);
        assert!(!client.provision(&changed).await.unwrap().updated);
    }
    let mut config = config(&twin);
    config.integration_version = "1.0.1".to_owned();
    let upgraded = PortClient::new(config).unwrap();
    upgraded.provision(&defaults()).await.unwrap();
    assert_eq!(twin.integration("prod").unwrap()["version"], "1.0.1");
}

#[tokio::test]
async fn only_missing_blueprints_are_made() {
    let (twin, client) = start().await;
    let theirs = json!({"identifier": "a", "title": "theirs", "schema": {"properties": {}}});
    twin.put_blueprint(theirs);
    let done = client.provision(&defaults()).await.unwrap();
    assert_eq!(done.blueprints, ["b"]);
    assert_eq!(twin.journal().count("PATCH", "/v1/blueprints/a"), 0);
}

#[tokio::test]
async fn what_an_interrupted_start_left_is_finished_by_the_next() {
    // The process dies before a request of this kind is answered.
    let deaths = [
        ("POST", "\"b\"", 0),
        ("PATCH", "", 0),
        ("PATCH", "", 2),
        ("PATCH", "", 3),
    ];
    for (method, body, skip) in deaths {
        let (twin, client) = start().await;
        let rule = Rule::new(Action::Hang).method(method).body(body);
        twin.faults().add(rule.path("/v1/blueprints").skip(skip));
        let defaults = defaults();
        let killed = tokio::select! {
            done = client.provision(&defaults) => panic!("{done:?}"),
            () = fired(&twin) => client,
        };
        drop(killed);
        twin.faults().clear();

        let client = PortClient::new(config(&twin)).unwrap();
        client.provision(&defaults).await.unwrap();
        assert!(initialized(&twin));
        for wanted in &defaults.blueprints {
            let name = wanted["identifier"].as_str().unwrap();
            let found = twin.blueprint(name).unwrap();
            assert_eq!(&found, wanted, "{method} {skip}");
        }
    }
}

/// Returns when a fault has struck.
async fn fired(twin: &PortTwin) {
    while twin.faults().fired() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_failure_leaves_nothing_half_made_and_the_next_start_begins_anew() {
    for rule in [
        Rule::new(Action::status(422))
            .method("POST")
            .body(r#""identifier":"b""#)
            .path("/v1/blueprints"),
        Rule::new(Action::ApplyThenReset)
            .method("POST")
            .path("/v1/blueprints"),
        Rule::new(Action::status(422))
            .method("PATCH")
            .path("/v1/blueprints/b"),
        Rule::new(Action::status(422))
            .method("PATCH")
            .path("/v1/blueprints/a")
            .skip(1),
    ] {
        let (twin, client) = start().await;
        twin.faults().add(rule);
        let error = client.provision(&defaults()).await.unwrap_err();
        let Error::Provisioning { left_over, .. } = &error else {
            panic!("{}", error_chain(&error));
        };
        assert!(left_over.is_empty(), "{}", error_chain(&error));
        assert!(!initialized(&twin));
        twin.faults().clear();
        let done = client.provision(&defaults()).await.unwrap();
        assert_eq!(done.blueprints, ["a", "b"], "the roll-back left something");
        assert!(initialized(&twin));
    }
}

#[tokio::test]
async fn only_a_404_of_port_means_that_it_is_not_registered() {
    let (twin, client) = start().await;
    twin.faults()
        .add(Rule::new(Action::status(404)).path("/v1/integration/prod"));
    client.provision(&defaults()).await.unwrap_err();
    assert_eq!(twin.journal().count("POST", "/v1/integration"), 0);
}

#[tokio::test]
async fn a_mapping_is_never_replaced_and_an_empty_one_filled() {
    let (twin, client) = start().await;
    twin.set_mapping("prod", json!({"resources": [{"kind": "theirs"}]}));
    client.provision(&defaults()).await.unwrap();
    let known = twin.integration("prod").unwrap();
    assert_eq!(known["config"]["resources"][0]["kind"], "theirs");

    let (twin, client) = start().await;
    twin.set_mapping("prod", json!({}));
    client.provision(&defaults()).await.unwrap();
    assert_eq!(twin.integration("prod").unwrap()["config"], mapping());
}

#[tokio::test]
async fn nothing_is_made_unless_wanted() {
    let (twin, client) = start().await;
    client
        .provision(&defaults().initialize_resources(false))
        .await
        .unwrap();
    assert!(!initialized(&twin));
    assert_eq!(twin.journal().count("POST", "/v1/blueprints"), 0);

    let (twin, client) = start().await;
    client
        .provision(&defaults().origin(Origin::Empty))
        .await
        .unwrap();
    assert!(initialized(&twin));
    assert_eq!(
        twin.integration("prod").unwrap()["config"]["resources"],
        json!([])
    );
    assert_eq!(twin.journal().count("POST", "/v1/blueprints"), 0);
}

#[tokio::test]
async fn an_integration_that_is_to_be_empty_keeps_a_mapping_that_it_has() {
    let (twin, client) = start().await;
    twin.set_mapping("prod", json!({"resources": [{"kind": "theirs"}]}));
    let empty = defaults().origin(Origin::Empty);
    client.provision(&empty).await.unwrap();
    let known = twin.integration("prod").unwrap();
    assert_eq!(known["config"]["resources"][0]["kind"], "theirs");
    assert!(initialized(&twin));
}

#[tokio::test]
async fn where_port_hosts_it_a_first_mapping_starts_no_resync() {
    for (runtime, registered, header) in [
        (Runtime::Saas, "SaasOauth2", Some("true")),
        (Runtime::OnPrem, "OnPrem", None),
    ] {
        let (twin, client) = start().await;
        twin.set_mapping("prod", json!({}));
        let answer = Action::rewrite(move |_, mut answer| {
            answer["integration"]["installationType"] = registered.into();
            answer
        });
        let read = Rule::new(answer).method("GET");
        twin.faults().add(read.path("/v1/integration/prod"));
        client
            .provision(&defaults().runtime(runtime))
            .await
            .unwrap();
        let requests = twin.journal().requests();
        let filled = requests.iter().find(|one| one.path().ends_with("/config"));
        assert_eq!(filled.unwrap().header("x-skip-resync"), header);
    }
}

#[tokio::test]
async fn port_makes_the_resources_where_it_can_and_may() {
    for (types, flags, by_port) in [
        (["jira"], ["USE_PROVISIONED_DEFAULTS"], true),
        (["other"], ["USE_PROVISIONED_DEFAULTS"], false),
        (["jira"], ["OTHER"], false),
    ] {
        let twin = PortTwin::builder()
            .client("id", "s3cret")
            .feature_flags(flags);
        let theirs = json!({"resources": [{"kind": "by port"}]});
        let twin = twin
            .provisions(types, theirs.clone())
            .start()
            .await
            .unwrap();
        let client = PortClient::new(config(&twin)).unwrap();
        client
            .provision(&defaults().origin(Origin::Port))
            .await
            .unwrap();
        let known = twin.integration("prod").unwrap();
        assert_eq!(known["config"], if by_port { theirs } else { mapping() });
        let made = twin.journal().count("POST", "/v1/blueprints");
        assert_eq!(made, if by_port { 0 } else { 2 });
    }
}

#[tokio::test]
async fn an_integration_for_another_runtime_is_refused() {
    let (twin, client) = start().await;
    client.provision(&defaults()).await.unwrap();
    let error = client
        .provision(&defaults().runtime(Runtime::Saas))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OtherInstallation { .. }), "{error}");
    drop(twin);
}
