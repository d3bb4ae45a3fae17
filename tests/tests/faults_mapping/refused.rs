//! Mappings that cannot be run: refused with their place, before anything is written.

use ocean_core::{Outcome, ResyncError, error_chain};
use ocean_testkit::{Action, Rule};
use ocean_tests::Drift;
use serde_json::{Value, json};

/// Sets part of the mapping; the run is refused, the message says all of this, Port stays as it
/// was, and with the old mapping the next run is complete.
async fn refused(faults: &[(&str, Value, &[&str])]) {
    let mut drift = Drift::new().await;
    let good = drift.world.mapping.clone();
    for (path, value, says) in faults {
        drift.world.mapping = good.clone();
        let place = drift.world.mapping.pointer_mut(path);
        *place.expect("the default mapping has it") = value.clone();
        let error = drift.refused().await;
        assert!(matches!(error, ResyncError::Mapping(_)), "{path}: {error}");
        let shown = error_chain(&error);
        for text in *says {
            assert!(shown.contains(text), "{path}: `{text}` in: {shown}");
        }
    }
    drift.world.mapping = good;
    let (report, _) = drift.resync().await;
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
}

#[tokio::test]
async fn f44_a_document_of_the_wrong_shape_is_refused_before_any_write() {
    refused(&[
        ("/resources", json!("issue"), &["resources"]),
        ("/resources/0/kind", json!({"a": 1}), &["resources[0].kind"]),
        (
            "/resources/1/selector/query",
            json!(["true"]),
            &["resources[1].selector.query"],
        ),
        (
            "/resources/3/selector/jql",
            json!({"a": 1}),
            &["resources[3].selector", "jql"],
        ),
        (
            "/resources/2/port/entity/mappings",
            json!(null),
            &["resources[2].port.entity.mappings"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn f46_a_syntax_error_in_any_field_is_refused_with_its_place() {
    let at = |field: &'static str| -> &'static [&'static str] {
        match field {
            "identifier" => &["resources[3].port.entity.mappings.identifier"],
            "title" => &["resources[3].port.entity.mappings.title"],
            "blueprint" => &["resources[3].port.entity.mappings.blueprint"],
            "status" => &["resources[3].port.entity.mappings.properties.status"],
            _ => &["resources[3].port.entity.mappings.relations.project"],
        }
    };
    refused(&[
        (
            "/resources/3/selector/query",
            json!(".a |"),
            &["resources[3].selector.query"],
        ),
        (
            "/resources/3/port/entity/mappings/identifier",
            json!(".key | ("),
            at("identifier"),
        ),
        (
            "/resources/3/port/entity/mappings/title",
            json!("\"no end"),
            at("title"),
        ),
        (
            "/resources/3/port/entity/mappings/blueprint",
            json!("{"),
            at("blueprint"),
        ),
        (
            "/resources/3/port/entity/mappings/properties/status",
            json!("if"),
            at("status"),
        ),
        (
            "/resources/3/port/entity/mappings/relations/project",
            json!(".a.[}"),
            at("project"),
        ),
    ])
    .await;
}

/// Port answers the reading of the integration with this mapping.
async fn refused_by_wire(mapping: String) {
    let drift = Drift::new().await;
    let text = format!(r#"{{"ok":true,"integration":{{"config":{mapping}}}}}"#);
    let content_type = "application/json".to_owned();
    let rule = Rule::new(Action::Body { content_type, text });
    drift
        .world
        .port
        .faults()
        .add(rule.method("GET").path("/integration/"));
    drift.refused().await;
}

#[tokio::test]
async fn f45_a_document_nested_without_end_is_refused() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    refused_by_wire(format!(r#"{{"resources":{deep}}}"#)).await;
}

#[tokio::test]
async fn f45_an_expression_nested_without_end_is_refused() {
    let mut drift = Drift::new().await;
    let deep = "(".repeat(20_000) + "1" + &")".repeat(20_000);
    crate::map_issues(&mut drift, "properties/status", deep);
    let error = drift.refused().await;
    assert!(error_chain(&error).contains("properties.status"), "{error}");
}

#[tokio::test]
async fn f51_a_mapping_without_resources_deletes_nothing() {
    // Without the limit that would keep everything in any case.
    let empty = json!({ "resources": [], "entityDeletionThreshold": 1 });
    for mapping in [empty, json!({}), json!(null)] {
        let mut drift = Drift::new().await;
        drift.world.mapping = mapping.clone();
        let ended = drift.world.try_resync().await;
        let refused = matches!(ended, Err(ResyncError::Mapping(_)));
        let empty = ended.is_ok_and(|report| report.resources.is_empty());
        assert!(refused || empty, "{mapping}");
        assert!(drift.check_catalog().deleted.is_empty(), "{mapping}");
        drift.assert_nothing_was_written();
    }
}
