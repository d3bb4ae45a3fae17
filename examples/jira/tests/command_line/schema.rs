//! The schemas of what users write.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::Program;

/// The file that editors are pointed at is what the program prints.
async fn check(which: &str) -> Value {
    let ended = Program::new().run(&["schema", which]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{which}.json"));
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == ended.stdout,
        "schemas/{which}.json is old; renew it with \
         `cargo run -p ocean-jira -- schema {which} > examples/jira/schemas/{which}.json`"
    );
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn the_schema_of_the_mapping_is_current_and_knows_every_selector() {
    let schema = check("mapping").await;
    let kinds = schema["$defs"]["resource"]["properties"]["kind"]["enum"].as_array();
    for kind in kinds.unwrap() {
        let name = format!("selector-{}", kind.as_str().unwrap());
        let selector = &schema["$defs"][&name];
        assert_eq!(selector["additionalProperties"], false, "{name}");
        assert!(selector["properties"]["query"].is_object(), "{name}");
    }
    let jql = &schema["$defs"]["selector-issue"]["properties"]["jql"];
    assert_eq!(jql["type"], serde_json::json!("string"), "{jql}");
}

#[tokio::test]
async fn the_schema_of_the_settings_is_current_and_knows_those_of_the_integration() {
    let schema = check("settings").await;
    let config = &schema["properties"]["integration"]["properties"]["config"]["properties"];
    assert_eq!(config["jiraHost"]["format"], "uri", "{config}");
}

/// The keys of a mapping that a schema does not know would be underlined in editors.
#[tokio::test]
async fn the_default_mapping_writes_nothing_that_the_schema_does_not_know() {
    let schema = check("mapping").await;
    let mapping = ocean_core::AppConfig::from_yaml("mapping", jira_integration::MAPPING).unwrap();
    let mapping = mapping.config.to_value();
    let unknown = unknown_keys(&schema, &schema, &mapping, "");
    assert_eq!(unknown, Vec::<String>::new());
    let wrong = serde_json::json!({"resources": [{"kind": "issue", "selectors": {}}]});
    assert_eq!(
        unknown_keys(&schema, &schema, &wrong, ""),
        [".resources.selectors"]
    );
}

/// The keys of objects for which the schema has no property.
fn unknown_keys(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(target) = schema["$ref"].as_str() {
        let target = root.pointer(target.trim_start_matches('#')).unwrap();
        return unknown_keys(root, target, value, path);
    }
    match value {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| unknown_keys(root, &schema["items"], item, path))
            .collect(),
        Value::Object(fields) if schema["properties"].is_object() => {
            let known = &schema["properties"];
            let unknown = fields.iter().flat_map(|(name, value)| {
                let path = format!("{path}.{name}");
                match known.get(name) {
                    Some(schema) => unknown_keys(root, schema, value, &path),
                    None => vec![path],
                }
            });
            unknown.collect()
        }
        _ => Vec::new(),
    }
}
