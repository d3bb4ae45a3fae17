//! Mappings at work: what becomes of items, good and bad.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::app_config::AppConfig;
use crate::batch::{Batch, RawItem};

/// The mapper of a resource with this `port` and query.
fn resource(query: &str, port: &Value) -> (Arc<ResourceMapper>, Vec<ExpressionFault>) {
    let document = json!({"resources": [
        {"kind": "thing", "selector": {"query": query}, "port": port},
    ]});
    let config = AppConfig::from_value(&document).unwrap().config;
    let variables = [("REGION".to_owned(), "eu".to_owned())];
    let (compiled, faults) = CompiledMapping::compile(&config, &Environment::new(variables));
    (Arc::clone(compiled.resource(0).unwrap()), faults)
}

/// The mapper of a resource with these `port.entity.mappings` beside identifier and blueprint.
fn mapper(more: &Value) -> Arc<ResourceMapper> {
    let mut mappings = json!({"identifier": ".id", "blueprint": "'thing'"});
    for (key, value) in more.as_object().unwrap() {
        mappings[key] = value.clone();
    }
    resource("true", &json!({"entity": {"mappings": mappings}})).0
}

fn map(mapper: &ResourceMapper, items: Value) -> Mapped {
    let Value::Array(items) = items else {
        panic!("not a list of items")
    };
    mapper.map(&Batch::from(items), MapOptions::default())
}

fn identifiers(mapped: &Mapped) -> Vec<Value> {
    mapped
        .passed
        .iter()
        .map(|entity| entity.identifier.clone())
        .collect()
}

fn errors(mapped: &Mapped) -> Vec<String> {
    mapped
        .errors
        .samples
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn only_declared_fields_are_set_and_null_is_not_missing() {
    let mapper = mapper(&json!({
        "title": ".t",
        "icon": null,
        "properties": {"bad": ".a | foo", "multi": ".l[]", "err": ".id.x", "flt": ".f"},
        "relations": {"l": "[.l[]]", "r": ".r"},
    }));
    let mapped = map(&mapper, json!([{"id": "1", "l": [1, 2], "f": 1.0}]));
    assert_eq!(
        serde_json::to_string(&mapped.passed[0]).unwrap(),
        concat!(
            r#"{"identifier":"1","icon":null,"blueprint":"thing","title":null,"#,
            r#""properties":{"multi":1,"err":null,"flt":1,"bad":null},"relations":{"l":[1,2],"r":null}}"#,
        )
    );
    let fields: Vec<_> = mapped
        .misconfigured
        .iter()
        .map(|field| field.path.as_str())
        .collect();
    let expected = ["title", "properties.bad", "properties.err", "relations.r"];
    assert_eq!(fields, expected, "a declared null is no misconfiguration");
    let failed: Vec<_> = mapped
        .misconfigured
        .iter()
        .map(|field| field.failed)
        .collect();
    assert_eq!(failed, [0, 1, 1, 0]);
}

#[test]
fn f46_a_syntax_error_is_reported_with_its_field_and_column_and_gives_null() {
    let (mapper, faults) = resource(
        ".open and (",
        &json!({"entity": {"mappings": {
            "identifier": ".id",
            "blueprint": "'thing'",
            "relations": {"r": {"combinator": "'and'", "rules": [
                {"property": "'p'", "operator": "'='", "value": ".a | foo"},
            ]}},
        }}, "itemsToParse": "]"}),
    );
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "resources[0].selector.query",
            "resources[0].port.entity.mappings.relations.r.rules[0].value",
            "resources[0].port.itemsToParse",
        ]
    );
    assert!(
        faults
            .iter()
            .all(|fault| fault.cause == FaultCause::Rejected),
        "{faults:?}"
    );
    assert_eq!(faults[1].column, Some(6), "{}", faults[1]);
    assert_eq!(map(&mapper, json!([{"id": "1"}])).unsplit.failed, 1);
}

#[test]
fn f46_a_syntax_error_is_shown_in_the_mapping_file() {
    let text = "resources:\n  - kind: issue\n    selector: {query: 'true'}\n    port: {entity: \
                {mappings: {identifier: '.key |', blueprint: .b}}}\n";
    let parsed = AppConfig::from_yaml("mapping.yaml", text).unwrap();
    let (_, faults) = CompiledMapping::compile(&parsed.config, &Environment::default());
    let told = faults[0].finding(&parsed.source).to_string();
    let start = "mapping.yaml:4:44: `resources[0].port.entity.mappings.identifier` is not a jq \
                 expression: ";
    assert!(told.starts_with(start), "{told}");
}

#[test]
fn f46_what_only_our_engine_lacks_is_told_apart() {
    let mappings =
        json!({"identifier": ".id", "blueprint": "'thing'", "title": "$__loc__ | .x?//1"});
    let (_, faults) = resource("true", &json!({"entity": {"mappings": mappings}}));
    for fault in faults {
        let told = fault.to_string();
        let says = match fault.cause {
            FaultCause::Rejected => "is not a jq expression",
            FaultCause::Unsupported => "is jq, but",
        };
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn f47_a_missing_key_says_whether_the_expression_failed_or_gave_nothing() {
    let mapper = mapper(&json!({"identifier": ".id | if . == 7 then error(\"no\") else . end"}));
    let mapped = map(
        &mapper,
        json!([{"id": 7}, {"id": null}, {"id": ""}, {"id": "a"}, {}]),
    );
    assert_eq!(identifiers(&mapped), [json!("a")]);
    assert_eq!(mapped.skipped.items, 4);
    assert_eq!(
        mapped.skipped.identifier,
        NoKey {
            failed: 1,
            empty: 3
        }
    );
    assert_eq!(mapped.skipped.blueprint, NoKey::default());
    assert_eq!(
        mapped.errors.total, 0,
        "a missing key is no error of the item"
    );
}

#[test]
fn f49_a_selector_that_is_not_boolean_is_an_error_of_its_item() {
    let mappings = json!({"identifier": ".id", "blueprint": "'thing'"});
    let (mapper, _) = resource(".up", &json!({"entity": {"mappings": mappings}}));
    let mapped = map(
        &mapper,
        json!([{"id": 1, "up": true}, {"id": 2, "up": "yes"}, {"id": 3, "up": false}, {"id": 4},
               {"id": 5, "up": []}]),
    );
    assert_eq!(identifiers(&mapped), [json!(1)]);
    assert_eq!(
        (mapped.raw, mapped.filtered, mapped.errors.total),
        (5, 1, 3)
    );
    assert_eq!(
        errors(&mapped),
        [
            "item 1 (id 2): `selector.query` gave a text where true or false is needed",
            "item 3 (id 4): `selector.query` gave null where true or false is needed",
            "item 4 (id 5): `selector.query` gave a list where true or false is needed",
        ]
    );
}

#[test]
fn f49_a_failing_selector_is_an_error_of_its_item() {
    let mappings = json!({"identifier": ".id", "blueprint": "'thing'"});
    let (mapper, _) = resource("error(\"no\")", &json!({"entity": {"mappings": mappings}}));
    let mapped = map(&mapper, json!([{"id": 1}]));
    assert_eq!(errors(&mapped), ["item 0 (id 1): `selector.query` no"]);
    assert_eq!(mapped.errors.samples[0].kind, ItemErrorKind::SelectorFailed);
}

#[test]
fn f50_an_expression_sees_only_the_environment_it_is_given() {
    let mapper = mapper(&json!({"properties": {
        "region": "env.REGION", "all": "$ENV | keys", "input": "input", "debug": "debug | .id",
    }}));
    let mapped = map(&mapper, json!([{"id": "1"}]));
    assert_eq!(
        json!(mapped.passed[0].properties),
        json!({"region": "eu", "all": ["REGION"], "input": null, "debug": "1"})
    );
}

#[test]
fn f51_a_null_blueprint_skips_the_entity() {
    let mapper = mapper(&json!({"blueprint": ".kind"}));
    let mapped = map(
        &mapper,
        json!([{"id": "1"}, {"id": "2", "kind": "k"}, {"id": "3", "kind": ""}]),
    );
    assert_eq!(identifiers(&mapped), [json!("2")]);
    assert_eq!(
        mapped.skipped.blueprint,
        NoKey {
            failed: 0,
            empty: 2
        }
    );
    assert_eq!(mapper.literal_blueprint(), None);
}

#[test]
fn one_bad_entity_fails_alone() {
    let mapper = mapper(&json!({"icon": ".icon", "blueprint": ".kind"}));
    let mapped = map(
        &mapper,
        json!([
            {"id": "1", "kind": "k", "icon": {"a": 1}},
            {"id": "2", "kind": "k", "icon": true},
            {"id": "3", "kind": ["k"]},
        ]),
    );
    assert_eq!(identifiers(&mapped), [json!("2")]);
    assert_eq!(mapped.passed[0].icon, Some(json!("True")));
    let kinds: Vec<_> = mapped
        .errors
        .samples
        .iter()
        .map(|error| error.kind)
        .collect();
    assert_eq!(
        kinds,
        [ItemErrorKind::EntityShape, ItemErrorKind::BlueprintNotText]
    );
}

#[test]
fn parse_all_maps_what_the_selector_refuses() {
    let mappings = json!({"identifier": ".id", "blueprint": "'thing'"});
    let (mapper, _) = resource(".up", &json!({"entity": {"mappings": mappings}}));
    let batch = Batch::from(vec![
        json!({"id": 1, "up": false}),
        json!({"id": 2, "up": true}),
    ]);
    let mapped = mapper.map(&batch, MapOptions::default().parse_all());
    assert_eq!(
        (mapped.passed.len(), mapped.failed.len(), mapped.filtered),
        (1, 1, 0)
    );
    assert_eq!(mapped.failed[0].identifier, json!(1));
}

#[test]
fn errors_are_all_counted_and_the_first_ones_kept() {
    let mappings = json!({"identifier": ".id", "blueprint": "'thing'"});
    let (mapper, _) = resource("null", &json!({"entity": {"mappings": mappings}}));
    let items: Vec<_> = (0..30).map(|id| json!({"id": id})).collect();
    let mapped = map(&mapper, json!(items));
    assert_eq!((mapped.errors.total, mapped.errors.samples.len()), (30, 10));
    assert!(mapped.errors.samples[9].item.starts_with("item 9 "));
}

#[test]
fn an_item_that_is_no_object_is_an_error() {
    let mapped = map(&mapper(&json!({})), json!([5, {"id": "a"}]));
    assert_eq!(identifiers(&mapped), [json!("a")]);
    assert_eq!(errors(&mapped), ["item 0: `item` is not an object"]);
}

#[test]
fn fields_that_an_integration_added_win() {
    let mapper =
        mapper(&json!({"identifier": ".__key", "title": ".name", "properties": {"all": "keys"}}));
    let item = RawItem::from(json!({"name": "old", "x": 1}))
        .with("__key", "K")
        .with("name", "new");
    let mapped = mapper.map(&Batch::new(vec![item]), MapOptions::default());
    assert_eq!(identifiers(&mapped), [json!("K")]);
    assert_eq!(mapped.passed[0].title, Some(json!("new")));
    assert_eq!(
        json!(mapped.passed[0].properties),
        json!({"all": ["__key", "name", "x"]})
    );
}

#[test]
fn an_added_field_reaches_a_mapping_that_reads_only_some_paths() {
    let mapper = mapper(&json!({"title": ".__board.name", "properties": {"deep": ".a.b"}}));
    let item = RawItem::from(json!({"id": "1", "a": {"b": 2, "c": 3}, "z": [1]}))
        .with("__board", json!({"name": "B"}));
    let mapped = mapper.map(&Batch::new(vec![item]), MapOptions::default());
    assert_eq!(mapped.passed[0].title, Some(json!("B")));
    assert_eq!(json!(mapped.passed[0].properties), json!({"deep": 2}));
}

#[test]
fn items_to_parse_makes_several_items_of_one() {
    let port = json!({
        "entity": {"mappings": {
            "identifier": "(.id | tostring) + \"-\" + (.item | tostring)",
            "blueprint": "'row'",
            "properties": {"left": "keys"},
        }},
        "itemsToParse": ".l",
    });
    let (mapper, _) = resource(".item != 2", &port);
    let mapped = map(
        &mapper,
        json!([{"id": 1, "l": [1, 2, 3], "z": 9}, {"id": 2, "l": []}, {"id": 3}]),
    );
    assert_eq!(identifiers(&mapped), [json!("1-1"), json!("1-3")]);
    assert_eq!(
        json!(mapped.passed[0].properties),
        json!({"left": ["id", "item", "z"]})
    );
    assert_eq!((mapped.raw, mapped.filtered), (3, 1));
    assert_eq!(
        mapped.unsplit,
        Unsplit {
            failed: 0,
            null: 1,
            not_a_list: 0
        }
    );
    assert!(mapper.uses_items_to_parse());
}

#[test]
fn without_a_path_to_delete_the_item_is_kept_whole() {
    let port = json!({
        "entity": {"mappings": {"identifier": ".item", "blueprint": "'row'", "properties": {"l": ".l"}}},
        "itemsToParse": "[.l[]]",
    });
    let mapped = map(&resource("true", &port).0, json!([{"l": ["a"]}]));
    assert_eq!(json!(mapped.passed[0].properties), json!({"l": ["a"]}));
}

#[test]
fn an_item_that_exhausts_its_budget_fails_and_the_others_go_on() {
    let mapper = mapper(&json!({"title": "if .loop then [range(1e12)] | length else .id end"}));
    let mut options = MapOptions::default();
    options.limits.steps = 10_000;
    let items = Batch::from(vec![json!({"id": "1", "loop": true}), json!({"id": "2"})]);
    let mapped = mapper.map(&items, options);
    assert_eq!(identifiers(&mapped), [json!("2")]);
    assert_eq!(mapped.errors.samples[0].kind, ItemErrorKind::Exhausted);
    assert_eq!(mapped.errors.samples[0].path, "title");
}

#[test]
fn a_resource_tells_what_it_can_write() {
    let mapper = mapper(&json!({
        "title": ".t", "team": null, "icon": "'I'",
        "properties": {"b": ".b", "a": ".a"},
        "relations": {"r": {"combinator": "'and'", "rules": []}},
    }));
    assert_eq!(mapper.literal_blueprint(), Some("thing"));
    assert!(mapper.declares_search_relation());
    assert!(!mapper.declares_search_identifier());
}

#[test]
fn a_small_value_that_unfolds_to_a_huge_one_is_an_error_of_its_item() {
    let folded = "if .id == \"bad\" then reduce range(60) as $i (1; [., .]) else .id end";
    let items = json!([{"id": "bad"}, {"id": "good"}]);
    for (path, mappings) in [
        ("properties.p", json!({"properties": {"p": folded}})),
        ("identifier", json!({"identifier": folded})),
    ] {
        let mapped = map(&mapper(&mappings), items.clone());
        assert_eq!(identifiers(&mapped), ["good"], "{path}");
        let error = &mapped.errors.samples[0];
        let found = (error.kind, error.path.as_str());
        assert_eq!(found, (ItemErrorKind::Exhausted, path));
    }
}
