//! What mapping files may say under `selector:`, and what it means.

use ocean_core::{RawSelector, ResourceConfig, Selector};
use serde_json::{Value, json};

use super::{IssueSelector, Kinds, ProjectSelector, TeamSelector};
use crate::client::{IssueQuery, ProjectQuery};

/// The selector as the engine reads it from a mapping, or what the user is told.
fn read<S: Selector>(selector: &Value) -> Result<S, String> {
    let fields = selector.as_object().unwrap().clone();
    let resource = ResourceConfig::new("kind", RawSelector(fields)).with_selector::<S>();
    resource
        .map(|resource| resource.selector)
        .map_err(|invalid| invalid.to_string())
}

fn refused<S: Selector + std::fmt::Debug>(selector: &Value) -> String {
    read::<S>(selector).unwrap_err()
}

#[test]
fn the_names_of_kinds_are_those_that_mappings_use() {
    use ocean_core::Kind as _;
    let names: Vec<_> = Kinds::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names, ["project", "issue", "user", "team"]);
}

#[test]
fn an_empty_selector_gets_the_defaults() {
    assert_eq!(
        read::<ProjectSelector>(&json!({})).unwrap(),
        ProjectSelector {
            expand: "insight".to_owned()
        }
    );
    assert_eq!(
        read::<IssueSelector>(&json!({})).unwrap(),
        IssueSelector {
            jql: "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)".to_owned(),
            fields: Some("*all".to_owned()),
            expand: None,
        }
    );
    let without_members = TeamSelector {
        include_members: false,
    };
    assert_eq!(read(&json!({})), Ok(without_members));
}

#[test]
fn a_snake_case_key_is_not_the_key() {
    let selector: TeamSelector = read(&json!({"include_members": true})).unwrap();
    assert!(!selector.include_members);
}

#[test]
fn members_are_included_for_every_way_of_saying_yes() {
    for (said, meant) in [
        (json!(true), true),
        (json!(false), false),
        (json!("yes"), true),
        (json!("On"), true),
        (json!("1"), true),
        (json!(1), true),
        (json!("f"), false),
        (json!(0), false),
    ] {
        let selector: TeamSelector = read(&json!({"includeMembers": said})).unwrap();
        assert_eq!(selector.include_members, meant, "{said}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_its_place() {
    for said in [json!("perhaps"), json!(2), json!(null), json!([])] {
        let message = refused::<TeamSelector>(&json!({"includeMembers": said}));
        let expected = "resources[0].selector.includeMembers: expected true or false";
        assert_eq!(message, expected, "{said}");
    }
    assert_eq!(
        refused::<ProjectSelector>(&json!({"expand": null})),
        "resources[0].selector.expand: invalid type: null, expected a string"
    );
    assert_eq!(
        refused::<IssueSelector>(&json!({"jql": null})),
        "resources[0].selector.jql: invalid type: null, expected a string"
    );
    assert_eq!(
        refused::<IssueSelector>(&json!({"fields": ["key"]})),
        "resources[0].selector.fields: invalid type: sequence, expected a string"
    );
}

#[test]
fn an_issue_selector_says_what_is_searched() {
    let check = |selector: Value, query: IssueQuery| {
        let selector: IssueSelector = read(&selector).unwrap();
        assert_eq!(IssueQuery::from(&selector), query);
    };
    check(
        json!({"jql": " project = A ", "fields": "key, summary", "expand": "names"}),
        IssueQuery::new("project = A")
            .fields(["key", "summary"])
            .expand("names"),
    );
    check(
        json!({"jql": "", "fields": null, "expand": null}),
        IssueQuery::new(""),
    );
}

#[test]
fn an_empty_expand_of_projects_is_sent_as_such() {
    let selector: ProjectSelector = read(&json!({"expand": ""})).unwrap();
    assert_eq!(
        ProjectQuery::from(&selector),
        ProjectQuery::default().expand("")
    );
}
