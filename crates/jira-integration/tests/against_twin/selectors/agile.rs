//! Boards and what is on them.

use serde_json::{Value, json};

use super::{ALL, Row, check, named, refused_by_jira, row, site};
use crate::site::Site;

const BOARDS: &str = "GET /rest/agile/1.0/board?maxResults=50&startAt=0";
const WAITING: &str = "updated >= -1w OR statusCategory != Done";
const WAITING_SENT: &str = "jql=updated+%3E%3D+-1w+OR+statusCategory+%21%3D+Done&";

#[tokio::test]
async fn selectors_of_boards() {
    let site = site().await;
    let key = &site.twin.site().project_keys()[7];
    let boards = |selector, parameters: &str, board_type: Option<&str>, of_project| {
        let listed = BOARDS.replace('?', &format!("?{parameters}"));
        let projects = "GET /rest/agile/1.0/board/*/project?maxResults=50&startAt=0";
        let mut kept = site.twin.site().boards(board_type);
        if of_project {
            kept.retain(|(keys, _)| keys.split(',').any(|one| one == key));
        }
        row("board", selector, [&listed, projects], named(kept))
    };
    let of_key = format!("projectKeyOrId={key}&");
    let of_id = "projectKeyOrId=10007&";
    let blanks = format!("projectKeyOrId=+{key}+&");
    let blanks = BOARDS.replace('?', &format!("?{blanks}"));
    let rows = vec![
        boards(json!({}), "", None, false),
        boards(
            json!({"boardType": null, "projectKey": null}),
            "",
            None,
            false,
        ),
        boards(
            json!({"boardType": "scrum"}),
            "type=scrum&",
            Some("scrum"),
            false,
        ),
        boards(
            json!({"boardType": "kanban"}),
            "type=kanban&",
            Some("kanban"),
            false,
        ),
        boards(
            json!({"boardType": "simple"}),
            "type=simple&",
            Some("simple"),
            false,
        ),
        boards(
            json!({"board_type": "scrum", "project_key": " "}),
            "",
            None,
            false,
        ),
        boards(json!({"projectKey": key}), &of_key, None, true),
        boards(json!({"projectKey": "10007"}), of_id, None, true),
        boards(json!({"projectKey": 10_007}), of_id, None, true),
        boards(
            json!({"boardType": "simple", "projectKey": 10_007}),
            &format!("type=simple&{of_id}"),
            Some("simple"),
            true,
        ),
        refused_by_jira(
            "board",
            json!({"projectKey": format!(" {key} ")}),
            &blanks,
            "400",
        ),
    ];
    check(&site, rows).await;
}

#[tokio::test]
async fn selectors_of_sprints_and_epics() {
    let site = site().await;
    let model = site.twin.site();
    let of_board = |of: &str, parameters: &str| {
        format!("GET /rest/agile/1.0/board/*/{of}?{parameters}maxResults=50&startAt=0")
    };
    let sprints = |selector, parameters: &str, states: &[&str]| {
        let asked = of_board("sprint", parameters);
        row(
            "sprint",
            selector,
            [BOARDS, &asked],
            named(model.sprints(states)),
        )
    };
    let epics = |selector, parameters: &str, done| {
        let asked = of_board("epic", parameters);
        row("epic", selector, [BOARDS, &asked], named(model.epics(done)))
    };
    let (complete, incomplete) = ("complete", "incomplete");
    let all = ["active", "closed", "future"];
    let rows = vec![
        sprints(json!({}), "state=active&", &["active"]),
        sprints(json!({"sprint_state": null}), "state=active&", &["active"]),
        sprints(json!({"sprintState": null}), "", &all),
        sprints(
            json!({"sprintState": ["closed"]}),
            "state=closed&",
            &["closed"],
        ),
        sprints(
            json!({"sprintState": ["future", "closed"]}),
            "state=future%2Cclosed&",
            &["closed", "future"],
        ),
        sprints(
            json!({"sprintState": all}),
            "state=active%2Cclosed%2Cfuture&",
            &all,
        ),
        epics(json!({}), "done=false&", Some(false)),
        epics(json!({"status": [incomplete]}), "done=false&", Some(false)),
        epics(json!({"status": [complete]}), "done=true&", Some(true)),
        epics(json!({"status": [complete, incomplete]}), "", None),
        epics(json!({"status": [complete, complete]}), "", None),
        epics(json!({"status": []}), "", None),
        epics(json!({"status": null}), "", None),
    ];
    check(&site, rows).await;
}

fn backlogs(site: &Site, selector: Value, of_board: &str, jql: &str) -> Row {
    let of_board = format!("GET /rest/{of_board}");
    let kept = named(site.twin.site().backlogs(jql).unwrap());
    row("backlog", selector, [BOARDS, &of_board], kept)
}

#[tokio::test]
async fn selectors_of_backlogs() {
    let site = site().await;
    let backlogs = |selector, parameters: &str, jql| {
        let of_board = format!("software/1.0/board/*/backlog?{parameters}maxResults=100");
        backlogs(&site, selector, &of_board, jql)
    };
    let chosen = "jql=project+%3D+10000&";
    let rows = vec![
        backlogs(json!({}), WAITING_SENT, WAITING),
        backlogs(json!({"jql": ""}), "", ALL),
        backlogs(json!({"jql": null}), "", ALL),
        backlogs(json!({"jql": "project = 10000"}), chosen, "project = 10000"),
        backlogs(json!({"jql": "", "fields": null}), "", ALL),
        backlogs(json!({"jql": "", "fields": []}), "fields=&", ALL),
        backlogs(
            json!({"jql": "", "fields": ["summary"]}),
            "fields=summary&",
            ALL,
        ),
        backlogs(
            json!({"jql": "project = 10000", "fields": ["summary", "status"]}),
            &format!("{chosen}fields=summary%2Cstatus&"),
            "project = 10000",
        ),
        backlogs(json!({"useSoftwareApi": "on"}), WAITING_SENT, WAITING),
        backlogs(json!({"use_software_api": false}), WAITING_SENT, WAITING),
    ];
    check(&site, rows).await;
}

/// The only board of this site has a backlog: of the others, the simulated Jira lists the waiting
/// issues in its older interface and refuses to in the newer one.
#[tokio::test]
async fn selectors_of_backlogs_of_the_older_interface() {
    let site = Site::start(|twin| twin.projects(1).issues(600)).await;
    let backlogs = |selector, parameters: &str, jql| {
        let of_board = format!("agile/1.0/board/*/backlog?{parameters}maxResults=100&startAt=0");
        backlogs(&site, selector, &of_board, jql)
    };
    let rows = vec![
        backlogs(json!({"useSoftwareApi": false}), WAITING_SENT, WAITING),
        backlogs(json!({"useSoftwareApi": "no", "jql": ""}), "", ALL),
        backlogs(
            json!({"useSoftwareApi": 0, "jql": null, "fields": ["summary", "status"]}),
            "fields=summary%2Cstatus&",
            ALL,
        ),
    ];
    check(&site, rows).await;
}
