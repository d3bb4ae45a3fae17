//! Expressions that give null, and the step that is to blame.

use serde_json::json;

use super::super::budget::Limits;
use super::super::{Environment, Program};
use super::*;

#[track_caller]
fn check(expression: &str, expected: &[(&str, &str)]) {
    let item = Val::from(json!({
        "key": "PORT-1", "names": [], "self": "https://x/y", "empty": {},
        "fields": {"summary": "Disk full", "parent": null, "labels": ["a"], "n": 1},
    }));
    let environment = Environment::default();
    let program = Program::compile(expression, &environment).unwrap();
    let budget = Budget::new(Limits::default());
    assert!(matches!(
        program.first(&item, &budget),
        Ok(None | Some(Val::Null)) | Err(_)
    ));
    let found = Program::trace(expression, &environment, &item, &budget);
    let found: Vec<_> = found
        .iter()
        .map(|missing| (missing.path.as_str(), missing.message.as_str()))
        .collect();
    assert_eq!(found, expected, "{expression}");
}

#[test]
fn the_first_step_that_is_not_there_is_named() {
    check(
        ".fields.assignee.name",
        &[(
            ".fields.assignee",
            "`.fields` has no `assignee`, only summary, parent, labels, n",
        )],
    );
    check(".fields.parent.key", &[(".fields.parent", "is null")]);
    check(
        ".fields.sumary",
        &[(
            ".fields.sumary",
            "`.fields` has no `sumary`; did you mean `summary`?",
        )],
    );
    check(
        ".Key",
        &[(".Key", "the item has no `Key`; did you mean `key`?")],
    );
    check(
        ".empty.x",
        &[(".empty.x", "`.empty` has no `x`, it is empty")],
    );
    check(
        ".fields.labels[3]",
        &[(".fields.labels[3]", "there are only 1 in `.fields.labels`")],
    );
    check(".names[0].x", &[(".names[0]", "`.names` is empty")]);
}

#[test]
fn a_pipe_is_followed_to_where_the_value_is_lost() {
    check(
        ".fields | .labels | .[2]",
        &[(".fields.labels[2]", "there are only 1 in `.fields.labels`")],
    );
    check(".fields.parent | .key", &[(".fields.parent", "is null")]);
    check(
        ".fields.parent | map(.key)",
        &[(".fields.parent", "is null")],
    );
    check("[.fields] | .[0].parent", &[("(...).parent", "is null")]);
    check(
        ".names | first",
        &[(".names", "is empty, so `first` gives null")],
    );
}

#[test]
fn alternatives_are_missing_together() {
    check(
        ".fields.parent.key // .fields.epic",
        &[
            (".fields.parent", "is null"),
            (
                ".fields.epic",
                "`.fields` has no `epic`, only summary, parent, labels, n",
            ),
        ],
    );
}

#[test]
fn the_branch_that_is_taken_is_followed() {
    check(
        "if .fields.n == 1 then .fields.parent else .key end",
        &[(".fields.parent", "is null")],
    );
    check(
        "if .fields.n == 2 then .key else null end",
        &[("", "the expression says `null`")],
    );
}

#[test]
fn no_output_is_explained_as_well() {
    check(
        ".fields.labels[] | select(. == \"b\")",
        &[("", "`select` lets \"a\" not pass")],
    );
    check(".names[]", &[(".names[]", "`.names` is empty")]);
}

#[test]
fn a_failure_is_followed_to_where_it_begins() {
    check(
        ".fields.parent | split(\"/\")",
        &[(".fields.parent", "is null")],
    );
    check(
        ".fields.summary.text",
        &[(
            ".fields.summary.text",
            "fails: Cannot index string with string (\"text\")",
        )],
    );
}

#[test]
fn what_is_bound_to_a_name_ends_the_walk() {
    check(". as $item | [1] | $item.fields.parent", &[]);
}
