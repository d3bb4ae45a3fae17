//! What is sent has the shape that the original sends.

use ocean_testkit::Entry;
use serde_json::{Value, json};

use crate::{FLAGS, world};

/// The recorded requests of one resync.
const RECORDED: &str = include_str!("../../fixtures/original/raw-data.jsonl");

/// What a value is, without what differs from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let shape = match name.as_str() {
                    // What these say is the user's or the source's.
                    "mapping" | "items" => json!("..."),
                    "status" | "sync_type" | "ocean_version" | "operation" | "eventType"
                    | "selectorHash" => value.clone(),
                    _ => shape(value),
                };
                (name.clone(), shape)
            });
            fields.collect()
        }
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::String(_) => json!("a text"),
        Value::Number(number) if number.is_u64() => json!("a whole number"),
        Value::Number(_) => json!("a number"),
        other => other.clone(),
    }
}

/// What is told or sent of one kind, or of the sync as a whole when there is none.
fn of_kind(bodies: &[Value], kind: Option<&str>) -> Vec<Value> {
    let is_of = |body: &&Value| match kind {
        None => body.get("kind").or(body.get("kind_identifier")).is_none(),
        Some(kind) => {
            let told = body["kind_identifier"].as_str();
            let told = told.and_then(|told| told.rsplit_once('-'));
            body["kind"] == kind || told.is_some_and(|(told, _)| told == kind)
        }
    };
    bodies.iter().filter(is_of).map(shape).collect()
}

fn is_told(path: &str) -> bool {
    path.contains("/lake/") || path.contains("/lifecycle/")
}

fn recorded() -> Vec<Value> {
    let lines = RECORDED.lines();
    let requests = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    requests.map(|request| request["body"].clone()).collect()
}

#[tokio::test]
async fn requests_have_the_recorded_shape() {
    let world = world(&FLAGS).await;
    world.resync().await;
    let sent = world.port.journal().requests();
    let sent: Vec<Value> = sent
        .iter()
        .filter(|entry| entry.method == "POST" && is_told(entry.path()))
        .map(Entry::json)
        .collect();
    let recorded = recorded();
    for kind in [None, Some("project"), Some("user"), Some("issue")] {
        assert_eq!(of_kind(&sent, kind), of_kind(&recorded, kind), "{kind:?}");
    }
}

#[tokio::test]
async fn addresses_and_headers_are_the_recorded_ones() {
    let world = world(&FLAGS).await;
    world.resync().await;
    let report = &world.port.lifecycle()[0];
    let sent = world.port.journal().requests();
    let sent: Vec<&Entry> = sent.iter().filter(|entry| is_told(entry.path())).collect();
    let sync = &report.sync;
    let user = format!(
        "/ingest/data/lake/write/integration-type/jira/integration/{}/sync/{sync}/kind/user",
        ocean_tests::IDENTIFIER
    );
    for path in [
        format!("/v1/lifecycle/{sync}"),
        format!("/v1/lifecycle/{sync}/kind"),
        user,
    ] {
        assert!(sent.iter().any(|entry| entry.path() == path), "{path}");
    }
    for entry in sent {
        let agent = format!("port-ocean/jira/0.1.0/{}", ocean_tests::IDENTIFIER);
        assert_eq!(entry.header("user-agent"), Some(&*agent));
        assert!(entry.header("authorization").is_some());
    }
}

#[tokio::test]
async fn the_mapping_that_is_told_has_lists_of_mappings() {
    let world = world(&FLAGS).await;
    world.resync().await;
    let ours = &world.port.lifecycle()[0].body["mapping"];
    let theirs = &recorded()[0]["mapping"];
    // Both have the default mapping; ours came through a document of its own.
    for (index, resource) in theirs["resources"].as_array().unwrap().iter().enumerate() {
        let mappings = "/port/entity/mappings/0/identifier";
        let sent = ours["resources"][index].pointer(mappings);
        assert_eq!(sent, resource.pointer(mappings), "{index}");
    }
}
