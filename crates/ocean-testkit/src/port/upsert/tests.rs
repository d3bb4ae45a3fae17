//! The store seen through its endpoint: what an upsert keeps, clears, makes and refuses.

use http::{Method, Uri};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::port::catalog::Writes;

/// A catalog with the shape of a small Jira: issues relate to a project and to each other.
fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    catalog.put_blueprint("project", json!({ "schema": { "properties": {} } }));
    let issue = json!({
        "schema": { "properties": {
            "status": { "type": "string" },
            "points": { "type": "number" },
            "components": { "type": "array", "items": { "type": "string" } },
        } },
        "relations": {
            "project": { "target": "project", "many": false, "required": false },
            "subtasks": { "target": "issue", "many": true, "required": false },
        },
    });
    catalog.put_blueprint("issue", issue);
    catalog
}

const ALL_ON: &str = "upsert=true&merge=true&create_missing_related_entities=true";
const STRICT: &str = "upsert=true&merge=true";

fn post(catalog: &mut Catalog, query: &str, entities: Value) -> (u16, Value) {
    let uri: Uri = format!("/bulk?{query}").parse().unwrap();
    let body = json!({ "entities": entities }).to_string();
    let request = Request::local(Method::POST, uri, body);
    let writer = Writer {
        datasource: "us".into(),
        now: Timestamp::UNIX_EPOCH,
    };
    match bulk(catalog, "issue", &request, Limits::default(), &writer) {
        Ok(answer) => (
            answer.status_code().as_u16(),
            serde_json::from_slice(answer.body()).unwrap(),
        ),
        Err(error) => (error.status.as_u16(), json!(error.message)),
    }
}

fn kept(catalog: &Catalog, identifier: &str) -> Value {
    let entity = catalog.entity("issue", identifier).unwrap();
    entity::value("issue", identifier, &entity.content)
}

#[test]
fn results_name_each_entity_by_index_and_a_mixed_answer_is_207() {
    let mut catalog = catalog();
    let entities = json!([
        { "identifier": "A-1", "properties": { "status": "Open" } },
        { "identifier": "A-2", "properties": { "status": 7 } },
        { "identifier": "A-3", "relations": { "project": "absent" } },
    ]);
    let (status, answer) = post(&mut catalog, STRICT, entities);
    assert_eq!(status, 207);
    assert_eq!(
        answer["entities"],
        json!([{ "identifier": "A-1", "index": 0, "created": true }])
    );
    let errors = answer["errors"].as_array().unwrap();
    let told = |error: &Value| {
        (
            error["identifier"].clone(),
            error["index"].clone(),
            error["statusCode"].clone(),
        )
    };
    assert_eq!(told(&errors[0]), (json!("A-2"), json!(1), json!(422)));
    assert_eq!(told(&errors[1]), (json!("A-3"), json!(2), json!(404)));
    assert_eq!(errors[1]["error"], "not_found");
    assert_eq!(
        catalog.writes,
        Writes {
            created: 1,
            rejected: 2,
            ..Writes::default()
        }
    );
}

#[test]
fn merge_keeps_what_is_not_mentioned_and_null_clears() {
    let mut catalog = catalog();
    let first = json!([{ "identifier": "A-1", "title": "T", "properties":
        { "status": "Open", "points": 3 } }]);
    post(&mut catalog, STRICT, first);
    let second = json!([{ "identifier": "A-1", "properties": { "points": null } }]);
    let (_, answer) = post(&mut catalog, STRICT, second);
    assert_eq!(answer["entities"][0]["created"], false);
    let entity = kept(&catalog, "A-1");
    assert_eq!(
        (&entity["title"], &entity["properties"]),
        (&json!("T"), &json!({ "status": "Open" }))
    );
}

#[test]
fn without_merge_the_entity_is_replaced() {
    let mut catalog = catalog();
    let first = json!([{ "identifier": "A-1", "title": "T", "properties": { "status": "Open" } }]);
    post(&mut catalog, STRICT, first);
    let second = json!([{ "identifier": "A-1", "properties": { "points": 1 } }]);
    post(&mut catalog, "upsert=true&merge=false", second);
    let entity = kept(&catalog, "A-1");
    assert_eq!(
        (entity.get("title"), &entity["properties"]),
        (None, &json!({ "points": 1 }))
    );
}

#[test]
fn missing_targets_become_stubs_of_the_writer_only_when_asked_for() {
    let mut catalog = catalog();
    let entities = json!([{ "identifier": "A-1",
        "relations": { "project": "A", "subtasks": ["A-2", null, "A-1", "A-2"] } }]);
    assert_eq!(post(&mut catalog, STRICT, entities.clone()).0, 207);
    assert!(
        catalog.entity("issue", "A-1").is_none(),
        "a refused entity leaves no trace"
    );
    assert_eq!(post(&mut catalog, ALL_ON, entities).0, 200);
    assert_eq!(catalog.writes.stubs, 2);
    assert_eq!(&*catalog.entity("project", "A").unwrap().datasource, "us");
    let relations = json!({ "project": "A", "subtasks": ["A-2", "A-1"] });
    assert_eq!(kept(&catalog, "A-1")["relations"], relations);
}

#[test]
fn an_entity_of_the_same_bulk_is_a_target_for_later_ones() {
    let mut catalog = catalog();
    let entities = json!([
        { "identifier": "A-1" },
        { "identifier": "A-2", "relations": { "subtasks": ["A-1"] } },
    ]);
    assert_eq!(post(&mut catalog, STRICT, entities).0, 200);
}

#[test]
fn objects_are_accepted_where_the_schema_wants_an_array_of_strings() {
    let entities =
        json!([{ "identifier": "A-1", "properties": { "components": [{ "id": "1" }] } }]);
    assert_eq!(post(&mut catalog(), STRICT, entities).0, 200);
}

#[test]
fn searches_in_identifier_and_relation_are_resolved() {
    let mut catalog = catalog();
    let rule = |status: &str| {
        json!({ "combinator": "and", "rules":
            [{ "property": "status", "operator": "=", "value": status }] })
    };
    let first = json!([{ "identifier": "A-1", "properties": { "status": "Open" } }]);
    post(&mut catalog, STRICT, first);
    let second = json!([
        { "identifier": rule("Open"), "properties": { "points": 1 } },
        { "identifier": rule("Closed"), "properties": { "points": 1 } },
        { "identifier": "A-2", "relations": { "subtasks": rule("Open") } },
    ]);
    let (_, answer) = post(&mut catalog, STRICT, second);
    assert_eq!(answer["entities"][0]["identifier"], "A-1");
    assert_eq!(answer["errors"][0]["identifier"], "unknown");
    assert_eq!(
        kept(&catalog, "A-2")["relations"],
        json!({ "subtasks": ["A-1"] })
    );
}

#[test]
fn identifiers_are_texts_without_control_characters() {
    let mut catalog = catalog();
    for identifier in [json!("a b/c \"é\" 🚀"), json!("x".repeat(512))] {
        assert_eq!(
            post(&mut catalog, STRICT, json!([{ "identifier": identifier }])).0,
            200
        );
    }
    for identifier in [
        json!(7),
        json!(null),
        json!(""),
        json!("a\nb"),
        json!("x".repeat(513)),
    ] {
        let (status, answer) = post(&mut catalog, STRICT, json!([{ "identifier": identifier }]));
        assert_eq!(
            (status, &answer["errors"][0]["statusCode"]),
            (207, &json!(422))
        );
    }
}

#[test]
fn too_many_entities_or_bytes_are_413_and_a_missing_blueprint_is_404() {
    let mut catalog = catalog();
    let many: Vec<Value> = (0..21)
        .map(|n| json!({ "identifier": n.to_string() }))
        .collect();
    assert_eq!(post(&mut catalog, STRICT, many.into()).0, 413);
    let large = json!([{ "identifier": "A", "title": "x".repeat(1 << 20) }]);
    assert_eq!(post(&mut catalog, STRICT, large).0, 413);
    catalog.blueprints.remove("issue");
    assert_eq!(
        post(&mut catalog, STRICT, json!([{ "identifier": "A" }])).0,
        404
    );
    assert_eq!(catalog.writes, Writes::default());
}

#[test]
fn an_upsert_that_changes_nothing_is_counted_apart() {
    let mut catalog = catalog();
    let entities = json!([{ "identifier": "A-1", "properties": { "status": "Open" } }]);
    post(&mut catalog, STRICT, entities.clone());
    post(&mut catalog, STRICT, entities);
    assert_eq!(
        catalog.writes,
        Writes {
            created: 1,
            unchanged: 1,
            ..Writes::default()
        }
    );
}

#[test]
fn updated_at_moves_without_a_change_only_when_chosen() {
    for (moves, second) in [(true, 9), (false, 0)] {
        let mut catalog = catalog();
        catalog.semantics.unchanged_moves_updated_at = moves;
        for second in [0, 9] {
            let now = Timestamp::from_second(second).unwrap();
            let writer = Writer {
                datasource: "us".into(),
                now,
            };
            catalog
                .store("issue", "A-1", Content::default(), &writer)
                .unwrap();
        }
        let updated_at = catalog.entity("issue", "A-1").unwrap().updated_at;
        assert_eq!(updated_at.as_second(), second);
    }
}

#[test]
fn validation_only_keeps_nothing() {
    let mut catalog = catalog();
    let query = format!("{ALL_ON}&validation_only=true");
    let entities = json!([{ "identifier": "A-1", "relations": { "project": "A" } }]);
    assert_eq!(post(&mut catalog, &query, entities).0, 200);
    assert_eq!(catalog.writes, Writes::default());
}

#[test]
fn without_upsert_an_existing_entity_is_a_conflict() {
    let mut catalog = catalog();
    post(&mut catalog, "", json!([{ "identifier": "A-1" }]));
    let (_, answer) = post(&mut catalog, "", json!([{ "identifier": "A-1" }]));
    assert_eq!(answer["errors"][0]["statusCode"], 409);
}
