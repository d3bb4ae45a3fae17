//! What do the scenarios with all eleven kinds need beside the mapping of `all_kinds.yaml`? The
//! blueprints that it writes to, and what happens before the last resync.

use ocean_testkit::jira::Change;
use serde_json::{Map, Value, json};

/// A name and what it is: the type of a property, the target of a relation.
type Named = (&'static str, &'static str);

pub(crate) fn mapping() -> Value {
    serde_saphyr::from_str(include_str!("all_kinds.yaml")).unwrap()
}

/// One blueprint for each kind, but none of those that the integration brings along.
pub(crate) fn blueprints() -> [Value; 11] {
    [
        blueprint(
            "user",
            &[("email", "string"), ("active", "boolean")],
            &[],
            &[],
        ),
        blueprint(
            "project",
            &[
                ("description", "string"),
                ("issues", "number"),
                ("changed", "string"),
            ],
            &[("lead", "user")],
            &[],
        ),
        blueprint("team", &[("size", "number")], &[], &[("members", "user")]),
        blueprint(
            "component",
            &[
                ("description", "string"),
                ("style", "string"),
                ("insight", "object"),
            ],
            &[("project", "project"), ("lead", "user")],
            &[],
        ),
        blueprint(
            "release",
            &[("released", "boolean"), ("date", "string")],
            &[("project", "project")],
            &[],
        ),
        blueprint(
            "board",
            &[("type", "string"), ("home", "string")],
            &[],
            &[("projects", "project")],
        ),
        blueprint(
            "sprint",
            &[("state", "string"), ("start", "string")],
            &[("board", "board")],
            &[],
        ),
        blueprint(
            "issue",
            &[
                ("status", "string"),
                ("type", "string"),
                ("priority", "string"),
                ("changes", "number"),
            ],
            &[
                ("project", "project"),
                ("parent", "issue"),
                ("assignee", "user"),
            ],
            &[("components", "component")],
        ),
        blueprint(
            "epic",
            &[("done", "boolean")],
            &[("board", "board"), ("issue", "issue")],
            &[],
        ),
        blueprint(
            "backlogItem",
            &[("status", "string"), ("priority", "string")],
            &[("board", "board"), ("issue", "issue")],
            &[],
        ),
        blueprint(
            "worklog",
            &[("seconds", "number"), ("started", "string")],
            &[("issue", "issue"), ("author", "user")],
            &[],
        ),
    ]
}

fn blueprint(identifier: &str, properties: &[Named], one: &[Named], many: &[Named]) -> Value {
    let properties: Map<String, Value> = properties
        .iter()
        .map(|&(name, kind)| (name.to_owned(), json!({ "type": kind })))
        .collect();
    let relation = |&(name, target): &Named, many: bool| {
        let relation = json!({ "target": target, "many": many, "required": false });
        (name.to_owned(), relation)
    };
    let one = one.iter().map(|named| relation(named, false));
    let many = many.iter().map(|named| relation(named, true));
    json!({
        "identifier": identifier,
        "title": identifier,
        "schema": { "properties": properties },
        "relations": one.chain(many).collect::<Map<_, _>>(),
    })
}

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
