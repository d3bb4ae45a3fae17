//! Queries in the shapes that integrations send.

use http::{Method, Uri};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::port::catalog::Writer;
use crate::port::entity::Content;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let rows = [
        ("issue", "A-1", "Open", "port-ocean/jira/1/x/exporter"),
        ("issue", "A-2", "Done", "port-ocean/jira/1/x/exporter"),
        ("issue", "B-1", "Open", "port-ocean/jira/1/y/exporter"),
        ("project", "A-1", "Open", "port-ocean/jira/1/x/exporter"),
    ];
    for (blueprint, identifier, status, datasource) in rows {
        if !catalog.blueprints.contains_key(blueprint) {
            catalog.put_blueprint(blueprint, json!({}));
        }
        let writer = Writer {
            datasource: datasource.into(),
            now: Timestamp::UNIX_EPOCH,
        };
        let properties = json!({ "status": status, "n": 1 }).to_string().into();
        let content = Content {
            properties,
            ..Content::default()
        };
        catalog
            .store(blueprint, identifier, content, &writer)
            .unwrap();
    }
    catalog
}

fn rule(property: &str, operator: &str, value: Value) -> Value {
    json!({ "property": property, "operator": operator, "value": value })
}

fn group(combinator: &str, rules: &[Value]) -> Value {
    json!({ "combinator": combinator, "rules": rules })
}

/// The keys that a query finds.
fn check(query: Value) -> Vec<String> {
    let query = Query::try_from(query).unwrap();
    let mut keys = Vec::new();
    query.visit(&catalog(), &mut |found| {
        keys.push(format!("{}/{}", found.blueprint, found.identifier));
    });
    keys
}

#[test]
fn the_diff_of_a_resync_finds_its_own_entities_only() {
    let query = group(
        "and",
        &[
            rule("$identifier", "in", json!(["B-1", "A-1", "absent"])),
            rule("$blueprint", "=", json!("issue")),
            rule("$datasource", "contains", json!("port-ocean/jira/")),
            rule("$datasource", "contains", json!("/x/exporter")),
        ],
    );
    assert_eq!(check(query), ["issue/A-1"]);
}

#[test]
fn the_batch_existence_query_finds_each_pair_once() {
    let pair = |blueprint: &str, identifier: &str| {
        group(
            "and",
            &[
                rule("$identifier", "=", json!(identifier)),
                rule("$blueprint", "=", json!(blueprint)),
            ],
        )
    };
    let pairs = [
        pair("issue", "A-2"),
        pair("project", "A-1"),
        pair("issue", "A-2"),
    ];
    let query = group(
        "and",
        &[
            group("or", &pairs),
            rule("status", "isNotEmpty", Value::Null),
        ],
    );
    assert_eq!(check(query), ["issue/A-2", "project/A-1"]);
}

#[test]
fn an_empty_group_is_true_for_and_and_false_for_or() {
    assert_eq!(check(group("and", &[])).len(), 4);
    assert!(check(group("or", &[])).is_empty());
    assert!(check(group("and", &[group("or", &[])])).is_empty());
}

#[test]
fn the_scope_never_hides_a_match() {
    // A test of identity in one branch of an `or` must not narrow the other.
    let query = group(
        "or",
        &[
            rule("$identifier", "=", json!("A-2")),
            rule("status", "=", json!("Open")),
        ],
    );
    assert_eq!(
        check(query),
        ["issue/A-1", "issue/A-2", "issue/B-1", "project/A-1"]
    );
    let query = group(
        "and",
        &[
            rule("$blueprint", "!=", json!("issue")),
            rule("$identifier", "beginsWith", json!("A")),
        ],
    );
    assert_eq!(check(query), ["project/A-1"]);
}

#[test]
fn the_answer_holds_what_include_names() {
    let uri = "/s?exclude_calculated_properties=true&include=identifier&include=properties.n";
    let body = group("and", &[rule("$identifier", "=", json!("A-2"))]).to_string();
    let request = Request::local(Method::POST, Uri::from_static(uri), body);
    let answer = search(&catalog(), &request).unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        answer["entities"],
        json!([{ "identifier": "A-2", "properties": { "n": 1 } }])
    );
    assert_eq!(answer["matchingBlueprints"], json!(["issue"]));
}

#[test]
fn a_query_without_combinator_or_rules_is_refused() {
    assert!(Query::try_from(json!({ "combinator": "and" })).is_err());
    assert!(Query::try_from(json!({ "rules": [] })).is_err());
}
