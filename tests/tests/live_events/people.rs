//! Users, and the teams that they are in.
//!
//! What is left: teams, of which Jira sends no events, and users that are deleted while Jira still
//! names them. With `createMissingRelatedEntities` Port makes such a user again, as the target of
//! relations.

use serde_json::json;

use crate::table::{Row, row};

pub(crate) fn users() -> Vec<Row> {
    vec![
        row(
            json!({"op": "create_user", "name": "Bea"}),
            &["user_created"],
        )
        .live(&["+user 5d9d3950de03a999a8d68f44"]),
        row(
            json!({"op": "update_user", "account_id": "user1@example.com", "name": "Grace Hopper"}),
            &["user_updated"],
        )
        .live(&["~user 712020:235ec8f4-20f7-4388-a28f-f375ee191855"]),
        row(
            json!({"op": "delete_user", "account_id": "user8@example.com"}),
            &["user_deleted"],
        )
        .live(&["-user 5d9d3950de03a999a8d68f44"]),
        row(
            json!({"op": "delete_user", "account_id": "user3@example.com"}),
            &["user_deleted"],
        )
        .live(&[
            "-user 5d26703eda829dfa48728c95",
            "~issue PAY-3",
            "~team f4018046-31a8-407b-a76d-54a8e8e35496",
            "~worklog 1000660",
            "~worklog 1000761",
            "~worklog 1000780",
        ])
        .left(&[
            "+user 5d26703eda829dfa48728c95",
            "~issue PAY-3",
            "~team f4018046-31a8-407b-a76d-54a8e8e35496",
            "~worklog 1000660",
            "~worklog 1000761",
            "~worklog 1000780",
        ]),
        row(
            json!({"op": "update_team", "team_id": "f4018046-31a8-407b-a76d-54a8e8e35496", "name": "Orcas"}),
            &[],
        )
        .left(&["~team f4018046-31a8-407b-a76d-54a8e8e35496"]),
    ]
}
