//! What mapping files may say under `selector:`, and what it means.

use ocean_core::{RawSelector, ResourceConfig, Selector};
use serde_json::{Value, json};

use super::{
    BacklogSelector, BoardSelector, ComponentSelector, EpicSelector, EpicStatus, IssueSelector,
    Kinds, ProjectSelector, SprintSelector, SprintState, TeamSelector, WorklogParameters,
    WorklogSelector,
};
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
    let expected = [
        "project",
        "issue",
        "user",
        "team",
        "release",
        "board",
        "sprint",
        "backlog",
        "epic",
        "worklog",
        "component",
    ];
    assert_eq!(names, expected);
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

#[test]
fn selectors_of_the_other_kinds_have_these_defaults() {
    assert_eq!(read(&json!({})), Ok(BoardSelector::default()));
    assert_eq!(read(&json!({})), Ok(ComponentSelector::default()));
    assert_eq!(
        read(&json!({})),
        Ok(SprintSelector {
            sprint_state: Some(vec![SprintState::Active]),
        })
    );
    assert_eq!(
        read(&json!({})),
        Ok(EpicSelector {
            status: Some(vec![EpicStatus::Incomplete]),
        })
    );
    assert_eq!(
        read(&json!({})),
        Ok(BacklogSelector {
            jql: Some("updated >= -1w OR statusCategory != Done".to_owned()),
            fields: None,
            use_software_api: true,
        })
    );
    assert_eq!(
        read(&json!({})),
        Ok(WorklogSelector {
            jql: "updated >= -1w".to_owned(),
            api_query_params: None,
        })
    );
}

#[test]
fn a_snake_case_key_counts_only_among_the_parameters_of_worklogs() {
    assert_eq!(
        read(&json!({"board_type": "scrum", "project_key": " "})),
        Ok(BoardSelector::default())
    );
    assert_eq!(
        read(&json!({"sprint_state": null})),
        Ok(SprintSelector::default())
    );
    assert_eq!(
        read(&json!({"component_source": "auto", "name_filter": "x"})),
        Ok(ComponentSelector::default())
    );
    assert_eq!(
        read(&json!({"use_software_api": false})),
        Ok(BacklogSelector::default())
    );
    assert_eq!(
        read(&json!({"api_query_params": {"startedAfter": 1}})),
        Ok(WorklogSelector::default())
    );
    let parameters = json!({"started_after": "7", "started_before": 8, "expand": null});
    let selector: WorklogSelector = read(&json!({ "apiQueryParams": parameters })).unwrap();
    let expected = WorklogParameters {
        started_after: Some(7),
        started_before: Some(8),
        expand: None,
    };
    assert_eq!(selector.api_query_params, Some(expected));
}

#[test]
fn a_project_of_boards_may_be_a_number_and_keeps_its_blanks() {
    for (said, meant) in [
        (json!("PAY"), Some("PAY")),
        (json!(" PAY "), Some(" PAY ")),
        (json!(10_000), Some("10000")),
        (json!(null), None),
    ] {
        let selector: BoardSelector = read(&json!({ "projectKey": said })).unwrap();
        assert_eq!(selector.project_key.as_deref(), meant, "{said}");
    }
}

#[test]
fn an_epic_status_may_be_named_twice() {
    let selector = json!({"status": ["complete", "complete"]});
    assert!(read::<EpicSelector>(&selector).is_ok());
}

/// Selectors of one kind, each with where it is refused and why.
fn check_refused<S: Selector + std::fmt::Debug>(cases: &[(Value, &str)]) {
    for (selector, said) in cases {
        let message = refused::<S>(selector);
        let expected = format!("resources[0].selector{said}");
        assert!(message.starts_with(&expected), "{selector}: {message}");
    }
}

#[test]
fn values_that_boards_and_what_is_on_them_do_not_know_are_refused() {
    check_refused::<BoardSelector>(&[
        (
            json!({"boardType": "list"}),
            ".boardType: unknown variant `list`",
        ),
        (
            json!({"projectKey": " "}),
            ": projectKey must be the key or the id",
        ),
        (
            json!({"projectKey": ["PAY"]}),
            ".projectKey: expected a text",
        ),
    ]);
    let twice = json!({"sprintState": ["active", "closed", "active"]});
    check_refused::<SprintSelector>(&[
        (
            json!({"sprintState": "active"}),
            ".sprintState: invalid type: string",
        ),
        (
            json!({"sprintState": []}),
            ": sprintState must name a state",
        ),
        (
            json!({"sprintState": ["open"]}),
            ".sprintState[0]: unknown variant `open`",
        ),
        (twice, ": sprintState names `active` twice"),
    ]);
    check_refused::<EpicSelector>(&[
        (
            json!({"status": ["done"]}),
            ".status[0]: unknown variant `done`",
        ),
        (
            json!({"status": "complete"}),
            ".status: invalid type: string",
        ),
    ]);
    check_refused::<BacklogSelector>(&[
        (
            json!({"fields": "summary"}),
            ".fields: invalid type: string",
        ),
        (
            json!({"useSoftwareApi": null}),
            ".useSoftwareApi: expected true or false",
        ),
    ]);
}

#[test]
fn values_that_worklogs_and_components_do_not_know_are_refused() {
    let soon = json!({"apiQueryParams": {"startedAfter": "soon"}});
    check_refused::<WorklogSelector>(&[
        (json!({"jql": null}), ".jql: invalid type: null"),
        (soon, ".apiQueryParams.startedAfter: expected an integer"),
        (json!({"apiQueryParams": "expand"}), ".apiQueryParams"),
    ]);
    check_refused::<ComponentSelector>(&[
        (json!({"componentSource": null}), ".componentSource"),
        (
            json!({"componentSource": "both"}),
            ".componentSource: unknown variant `both`",
        ),
        (
            json!({"nameFilter": 7}),
            ".nameFilter: invalid type: integer",
        ),
    ]);
}
