//! One outcome for each entity, whatever Port answers.

use ocean_core::{Catalog as _, Entity, ErrorClass, UpsertOutcome};
use ocean_port::PortClient;
use ocean_testkit::Action;
use ocean_testkit::port::PortTwin;
use serde_json::{Value, json};

use crate::{Setup, config, cx, entity, issue};

const BULK: &str = "/entities/bulk";

async fn upsert(setup: &Setup, entities: &[Entity]) -> Vec<UpsertOutcome> {
    let outcomes = setup.client.upsert(&cx(), "issue", entities).await.unwrap();
    assert_eq!(outcomes.len(), entities.len());
    outcomes
}

fn stored(outcome: &UpsertOutcome) -> bool {
    matches!(outcome, UpsertOutcome::Stored { .. })
}

/// Adds an error for the entity at `index` to an answer, and takes its success away.
fn refuse(index: usize, status: u16, code: &'static str) -> Action {
    Action::rewrite(move |_, mut answer| {
        let entities = answer["entities"].as_array_mut().unwrap();
        entities.retain(|entity| entity["index"] != index);
        let error = json!({"index": index, "identifier": "x", "statusCode": status, "error": code});
        answer["errors"].as_array_mut().unwrap().push(error);
        answer
    })
}

#[tokio::test]
async fn every_entity_is_stored_and_named() {
    let setup = Setup::new().await;
    let entities: Vec<_> = (0..45).map(issue).collect();
    let outcomes = upsert(&setup, &entities).await;
    for (entity, outcome) in entities.iter().zip(&outcomes) {
        let identifier = entity.key().unwrap().identifier;
        let expected = UpsertOutcome::Stored {
            identifier,
            created: true,
        };
        assert_eq!(outcome, &expected);
    }
    assert_eq!(setup.twin.entity_count("issue"), 45);
    assert_eq!(setup.calls(BULK), 3);
}

#[tokio::test]
async fn f29_a_bulk_that_fails_once_is_sent_again() {
    for action in [Action::status(500), Action::status(503), Action::Reset] {
        let setup = Setup::new().await;
        setup.fault(BULK, 1, action);
        let outcomes = upsert(&setup, &[issue(1)]).await;
        assert!(stored(&outcomes[0]), "{outcomes:?}");
        assert_eq!(setup.twin.entity_count("issue"), 1);
    }
}

#[tokio::test]
async fn f30_a_bulk_that_fails_for_good_is_told_for_each_entity() {
    let setup = Setup::new().await;
    setup.fault(BULK, 100, Action::status(503));
    for outcome in upsert(&setup, &[issue(1), issue(2)]).await {
        let UpsertOutcome::Failed(error) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.status, Some(503));
    }
}

#[tokio::test]
async fn the_status_of_a_request_is_that_of_each_of_its_entities() {
    for status in [400, 403, 422, 500] {
        let setup = Setup::new().await;
        setup.fault(BULK, 100, Action::status(status));
        for outcome in upsert(&setup, &[issue(1), issue(2)]).await {
            let UpsertOutcome::Failed(error) = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(error.status, Some(status));
        }
    }
}

#[tokio::test]
async fn what_fits_into_no_request_is_rejected() {
    let setup = Setup::new().await;
    for blueprint in ["..", ".", ""] {
        let entities = [entity(json!({"identifier": "x", "blueprint": blueprint}))];
        let outcomes = setup.client.upsert(&cx(), blueprint, &entities).await;
        let outcomes = outcomes.unwrap();
        assert!(
            matches!(outcomes[..], [UpsertOutcome::Rejected(_)]),
            "`{blueprint}`: {outcomes:?}"
        );
    }
    assert_eq!(setup.twin.journal().len(), 0);
}

#[tokio::test]
async fn f31_good_entities_stand_and_bad_ones_are_named() {
    let setup = Setup::new().await;
    let bad = entity(json!({"identifier": "bad", "blueprint": "issue", "properties": {"n": "x"}}));
    let outcomes = upsert(&setup, &[issue(1), bad, issue(2)]).await;
    assert!(stored(&outcomes[0]) && stored(&outcomes[2]));
    let UpsertOutcome::Rejected(error) = &outcomes[1] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(error.status, Some(422));
    assert!(error.message.contains("\"n\""), "{error:?}");
}

#[tokio::test]
async fn an_entity_that_port_cannot_take_now_is_sent_again_without_the_others() {
    let setup = Setup::new().await;
    setup.fault(BULK, 1, refuse(1, 503, "unavailable"));
    let outcomes = upsert(&setup, &[issue(1), issue(2), issue(3)]).await;
    assert!(outcomes.iter().all(stored), "{outcomes:?}");
    let bulks = setup.twin.journal().requests();
    let sent: Vec<Value> = bulks
        .iter()
        .filter(|entry| entry.path().contains(BULK))
        .map(|entry| entry.json()["entities"].clone())
        .collect();
    assert_eq!(sent[1].as_array().unwrap().len(), 1);
    assert_eq!(sent[1][0], sent[0][1], "the whole entity is sent again");
}

#[tokio::test]
async fn an_entity_that_port_never_takes_fails_after_a_few_repeats() {
    let setup = Setup::new().await;
    setup.fault(BULK, 100, refuse(0, 429, "too_many_requests"));
    let outcomes = upsert(&setup, &[issue(1)]).await;
    let UpsertOutcome::Failed(error) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(error.status, Some(429));
    assert_eq!(setup.calls(BULK), 4);
}

#[tokio::test]
async fn f32_a_bulk_that_is_too_large_is_halved_down_to_the_culprit() {
    let twin = PortTwin::builder()
        .client("id", "s3cret")
        .max_body_bytes(2_000);
    let setup = Setup::of(twin.start().await.unwrap());
    let mut entities: Vec<_> = (0..16).map(issue).collect();
    let text = "x".repeat(3_000);
    entities[5].properties = json!({ "text": text }).as_object().cloned();
    let outcomes = upsert(&setup, &entities).await;
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(stored(outcome), index != 5, "{outcome:?}");
    }
    let UpsertOutcome::Rejected(error) = &outcomes[5] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(error.status, Some(413));
    assert!(error.message.contains("1048576"), "{error:?}");
}

#[tokio::test]
async fn f35_a_missing_blueprint_is_told_in_one_request() {
    let setup = Setup::new().await;
    setup.twin.remove_blueprint("issue");
    for outcome in upsert(&setup, &[issue(1), issue(2)]).await {
        let UpsertOutcome::Rejected(error) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.message, "blueprint `issue` does not exist at port");
    }
    assert_eq!(setup.calls(BULK), 1);
}

#[tokio::test]
async fn the_404_of_a_proxy_is_no_missing_blueprint() {
    let setup = Setup::new().await;
    let page = Action::Status {
        code: 404,
        headers: [("content-type".to_owned(), "text/html".to_owned())].into(),
        body: json!("<html>nothing here</html>"),
    };
    setup.fault(BULK, 1, page);
    let outcomes = upsert(&setup, &[issue(1)]).await;
    assert!(
        matches!(outcomes[0], UpsertOutcome::Failed(_)),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn f36_a_missing_target_is_told_apart() {
    let setup = Setup::new().await;
    let mut cx = cx();
    cx.create_missing_related = false;
    let mut child = issue(1);
    child.relations = json!({"parent": "I-9"}).as_object().cloned();
    let outcomes = setup.client.upsert(&cx, "issue", &[child]).await.unwrap();
    assert!(
        matches!(outcomes[0], UpsertOutcome::MissingRelated(_)),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_query_that_finds_nothing_is_unresolved_and_one_that_finds_is_named() {
    let setup = Setup::new().await;
    let query = |title: &str| {
        let rule = json!({"property": "$title", "operator": "=", "value": title});
        entity(json!({"identifier": {"combinator": "and", "rules": [rule]}, "blueprint": "issue"}))
    };
    upsert(&setup, &[issue(7)]).await;
    let outcomes = upsert(&setup, &[query("8"), query("7")]).await;
    assert_eq!(outcomes[0], UpsertOutcome::Unresolved);
    let found = UpsertOutcome::Stored {
        identifier: "I-7".to_owned(),
        created: false,
    };
    assert_eq!(outcomes[1], found);
}

#[tokio::test]
async fn an_entity_that_the_answer_does_not_mention_failed() {
    let setup = Setup::new().await;
    let forget = Action::rewrite(|_, mut answer| {
        answer["entities"].as_array_mut().unwrap().remove(0);
        answer
    });
    setup.fault(BULK, 1, forget);
    let outcomes = upsert(&setup, &[issue(1), issue(2)]).await;
    assert!(
        matches!(outcomes[0], UpsertOutcome::Failed(_)),
        "{outcomes:?}"
    );
    assert!(stored(&outcomes[1]));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_success() {
    let setup = Setup::new().await;
    for text in ["<html>", "[]", r#"{"entities":[{"identifier":"I-1"}]}"#] {
        let body = Action::Body {
            content_type: "application/json".to_owned(),
            text: text.to_owned(),
        };
        setup.fault(BULK, 3, body);
        let outcomes = upsert(&setup, &[issue(1)]).await;
        assert!(
            matches!(outcomes[0], UpsertOutcome::Failed(_)),
            "{text}: {outcomes:?}"
        );
    }
}

#[tokio::test]
async fn f42_a_lost_answer_is_replayed_without_counting_twice() {
    let setup = Setup::new().await;
    setup.fault(BULK, 1, Action::ApplyThenReset);
    let outcomes = upsert(&setup, &[issue(1), issue(2)]).await;
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(stored));
    assert_eq!(setup.twin.entity_count("issue"), 2);
}

#[tokio::test]
async fn five_bulks_are_under_way_at_most_over_all_calls() {
    let setup = Setup::new().await;
    setup.fault(BULK, 100, Action::Delay { ms: 50 });
    let entities: Vec<_> = (0..160).map(issue).collect();
    let (first, second) = entities.split_at(80);
    tokio::join!(upsert(&setup, first), upsert(&setup, second));
    let journal = setup.twin.journal().requests();
    let bulks: Vec<_> = journal
        .iter()
        .filter(|entry| entry.path().ends_with(BULK))
        .collect();
    let at_once = |time| {
        let under_way = bulks
            .iter()
            .filter(|bulk| bulk.started <= time && bulk.ended.is_some_and(|ended| time < ended));
        under_way.count()
    };
    assert_eq!(bulks.len(), 8);
    let most = bulks.iter().map(|bulk| at_once(bulk.started)).max();
    assert_eq!(most, Some(5));
}

#[tokio::test]
async fn the_later_of_two_entities_with_one_key_wins() {
    let setup = Setup::new().await;
    let (first, mut second) = (issue(1), issue(1));
    second.title = Some(json!("second"));
    let outcomes = upsert(&setup, &[first, issue(2), second]).await;
    assert!(outcomes.iter().all(stored));
    let title = &setup.twin.entity("issue", "I-1").unwrap()["title"];
    assert_eq!(title, "second");
    assert_eq!(setup.calls(BULK), 2);
}

#[tokio::test]
async fn credentials_that_are_refused_end_the_call() {
    let setup = Setup::new().await;
    let mut config = config(&setup.twin);
    config.client_secret = "wrong".into();
    let client = PortClient::new(config).unwrap();
    let error = client
        .upsert(&cx(), "issue", &[issue(1)])
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
}
