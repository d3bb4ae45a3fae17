//! A first start that fails or dies at any of its calls is made good by the second one.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use ocean_port::{Defaults, Origin, PortClient};
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Entry, Rule};
use serde_json::{Value, json};

use crate::config;
use crate::provision::{port, start};

/// Two blueprints that relate to each other and one that stands alone, with all that may go with
/// them.
fn everything() -> Defaults {
    let blueprint = |name: &str, target: &str| {
        json!({"identifier": name, "title": name, "schema": {"properties": {}},
            "mirrorProperties": {"m": {"path": "other.$title"}},
            "relations": {"other": {"target": target, "many": false, "required": false}}})
    };
    Defaults::new(json!({"resources": [{"kind": "a"}]}))
        .blueprint(blueprint("a", "b"))
        .blueprint(blueprint("b", "a"))
        .blueprint(json!({"identifier": "c", "schema": {"properties": {}}}))
        .action(json!({"identifier": "deploy"}))
        .action(json!({"identifier": "destroy"}))
        .scorecard("a", json!({"identifier": "ready"}))
        .scorecard("b", json!({"identifier": "ready"}))
        .page(json!({"identifier": "overview"}))
}

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Port fails, and did nothing.
    Refused,
    /// The connection breaks before Port has done anything.
    CutBefore,
    /// The connection breaks after Port has done it.
    CutAfter,
    /// The process dies while it waits for the answer; Port did nothing.
    KilledBefore,
    /// The process dies while it waits for the answer; Port did it.
    KilledAfter,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::Refused,
        Self::CutBefore,
        Self::CutAfter,
        Self::KilledBefore,
        Self::KilledAfter,
    ];

    fn action(self) -> Action {
        match self {
            Self::Refused => Action::status(500),
            Self::CutBefore => Action::Reset,
            Self::CutAfter => Action::ApplyThenReset,
            Self::KilledBefore => Action::Hang,
            Self::KilledAfter => Action::HangAfterHeaders,
        }
    }

    fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }
}

/// All that provisioning leaves at Port, without times.
fn left(twin: &PortTwin) -> Value {
    let mut integration = twin.integration("prod").unwrap();
    let members = integration.as_object_mut().unwrap();
    members.retain(|key, _| !["createdAt", "updatedAt"].contains(&key.as_str()));
    let names = ["a", "b", "c"];
    json!({
        "integration": integration,
        "blueprints": (names.map(|name| twin.blueprint(name))),
        "actions": twin.actions(),
        "scorecards": (names.map(|name| twin.scorecards(name))),
        "pages": twin.pages(),
    })
}

/// A client that reads no certificates, which would take longer than all that it asks.
fn client(twin: &PortTwin) -> PortClient {
    PortClient::new(config(twin).verify_tls(false)).unwrap()
}

/// A start that ends by itself, however.
async fn provision(twin: &PortTwin, defaults: &Defaults) {
    // What it could not do is seen in what is left.
    let _ended = client(twin).provision(defaults).await;
}

/// A start that is killed at the first fault that strikes; it ends by itself when none does.
async fn killed(twin: &PortTwin, defaults: &Defaults) {
    let struck = async {
        while twin.faults().fired() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // What is asked side by side arrives, too.
        tokio::time::sleep(Duration::from_millis(3)).await;
    };
    tokio::select! {
        () = provision(twin, defaults) => {}
        () = struck => {}
    }
}

/// The n-th call and, if `stays`, all that follow go wrong; returns whether any did.
async fn disturbed(
    defaults: &Defaults,
    at: u64,
    fault: Fault,
    stays: bool,
    wanted: &Value,
) -> bool {
    let twin = port().await;
    let rule = Rule::new(fault.action()).path("/v1/").skip(at);
    twin.faults().add(if stays { rule } else { rule.times(1) });
    if fault.kills() {
        killed(&twin, defaults).await;
    } else {
        provision(&twin, defaults).await;
    }
    let struck = twin.faults().fired() > 0;
    twin.faults().clear();
    provision(&twin, defaults).await;
    assert_eq!(left(&twin), *wanted, "call {at}, {fault:?}, stays: {stays}");
    struck
}

/// What one start leaves that nothing disturbs, and how many calls it takes.
async fn undisturbed(defaults: &Defaults) -> (Value, u64) {
    let twin = port().await;
    provision(&twin, defaults).await;
    (left(&twin), twin.journal().len() as u64)
}

#[tokio::test]
async fn one_start_leaves_everything_that_the_defaults_have() {
    let defaults = everything().origin(Origin::Default);
    let (left, _) = undisturbed(&defaults).await;
    let names = |documents: &Value| -> Vec<String> {
        let documents = documents.as_array().unwrap().iter();
        let names = documents.map(|one| one["identifier"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(left["blueprints"], Value::from(defaults.blueprints));
    assert_eq!(names(&left["actions"]), ["deploy", "destroy"]);
    assert_eq!(names(&left["scorecards"][0]), ["ready"]);
    assert_eq!(names(&left["scorecards"][1]), ["ready"]);
    assert_eq!(names(&left["pages"]), ["overview"]);
}

#[tokio::test]
async fn whatever_happens_at_any_call_a_second_start_ends_in_the_complete_state() {
    for (defaults, least) in [
        (everything().origin(Origin::Default), 20),
        (everything(), 22),
        (everything().origin(Origin::Empty), 5),
    ] {
        let (wanted, calls) = undisturbed(&defaults).await;
        assert_eq!(wanted["integration"]["arePortResourcesInitialized"], true);
        assert!(calls >= least, "{calls}");
        let mut runs = Vec::new();
        for fault in Fault::ALL {
            for at in 0..calls {
                runs.push(disturbed(&defaults, at, fault, true, &wanted));
                // Whoever was killed meets no second fault.
                if !fault.kills() {
                    runs.push(disturbed(&defaults, at, fault, false, &wanted));
                }
            }
        }
        let struck: Vec<bool> = stream::iter(runs).buffer_unordered(8).collect().await;
        assert!(struck.iter().all(|struck| *struck), "nothing went wrong");
    }
}

#[tokio::test]
async fn two_starts_at_once_leave_what_one_leaves() {
    let defaults = everything().origin(Origin::Default);
    let (wanted, _) = undisturbed(&defaults).await;
    for latency in 0..20 {
        let twin = port().await;
        let (one, other) = (client(&twin), client(&twin));
        twin.faults()
            .set_latency(Duration::from_millis(latency % 4));
        let late = async {
            tokio::time::sleep(Duration::from_millis(latency)).await;
            other.provision(&defaults).await
        };
        let (one, other) = tokio::join!(one.provision(&defaults), late);
        assert_eq!(left(&twin), wanted, "{latency} ms");
        for provisioned in [one, other] {
            assert_eq!(provisioned.unwrap().missing, [""; 0], "{latency} ms");
        }
    }
}

/// The slower one finishes what the faster one began, and the faster one, which fails, does not
/// take it away again.
#[tokio::test]
async fn two_starts_at_once_of_which_one_fails_leave_what_one_leaves() {
    let defaults = everything().origin(Origin::Default);
    let (wanted, calls) = undisturbed(&defaults).await;
    for at in 0..2 * calls {
        let twin = port().await;
        let (one, other) = (client(&twin), client(&twin));
        let rule = Rule::new(Action::status(500)).path("/v1/").skip(at);
        twin.faults().add(rule.times(1));
        let _ended = tokio::join!(one.provision(&defaults), other.provision(&defaults));
        twin.faults().clear();
        provision(&twin, &defaults).await;
        assert_eq!(left(&twin), wanted, "call {at}");
    }
}

/// The answer of a Port that does not have it.
fn absent() -> Action {
    Action::Status {
        code: 404,
        headers: Default::default(),
        body: json!({"ok": false, "error": "not_found"}),
    }
}

#[tokio::test]
async fn what_another_start_began_after_it_was_looked_for_is_finished() {
    let (twin, client) = start().await;
    twin.put_blueprint(json!({"identifier": "a", "title": "a", "schema": {"properties": {}}}));
    let look = Rule::new(absent()).method("GET").path("/v1/blueprints/a");
    twin.faults().add(look.times(1));
    client.provision(&everything()).await.unwrap();
    assert_eq!(left(&twin), undisturbed(&everything()).await.0);
    // Before it is noted that everything is there, since who dies in between is not asked again.
    let requests = twin.journal().requests();
    let of_a = |one: &Entry| one.method == "PATCH" && one.path() == "/v1/blueprints/a";
    let noted = |one: &Entry| one.json()["arePortResourcesInitialized"] == true;
    let finished = requests.iter().rposition(of_a).unwrap();
    assert!(finished < requests.iter().position(noted).unwrap());
}

#[tokio::test]
async fn what_another_start_takes_back_after_it_was_seen_is_made_again() {
    let (twin, client) = start().await;
    twin.put_blueprint(everything().blueprints[2].clone());
    let look = Rule::new(absent()).method("GET").path("/v1/blueprints/c");
    twin.faults().add(look.times(1));
    let twin = Arc::new(twin);
    let rival = Arc::clone(&twin);
    let takes_back = Action::rewrite(move |_, answer| {
        rival.remove_blueprint("c");
        answer
    });
    let note = Rule::new(takes_back).body("arePortResourcesInitialized");
    twin.faults().add(note.times(1));
    client.provision(&everything()).await.unwrap();
    assert_eq!(left(&twin), undisturbed(&everything()).await.0);
}

#[tokio::test]
async fn a_start_that_fails_takes_nothing_away_from_one_that_has_succeeded() {
    let (twin, client) = start().await;
    twin.faults().add(
        Rule::new(Action::status(422))
            .method("PATCH")
            .path("/blueprints/b"),
    );
    let succeeded = Action::rewrite(|_, mut answer| {
        answer["integration"]["arePortResourcesInitialized"] = true.into();
        answer
    });
    let read = Rule::new(succeeded)
        .method("GET")
        .path("/v1/integration/prod");
    // The first reading finds nothing.
    twin.faults().add(read.skip(1));
    client.provision(&everything()).await.unwrap();
    assert_eq!(twin.journal().count("DELETE", "/v1/blueprints"), 0);
}

#[tokio::test]
async fn an_action_that_cannot_be_made_holds_up_nothing_and_is_tried_again() {
    let (twin, client) = start().await;
    twin.faults().add(
        Rule::new(Action::status(422))
            .path("/v1/actions")
            .body("deploy"),
    );
    let done = client.provision(&everything()).await.unwrap();
    assert_eq!(done.missing, ["action deploy"]);
    assert_eq!((twin.actions().len(), twin.pages().len()), (1, 1));
    assert_ne!(
        left(&twin)["integration"]["arePortResourcesInitialized"],
        true
    );
    twin.faults().clear();
    assert!(
        client
            .provision(&everything())
            .await
            .unwrap()
            .missing
            .is_empty()
    );
    assert_eq!(left(&twin), undisturbed(&everything()).await.0);
}

#[tokio::test]
async fn what_is_there_is_taken_for_made_whatever_status_says_so() {
    let taken = |status, body: Value| Action::Status {
        code: status,
        headers: Default::default(),
        body,
    };
    for (action, missing) in [
        (taken(409, Value::Null), 0),
        (taken(422, json!({"error": "identifier_taken"})), 0),
        (
            taken(422, json!({"message": "page overview already exists"})),
            0,
        ),
        (taken(422, json!({"error": "invalid_request"})), 1),
        (taken(422, Value::Null), 1),
    ] {
        let (twin, client) = start().await;
        twin.faults()
            .add(Rule::new(action.clone()).path("/v1/pages"));
        let done = client.provision(&everything()).await.unwrap();
        assert_eq!(done.missing.len(), missing, "{action:?}");
    }
}

#[tokio::test]
async fn resources_that_exist_are_not_touched() {
    let (twin, client) = start().await;
    let note = Rule::new(Action::status(500)).method("PATCH");
    twin.faults().add(note.body("arePortResourcesInitialized"));
    client.provision(&everything()).await.unwrap_err();
    twin.faults().clear();
    twin.journal().clear();
    client.provision(&everything()).await.unwrap();
    assert_eq!(twin.journal().count("PATCH", "/v1/blueprints"), 0);
    assert_eq!(left(&twin), undisturbed(&everything()).await.0);
}
