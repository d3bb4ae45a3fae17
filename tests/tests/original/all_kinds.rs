//! What happens before the last resync of the scenarios with all eleven kinds?

use ocean_testkit::jira::Change;
use serde_json::json;

/// Something of each kind appears, changes and goes.
pub(crate) fn changes() -> Vec<Change> {
    let changes = json!([
        { "op": "update_issue", "key": "PAY-2", "summary": "Pay twice", "status": "In Progress" },
        { "op": "update_issue", "key": "SRCH-4", "assignee": null },
        { "op": "update_issue", "key": "IDN-3", "status": "Done" },
        { "op": "create_issue", "project": "PAY", "summary": "Find what is not there",
          "issuetype": "Story", "assignee": "user1@example.com" },
        { "op": "create_issue", "project": "DLV", "summary": "Deliver", "issuetype": "Epic" },
        { "op": "delete_issue", "key": "SRCH-7" },
        // An epic that others are part of.
        { "op": "delete_issue", "key": "IDN-11" },
        { "op": "move_issue", "key": "PAY-4", "project": "SRCH" },
        // Into the scope of the selector, and out of it.
        { "op": "move_issue", "key": "BIL-5", "project": "PAY" },
        { "op": "move_issue", "key": "DLV-5", "project": "CAT" },
        { "op": "delete_user", "account_id": "user7@example.com" },
        { "op": "update_user", "account_id": "user1@example.com", "name": "Grace Hopper" },
        { "op": "update_project", "key": "PAY", "name": "Payments and Refunds" },
        { "op": "delete_project", "key": "EDGE" },
        { "op": "create_project", "key": "OPS", "name": "Operations" },
        { "op": "create_issue", "project": "OPS", "summary": "Keep the lights on" },
        { "op": "update_version", "id": 20_000, "name": "v1.0 at last" },
        { "op": "update_version", "id": 20_022, "released": true },
        { "op": "delete_version", "id": 20_001 },
        { "op": "create_version", "project": "OPS", "name": "v0" },
        { "op": "update_board", "id": 1, "name": "All payments" },
        { "op": "delete_board", "id": 3 },
        { "op": "create_board", "project": "OPS", "name": "Shifts" },
        { "op": "update_sprint", "id": 102, "state": "closed" },
        { "op": "update_sprint", "id": 103, "state": "active", "name": "On time" },
        { "op": "delete_sprint", "id": 503 },
        { "op": "create_sprint", "board": 1, "name": "Next but one" },
        { "op": "log_work", "issue": "PAY-2", "minutes": 45 },
        { "op": "log_work", "issue": "PAY-2", "minutes": 5 },
    ]);
    serde_json::from_value(changes).unwrap()
}
