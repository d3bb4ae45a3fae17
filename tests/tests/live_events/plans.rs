//! Versions, boards and sprints.
//!
//! What is left: backlogs and epics, of which Jira sends no events, and the sprints that a deleted
//! board takes along. Entities that relate to a deleted one lose that relation at once.

use serde_json::json;

use crate::table::{Row, row};

/// Nothing is left of these.
pub(crate) fn versions() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_version", "project": "PAY", "name": "v9"}),
            &["jira:version_created"],
        )
        .live(&["+release 20073"]),
        row(
            json!({"op": "update_version", "id": 20_000, "name": "v1.0 at last"}),
            &["jira:version_updated"],
        )
        .live(&["~release 20000"]),
        row(
            json!({"op": "update_version", "id": 20_000, "released": false}),
            &["jira:version_unreleased"],
        )
        .live(&["~release 20000"]),
        row(
            json!({"op": "update_version", "id": 20_000, "released": true}),
            &["jira:version_released"],
        )
        .live(&["~release 20000"]),
        row(
            json!({"op": "move_version", "id": 20_000}),
            &["jira:version_moved"],
        ),
        row(
            json!({"op": "delete_version", "id": 20_000, "merged_to": 20_001}),
            &["jira:version_deleted"],
        )
        .live(&["-release 20000"]),
        row(
            json!({"op": "delete_version", "id": 20_001}),
            &["jira:version_deleted"],
        )
        .live(&["-release 20001"]),
    ]
}

pub(crate) fn boards() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_board", "project": "PAY", "name": "Shifts"}),
            &["board_created"],
        )
        .live(&["+board 9"])
        .left(&[
            "+backlogItem 9-PAY-12",
            "+backlogItem 9-PAY-3",
            "+epic 9-PAY-1",
        ]),
        row(
            json!({"op": "update_board", "id": 9, "name": "Night shifts"}),
            &["board_updated"],
        )
        .live(&["~board 9"]),
        // Of another type, but of the project that the second resource wants.
        row(
            json!({"op": "update_board", "id": 2, "name": "Ships"}),
            &["board_updated"],
        )
        .live(&["~board 2"]),
        row(json!({"op": "delete_board", "id": 9}), &["board_deleted"])
            .live(&[
                "-board 9",
                "~backlogItem 9-PAY-12",
                "~backlogItem 9-PAY-3",
                "~epic 9-PAY-1",
            ])
            .left(&[
                "-backlogItem 9-PAY-12",
                "-backlogItem 9-PAY-3",
                "-epic 9-PAY-1",
            ]),
        row(json!({"op": "delete_board", "id": 3}), &["board_deleted"])
            .live(&[
                "-board 3",
                "~epic 3-SRCH-1",
                "~epic 3-SRCH-11",
                "~sprint 302",
                "~sprint 303",
            ])
            .left(&[
                "-epic 3-SRCH-1",
                "-epic 3-SRCH-11",
                "-sprint 302",
                "-sprint 303",
            ]),
    ]
}

/// A board that no selector wants is there all the same when something of it relates to it. Its
/// event deletes it, and the next resync makes it again, as the target of relations.
pub(crate) fn boards_out_of_scope() -> Vec<Row> {
    vec![
        row(
            json!({"op": "update_board", "id": 4, "name": "Of a team"}),
            &["board_updated"],
        )
        .live(&[
            "-board 4",
            "~backlogItem 4-IDN-3",
            "~backlogItem 4-IDN-4",
            "~backlogItem 4-IDN-7",
            "~backlogItem 4-IDN-8",
            "~epic 4-IDN-1",
            "~epic 4-IDN-11",
        ])
        .left(&[
            "+board 4",
            "~backlogItem 4-IDN-3",
            "~backlogItem 4-IDN-4",
            "~backlogItem 4-IDN-7",
            "~backlogItem 4-IDN-8",
            "~epic 4-IDN-1",
            "~epic 4-IDN-11",
        ]),
    ]
}

/// Nothing is left of these.
pub(crate) fn sprints() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_sprint", "board": 1, "name": "Next"}),
            &["sprint_created"],
        )
        .live(&["+sprint 704"]),
        row(
            json!({"op": "update_sprint", "id": 103, "name": "On time"}),
            &["sprint_updated"],
        )
        .live(&["~sprint 103"]),
        row(
            json!({"op": "update_sprint", "id": 103, "state": "active"}),
            &["sprint_updated"],
        )
        .live(&["~sprint 103"]),
        // The selector wants active and future ones.
        row(
            json!({"op": "update_sprint", "id": 103, "state": "closed"}),
            &["sprint_closed"],
        )
        .live(&["-sprint 103"]),
        row(
            json!({"op": "delete_sprint", "id": 302}),
            &["sprint_deleted"],
        )
        .live(&["-sprint 302"]),
        // One that was closed, and is not in the catalog.
        row(
            json!({"op": "delete_sprint", "id": 300}),
            &["sprint_deleted"],
        ),
    ]
}
