//! Issues and the work that is logged on them.
//!
//! What is left: the counts of a project, of which Jira sends no event when they change with its
//! issues; backlogs and epics, of which it sends none at all.

use serde_json::json;

use crate::table::{Row, row};

pub(crate) fn issues() -> Vec<Row> {
    let mut rows = in_place();
    rows.extend(moved());
    rows.extend(deleted());
    rows
}

fn in_place() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_issue", "project": "PAY", "issuetype": "Story"}),
            &["jira:issue_created"],
        )
        .live(&["+issue PAY-13"])
        .left(&["+backlogItem 1-PAY-13", "~project PAY"]),
        row(
            json!({"op": "update_issue", "key": "PAY-13", "summary": "x", "status": "In Progress"}),
            &["jira:issue_updated"],
        )
        .live(&["~issue PAY-13"])
        .left(&["-backlogItem 1-PAY-13", "~project PAY"]),
        // Out of the scope of the selector, and into it.
        row(
            json!({"op": "update_issue", "key": "PAY-13", "status": "Done"}),
            &["jira:issue_updated"],
        )
        .live(&["-issue PAY-13"])
        .left(&["~project PAY"]),
        row(
            json!({"op": "update_issue", "key": "PAY-13", "status": "To Do"}),
            &["jira:issue_updated"],
        )
        .live(&["+issue PAY-13"])
        .left(&["+backlogItem 1-PAY-13", "~project PAY"]),
    ]
}

/// Within the scope of the selector, out of it, and into it.
fn moved() -> Vec<Row> {
    vec![
        row(
            json!({"op": "move_issue", "key": "PAY-13", "project": "SRCH"}),
            &["jira:issue_updated"],
        )
        .live(&["-issue PAY-13", "+issue SRCH-13", "~backlogItem 1-PAY-13"])
        .left(&["-backlogItem 1-PAY-13", "~project PAY", "~project SRCH"]),
        row(
            json!({"op": "move_issue", "key": "SRCH-13", "project": "HRB"}),
            &["jira:issue_updated"],
        )
        .live(&["-issue SRCH-13"])
        .left(&["+backlogItem 2-HRB-13", "~project HRB", "~project SRCH"]),
        row(
            json!({"op": "move_issue", "key": "HRB-13", "project": "PAY"}),
            &["jira:issue_updated"],
        )
        .live(&["+issue PAY-14"])
        .left(&[
            "+backlogItem 1-PAY-14",
            "-backlogItem 2-HRB-13",
            "~project HRB",
            "~project PAY",
        ]),
    ]
}

fn deleted() -> Vec<Row> {
    vec![
        row(
            json!({"op": "delete_issue", "key": "PAY-14"}),
            &["jira:issue_deleted"],
        )
        .live(&["-issue PAY-14", "~backlogItem 1-PAY-14"])
        .left(&["-backlogItem 1-PAY-14", "~project PAY"]),
        // An epic. Its issues lose their parent at once.
        row(
            json!({"op": "delete_issue", "key": "SRCH-1"}),
            &["jira:issue_deleted"],
        )
        .live(&[
            "-issue SRCH-1",
            "~epic 3-SRCH-1",
            "~issue SRCH-10",
            "~issue SRCH-4",
            "~issue SRCH-5",
            "~issue SRCH-6",
        ])
        .left(&["-epic 3-SRCH-1", "~project SRCH"]),
        // A bug, which the query leaves out: it is there only because its backlog item names it.
        row(
            json!({"op": "delete_issue", "key": "IDN-7"}),
            &["jira:issue_deleted"],
        )
        .left(&["-backlogItem 4-IDN-7", "-issue IDN-7", "~project IDN"]),
    ]
}

/// Nothing is left of these.
pub(crate) fn worklogs() -> Vec<Row> {
    let update = |minutes: u64| {
        let change = json!({"op": "update_worklog", "id": 10_000_000_001_u64, "minutes": minutes});
        row(change, &["worklog_updated"])
    };
    vec![
        row(
            json!({"op": "log_work", "issue": "SRCH-9", "minutes": 45}),
            &["worklog_created"],
        )
        .live(&["+worklog 10000000001"]),
        update(60).live(&["~worklog 10000000001"]),
        // So little that the query leaves it out, and not any more.
        update(5).live(&["-worklog 10000000001"]),
        update(50).live(&["+worklog 10000000001"]),
        row(
            json!({"op": "delete_worklog", "id": 10_000_000_001_u64}),
            &["worklog_deleted"],
        )
        .live(&["-worklog 10000000001"]),
        // On an issue that the selector does not want.
        row(
            json!({"op": "log_work", "issue": "HRB-2", "minutes": 45}),
            &["worklog_created"],
        ),
    ]
}
