//! Mapping documents: what is accepted, what is refused and how that reads, what is sent.

use serde_json::{Value, json};

use super::*;

/// A document with one resource, whose `port.entity.mappings` are extended by `more`.
fn with_mappings(more: &Value) -> Value {
    let mut mappings = json!({"identifier": ".key", "blueprint": "'issue'"});
    for (key, value) in more.as_object().unwrap() {
        mappings[key] = value.clone();
    }
    json!({"resources": [{
        "kind": "issue",
        "selector": {"query": "true"},
        "port": {"entity": {"mappings": mappings}},
    }]})
}

fn read(document: &Value) -> AppConfig {
    AppConfig::from_value(document).unwrap().config
}

/// The messages of everything that is wrong with a document.
fn faults(document: &Value) -> Vec<String> {
    let faults = AppConfig::from_value(document).unwrap_err().faults;
    faults
        .into_iter()
        .map(|fault| format!("{} {}", fault.path, fault.message))
        .collect()
}

fn yaml_error(text: &str) -> String {
    AppConfig::from_yaml("mapping.yaml", text)
        .unwrap_err()
        .to_string()
}

#[test]
fn f44_a_yaml_error_names_its_place_and_shows_it() {
    for (text, message) in [
        (
            "resources:\n  - kind: a\n   selector: b\n",
            "mapping.yaml:3:4: not readable: while parsing a block collection, did not find \
             expected '-' indicator\n  |\n3 |    selector: b\n  |    ^",
        ),
        (
            "resources:\n\t- kind: a\n",
            "mapping.yaml:2:2: not readable: tabs disallowed within this context (block \
             indentation)\n  |\n2 |  - kind: a\n  |  ^",
        ),
        (
            "resources:\n  - kind: \"a\n",
            "mapping.yaml:2:11: not readable: unclosed quote\n  |\n2 |   - kind: \"a\n  |           ^",
        ),
        (
            "resources: []\nresources: []\n",
            "mapping.yaml:2:1: not readable: `resources` is there twice\n  |\n2 | resources: []\n  | ^",
        ),
        (
            "resources: *all\n",
            "mapping.yaml:1:12: not readable: alias references unknown anchor\n  |\n\
             1 | resources: *all\n  |            ^",
        ),
        (
            "resources: []\n---\nresources: []\n",
            "mapping.yaml:3:1: not readable: more than one document\n  |\n3 | resources: []\n  | ^",
        ),
    ] {
        assert_eq!(yaml_error(text), message);
    }
}

#[test]
fn f44_every_fault_is_reported_at_once_with_its_place() {
    let text = "\
resources:
  - kind: issue
    selector: {}
    port:
      entity:
        mappings:
          identifer: .key
          blueprint: null
          properties:
            labels: [.a, .b]
entityDeletionThreshold: 90
";
    assert_eq!(
        yaml_error(text),
        "\
mapping.yaml:3:5: `resources[0].selector.query` is missing
  |
3 |     selector: {}
  |     ^
  help: write `query: \"true\"` to take every item
mapping.yaml:6:9: `resources[0].port.entity.mappings.identifier` is missing
  |
6 |         mappings:
  |         ^
  help: add the expression that gives the entity's identifier, for example `.key`
mapping.yaml:8:22: `resources[0].port.entity.mappings.blueprint` must be a jq expression, not null
  |
8 |           blueprint: null
  |                      ^
  help: add the blueprint's name in both kinds of quotes, for example `'\"issue\"'`
mapping.yaml:10:13: `resources[0].port.entity.mappings.properties.labels` must be a jq expression, not a list
   |
10 |             labels: [.a, .b]
   |             ^
  help: a nested object is one expression as well: `'{a: .b}'`; to send null write `'null'`
mapping.yaml:11:26: `entityDeletionThreshold` must be a number from 0 to 1
   |
11 | entityDeletionThreshold: 90
   |                          ^
  help: 0 deletes nothing, 1 allows to delete everything, 0.9 is the default"
    );
}

#[test]
fn f44_an_unknown_key_is_a_warning_with_its_place_and_a_suggestion() {
    let text = "\
resources:
  - kind: issue
    selector: {query: 'true', jql: project = A}
    port:
      items_to_parse: .x
      entity: {mappings: {identifier: .key, blueprint: .b, colour: .c}}
";
    let parsed = AppConfig::from_yaml("mapping.yaml", text).unwrap();
    let warnings: Vec<_> = parsed.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "mapping.yaml:5:7: `resources[0].port.items_to_parse` is not a known key and is ignored\n  \
             |\n5 |       items_to_parse: .x\n  |       ^\n  help: did you mean `itemsToParse`?",
            "mapping.yaml:6:60: `resources[0].port.entity.mappings.colour` is not a known key and is \
             ignored\n  |\n6 |       entity: {mappings: {identifier: .key, blueprint: .b, colour: .c}}\
             \n  |                                                            ^",
        ]
    );
}

#[test]
fn f45_a_document_larger_than_any_mapping_is_refused() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        let items = vec![format!("*a{below}"); 10].join(", ");
        aliases.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    for bomb in [
        aliases,
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
    ] {
        let message = yaml_error(&bomb);
        let first = message.lines().next().unwrap();
        assert!(first.contains("not readable: "), "{first}");
        assert!(message.len() < 1_000, "{}", message.len());
    }
}

#[test]
fn a_later_finding_is_shown_in_its_file() {
    let text = "resources:\n  - kind: issue\n    selector: {query: 'true', jql: 5}\n    \
                port: {entity: {mappings: {identifier: .key, blueprint: .b}}}\n";
    let source = AppConfig::from_yaml("mapping.yaml", text).unwrap().source;
    let finding = source.finding("resources[0].selector.jql", "must be a text");
    assert!(
        finding
            .to_string()
            .starts_with("mapping.yaml:3:36: `resources[0].selector.jql` must")
    );
    let missing = source.locate("resources[0].selector.fields.0").unwrap();
    assert_eq!(
        (missing.line, missing.column),
        (3, 5),
        "the closest field that is written"
    );
}

#[test]
fn f51_an_empty_document_is_no_mapping_and_no_fault() {
    for text in ["", "{}", "null", "# only a comment\n"] {
        let parsed = AppConfig::from_yaml("mapping.yaml", text).unwrap();
        assert!(parsed.is_empty, "{text:?}");
        assert_eq!(parsed.config, AppConfig::default());
    }
    let parsed = AppConfig::from_value(&json!({"resources": []})).unwrap();
    assert!(
        !parsed.is_empty,
        "no resources is a mapping, if one that maps nothing"
    );
}

#[test]
fn everything_may_be_spelled_both_ways_at_the_root_only() {
    let config = read(&json!({
        "enable_merge_entity": false,
        "delete_dependent_entities": "no",
        "createMissingRelatedEntities": 0,
        "entity_deletion_threshold": "0.25",
    }));
    assert!(!config.enable_merge_entity);
    assert!(!config.delete_dependent_entities);
    assert!(!config.create_missing_related_entities);
    assert!((config.entity_deletion_threshold - 0.25).abs() < f64::EPSILON);
    let both = json!({"enableMergeEntity": false, "enable_merge_entity": true});
    assert!(!read(&both).enable_merge_entity);
}

#[test]
fn null_is_refused_where_there_is_a_default() {
    assert_eq!(
        faults(&json!({
            "enableMergeEntity": null,
            "entityDeletionThreshold": null,
            "resources": null,
        })),
        [
            "enableMergeEntity must be true or false, not null",
            "entityDeletionThreshold must be a number from 0 to 1",
            "resources must be a list, not null",
        ]
    );
}

#[test]
fn thresholds_outside_of_their_range_are_refused() {
    for threshold in [
        json!(-0.1),
        json!(1.1),
        json!("nan"),
        json!("inf"),
        json!([]),
    ] {
        assert_eq!(
            faults(&json!({"entityDeletionThreshold": threshold})).len(),
            1
        );
    }
}

#[test]
fn scalars_stand_for_expressions() {
    let mapping = json!({"title": 5, "icon": 1.5, "properties": {"open": true}});
    let config = read(&with_mappings(&mapping));
    let mapping = &config.resources[0].mapping;
    assert_eq!(mapping.title, Some(Some("5".to_owned())));
    assert_eq!(mapping.icon, Some(Some("1.5".to_owned())));
    assert_eq!(mapping.properties.as_ref().unwrap()["open"], "true");
}

#[test]
fn fields_that_are_not_expressions_are_refused() {
    let at = "resources[0].port.entity.mappings";
    for (mappings, fault) in [
        (
            json!({"team": ["a"]}),
            "team must be a jq expression, a search object or null, not a list",
        ),
        (
            json!({"title": {}}),
            "title must be a jq expression or null, not an object",
        ),
        (
            json!({"properties": null}),
            "properties must be an object of jq expressions, not null",
        ),
        (
            json!({"properties": {"a": null}}),
            "properties.a must be a jq expression, not null",
        ),
        (
            json!({"properties": {"a": {"b": ".c"}}}),
            "properties.a must be a jq expression, not an object",
        ),
        (
            json!({"relations": null}),
            "relations must be an object of jq expressions, not null",
        ),
        (
            json!({"relations": {"r": null}}),
            "relations.r must be a jq expression or a search object, not null",
        ),
        (
            json!({"relations": {"r": {"combinator": "x"}}}),
            "relations.r.rules is missing",
        ),
        (
            json!({"relations": {"r": {"rules": []}}}),
            "relations.r.combinator is missing",
        ),
        (
            json!({"identifier": null}),
            "identifier must be a jq expression or a search object, not null",
        ),
        (
            json!({"blueprint": {}}),
            "blueprint must be a jq expression, not an object",
        ),
    ] {
        assert_eq!(faults(&with_mappings(&mappings)), [format!("{at}.{fault}")]);
    }
}

#[test]
fn a_rule_is_a_comparison_as_soon_as_it_has_all_three_keys() {
    let compare = json!({"property": "a", "operator": "b", "value": "c", "combinator": "d"});
    let nested = json!({"combinator": "e", "rules": []});
    let search = json!({"combinator": "f", "rules": [compare, nested]});
    let config = read(&with_mappings(&json!({"identifier": search})));
    let Expression::Search(search) = &config.resources[0].mapping.identifier else {
        panic!("not a search object");
    };
    assert!(matches!(search.rules[0], SearchRule::Compare { .. }));
    assert!(matches!(search.rules[1], SearchRule::Nested(_)));
}

#[test]
fn only_real_booleans_enable_deletion() {
    for (value, accepted) in [
        (json!(true), true),
        (json!(false), true),
        (json!("true"), false),
        (json!(1), false),
        (json!(null), false),
    ] {
        let mut document = with_mappings(&json!({}));
        document["resources"][0]["enableDelete"] = value.clone();
        assert_eq!(
            AppConfig::from_value(&document).is_ok(),
            accepted,
            "{value}"
        );
    }
}

#[test]
fn items_to_parse_has_defaults_that_null_does_not_choose() {
    let mut document = with_mappings(&json!({}));
    document["resources"][0]["port"]["itemsToParse"] = json!(".x");
    let split = read(&document).resources[0].items_to_parse.clone().unwrap();
    assert_eq!(
        (split.name.as_str(), split.top_level_transform),
        ("item", true)
    );
    document["resources"][0]["port"]["itemsToParse"] = json!(null);
    assert_eq!(read(&document).resources[0].items_to_parse, None);
    for key in ["itemsToParseName", "itemsToParseTopLevelTransform"] {
        let mut document = document.clone();
        document["resources"][0]["port"][key] = json!(null);
        assert_eq!(faults(&document).len(), 1, "{key}");
    }
}

#[test]
fn a_mapping_is_sent_as_it_was_understood_in_the_order_of_the_model() {
    let document = json!({
        "resources": [{
            "port": {
                "itemsToParseName": "row",
                "itemsToParse": ".x",
                "entity": {"mappings": {
                    "relations": {"r": {"rules": [], "combinator": "'and'"}},
                    "properties": {"z": ".z", "a": 5},
                    "blueprint": "\"jiraIssue\"",
                    "icon": null,
                    "title": ".t",
                    "colour": ".c",
                    "identifier": ".key",
                }},
            },
            "selector": {"jql": "project = A", "none": null, "deep": {"x": null, "y": [null]}, "query": true},
            "enableDelete": true,
            "kind": "issue",
        }],
        "entity_deletion_threshold": 1,
    });
    assert_eq!(
        read(&document).to_value().to_string(),
        concat!(
            r#"{"deleteDependentEntities":true,"createMissingRelatedEntities":true,"#,
            r#""enableMergeEntity":true,"entityDeletionThreshold":1.0,"resources":[{"kind":"issue","#,
            r#""enableDelete":true,"selector":{"query":"true","jql":"project = A","deep":{"y":[null]}},"#,
            r#""port":{"entity":{"mappings":{"identifier":".key","title":".t","#,
            r#""blueprint":"\"jiraIssue\"","properties":{"z":".z","a":"5"},"#,
            r#""relations":{"r":{"combinator":"'and'","rules":[]}}}},"#,
            r#""itemsToParse":".x","itemsToParseName":"row"}}]}"#,
        )
    );
}

#[test]
fn what_is_sent_reads_back_as_the_same_mapping() {
    let mut document = with_mappings(&json!({"team": ".t", "properties": {}}));
    document["resources"][0]["selector"]["exportEnvVariables"] = json!(["REGION"]);
    let config = read(&document);
    assert_eq!(read(&config.to_value()), config);
}
