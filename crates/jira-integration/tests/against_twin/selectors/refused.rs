//! Values that no selector has: the user is told where they are, and Jira is not asked.

use ocean_core::{ResyncContext, RunScope};
use serde_json::{Value, json};

use crate::site::{Site, resource};

/// A kind, its selector, and how the message goes on after the place of the selector.
type Row = (&'static str, Value, &'static str);

fn of_projects_and_teams() -> Vec<Row> {
    let yes_or_no = ".includeMembers: expected true or false";
    vec![
        (
            "project",
            json!({"expand": null}),
            ".expand: invalid type: null",
        ),
        (
            "project",
            json!({"expand": ["insight"]}),
            ".expand: invalid type: sequence",
        ),
        ("team", json!({"includeMembers": null}), yes_or_no),
        ("team", json!({"includeMembers": "perhaps"}), yes_or_no),
        ("team", json!({"includeMembers": 2}), yes_or_no),
        ("team", json!({"includeMembers": []}), yes_or_no),
        (
            "component",
            json!({"componentSource": null}),
            ".componentSource",
        ),
        (
            "component",
            json!({"componentSource": "both"}),
            ".componentSource: unknown variant `both`",
        ),
        (
            "component",
            json!({"nameFilter": 7}),
            ".nameFilter: invalid type: integer",
        ),
    ]
}

fn of_issues_and_worklogs() -> Vec<Row> {
    let parameters = |said| json!({"apiQueryParams": said});
    let after = ".apiQueryParams.startedAfter: expected an integer";
    vec![
        ("issue", json!({"jql": null}), ".jql: invalid type: null"),
        (
            "issue",
            json!({"fields": ["key"]}),
            ".fields: invalid type: sequence",
        ),
        (
            "issue",
            json!({"expand": ["names"]}),
            ".expand: invalid type: sequence",
        ),
        ("worklog", json!({"jql": null}), ".jql: invalid type: null"),
        ("worklog", parameters(json!("expand")), ".apiQueryParams"),
        (
            "worklog",
            parameters(json!({"startedAfter": "soon"})),
            after,
        ),
        ("worklog", parameters(json!({"startedAfter": true})), after),
        (
            "worklog",
            parameters(json!({"started_before": "soon"})),
            ".apiQueryParams.started_before: expected an integer",
        ),
        (
            "worklog",
            parameters(json!({"expand": ["properties"]})),
            ".apiQueryParams.expand: invalid type: sequence",
        ),
    ]
}

fn of_boards() -> Vec<Row> {
    vec![
        (
            "board",
            json!({"boardType": "list"}),
            ".boardType: unknown variant `list`",
        ),
        ("board", json!({"boardType": ["scrum"]}), ".boardType"),
        (
            "board",
            json!({"projectKey": ""}),
            ": projectKey must be the key or the id",
        ),
        (
            "board",
            json!({"projectKey": " "}),
            ": projectKey must be the key or the id",
        ),
        (
            "board",
            json!({"projectKey": ["PAY"]}),
            ".projectKey: expected a text",
        ),
    ]
}

fn of_what_is_on_boards() -> Vec<Row> {
    vec![
        (
            "sprint",
            json!({"sprintState": "active"}),
            ".sprintState: invalid type: string",
        ),
        (
            "sprint",
            json!({"sprintState": []}),
            ": sprintState must name a state",
        ),
        (
            "sprint",
            json!({"sprintState": ["open"]}),
            ".sprintState[0]: unknown variant `open`",
        ),
        (
            "sprint",
            json!({"sprintState": ["active", "closed", "active"]}),
            ": sprintState names `active` twice",
        ),
        (
            "epic",
            json!({"status": "complete"}),
            ".status: invalid type: string",
        ),
        (
            "epic",
            json!({"status": ["done"]}),
            ".status[0]: unknown variant `done`",
        ),
        (
            "backlog",
            json!({"jql": ["x"]}),
            ".jql: invalid type: sequence",
        ),
        (
            "backlog",
            json!({"fields": "summary"}),
            ".fields: invalid type: string",
        ),
        (
            "backlog",
            json!({"useSoftwareApi": null}),
            ".useSoftwareApi: expected true or false",
        ),
    ]
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_with_their_place() {
    let site = Site::start(|twin| twin).await;
    let rows = [
        of_projects_and_teams(),
        of_issues_and_worklogs(),
        of_boards(),
        of_what_is_on_boards(),
    ];
    for (kind, selector, why) in rows.concat() {
        let said = format!("{kind} {selector}");
        let resync = &site.integration().registry().resyncs(kind)[0];
        let context = ResyncContext::new(resource(kind, selector), RunScope::default());
        let message = resync.start(&context).err().unwrap().to_string();
        let expected = format!("resources[0].selector{why}");
        assert!(message.starts_with(&expected), "{said}: {message}");
    }
    assert!(site.asked().is_empty());
}
