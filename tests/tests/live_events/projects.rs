//! Projects, with everything that belongs to them.
//!
//! What is left: components, of which Jira sends no events, and what a deleted project takes along,
//! of which it tells nothing. Entities that relate to a deleted one lose that relation at once.

use serde_json::json;

use crate::table::{Row, row};

pub(crate) fn projects() -> Vec<Row> {
    let mut rows = there();
    rows.extend(gone());
    rows
}

fn there() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_project", "key": "OPS", "name": "Operations"}),
            &["project_created"],
        )
        .live(&["+project OPS"])
        .left(&[
            "+component 100081",
            "+component 100083",
            "+component 100084",
        ]),
        row(
            json!({"op": "update_project", "key": "OPS", "name": "Shifts"}),
            &["project_updated"],
        )
        .live(&["~project OPS"])
        .left(&[
            "~component 100081",
            "~component 100083",
            "~component 100084",
        ]),
        row(
            json!({"op": "change_project_key", "key": "OPS", "new_key": "DUTY"}),
            &["project_updated"],
        )
        .live(&[
            "+project DUTY",
            "-project OPS",
            "~component 100081",
            "~component 100083",
            "~component 100084",
        ])
        .left(&[
            "~component 100081",
            "~component 100083",
            "~component 100084",
        ]),
        // Jira still lists it.
        row(
            json!({"op": "archive_project", "key": "DUTY"}),
            &["project_archived"],
        ),
        row(
            json!({"op": "unarchive_project", "key": "DUTY"}),
            &["project_restored_archived"],
        ),
    ]
}

fn gone() -> Vec<Row> {
    let without_project = &[
        "-project DUTY",
        "~component 100081",
        "~component 100083",
        "~component 100084",
    ];
    let without_components = &[
        "-component 100081",
        "-component 100083",
        "-component 100084",
    ];
    vec![
        row(
            json!({"op": "bin_project", "key": "DUTY"}),
            &["project_soft_deleted"],
        )
        .live(without_project)
        .left(without_components),
        row(
            json!({"op": "restore_project", "key": "DUTY"}),
            &["project_restored_deleted"],
        )
        .live(&["+project DUTY"])
        .left(&[
            "+component 100081",
            "+component 100083",
            "+component 100084",
        ]),
        row(
            json!({"op": "delete_project", "key": "DUTY"}),
            &["project_deleted"],
        )
        .live(without_project)
        .left(without_components),
        row(
            json!({"op": "delete_project", "key": "CAT"}),
            &["project_deleted"],
        )
        .live(&[
            "-project CAT",
            "~component 100051",
            "~component 100053",
            "~component 100054",
            "~release 20050",
            "~release 20051",
            "~release 20052",
        ])
        .left(&[
            "-board 6",
            "-component 100051",
            "-component 100053",
            "-component 100054",
            "-epic 6-CAT-1",
            "-issue CAT-1",
            "-release 20050",
            "-release 20051",
            "-release 20052",
        ]),
    ]
}
