//! How does one mapping use all eleven kinds? [`mapping`] and the [`blueprints`] it writes to.

use ocean_core::AppConfig;
use serde_json::{Map, Value, json};

/// A name and what it is: the type of a property, the target of a relation.
type Named = (&'static str, &'static str);

/// The mapping of `all_kinds.yaml`.
pub fn mapping() -> Value {
    let mapping = AppConfig::from_yaml("all_kinds.yaml", include_str!("all_kinds.yaml"));
    mapping.expect("the mapping is valid").config.to_value()
}

/// One blueprint for each kind, but none of those that the integration brings along.
pub fn blueprints() -> [Value; 11] {
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
