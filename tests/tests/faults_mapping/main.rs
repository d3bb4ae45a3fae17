//! What happens to the catalog when the mapping is wrong? One test per fault of the mapping.
//!
//! What can be said without both ends (the text of every fault, YAML, limits of the jq engine) is
//! tested in `ocean-core`; here the question is what becomes of the catalog.

mod changed;
mod environment;
mod items;
mod refused;
mod runaway;

use ocean_core::ResyncReport;
use ocean_tests::drift::Found;
use ocean_tests::{Drift, World};
use serde_json::{Value, json};

/// The mapping's resource for issues.
const ISSUES: usize = 3;

/// Sets a field of the mapping for issues, such as `properties/status`.
fn map_issues(drift: &mut Drift, field: &str, expression: impl Into<Value>) {
    map_issues_of(&mut drift.world, field, expression);
}

fn map_issues_of(world: &mut World, field: &str, expression: impl Into<Value>) {
    let issues = &mut world.mapping["resources"][ISSUES];
    let mut place = &mut issues["port"]["entity"]["mappings"];
    for part in field.split('/') {
        place = &mut place[part];
    }
    *place = expression.into();
}

/// The expression for every issue but one of those that a run has to write.
fn for_one(id: &str, expression: &str, otherwise: &str) -> Value {
    json!(format!(
        "if .key == \"{id}\" then ({expression}) else ({otherwise}) end"
    ))
}

/// Issues are incomplete and kept with all that they relate to; the other kinds are done.
#[track_caller]
fn assert_only_issues_are_incomplete(drift: &Drift, report: &ResyncReport, found: &Found) {
    for resource in &report.resources {
        let complete = resource.incomplete.is_empty();
        assert_eq!(complete, resource.index != ISSUES, "{resource:#?}");
    }
    drift.assert_deleted_except(found, &["jiraIssue", "jiraProject", "jiraUser"]);
}
