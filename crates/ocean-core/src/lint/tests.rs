//! Twenty planted faults, each found at its character, and none where there is none.

use futures::{Stream, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::{Batch, Integration, ResyncContext, Selector, SourceError, kinds};

kinds! {
    enum Kinds { Issue = "issue", Project = "project" }
}

#[derive(Deserialize, JsonSchema)]
struct IssueSelector {
    #[serde(default)]
    #[expect(dead_code, reason = "only its type is checked")]
    jql: String,
}
impl Selector for IssueSelector {}

fn read(_: (), _: ResyncContext<IssueSelector>) -> impl Stream<Item = Result<Batch, SourceError>> {
    stream::empty()
}

/// A mapping without a fault, written in every style that YAML has.
const SOUND: &str = r#"resources:
  - kind: issue
    selector:
      query: .fields.kind != "Epic"
      jql: project = A
    port:
      entity:
        mappings:
          identifier: .key
          title: '.fields.summary'
          blueprint: '"issue"'
          properties:
            status: .fields.status.name
            points: ".fields.points // 0"
            done: .fields.done
            labels: >-
              .fields.labels
              | map(ascii_downcase)
            due: .fields.due
            home: env.HOME
            url: |
              "https://x/" + .key
          relations:
            project: .fields.project.key
            subtasks: '[.fields.subtasks[].key]'
            assignee: .fields.assignee.id
"#;

fn linter() -> Linter {
    let registry = Integration::new(())
        .on_resync(Kinds::Issue, read)
        .on_resync(Kinds::Project, read)
        .registry()
        .clone();
    let blueprint = json!({
        "identifier": "issue",
        "schema": {"properties": {
            "status": {"type": "string"}, "points": {"type": "number"},
            "done": {"type": "boolean"}, "labels": {"type": "array"}, "due": {"type": "string"},
            "home": {"type": "string"}, "url": {"type": "string", "format": "url"},
        }},
        "relations": {
            "project": {"target": "project", "many": false},
            "subtasks": {"target": "issue", "many": true},
            "assignee": {"target": "user", "many": false},
        },
    });
    let items = [
        json!({"key": "A-1", "fields": {
            "kind": "Bug", "summary": "Disk full", "status": {"name": "open"}, "points": 3,
            "done": false, "labels": ["X"], "due": null, "project": {"key": "A"},
            "subtasks": [{"key": "A-2"}], "assignee": {"id": "u1"},
        }}),
        json!({"key": "A-2", "fields": {
            "kind": "Task", "summary": "Buy disk", "status": {"name": "open"}, "points": null,
            "done": true, "labels": [], "due": null, "project": {"key": "A"},
            "subtasks": [], "assignee": null,
        }}),
        json!({"key": "A-3", "fields": {"kind": "Epic"}}),
    ];
    let variables =
        ["HOME", "OCEAN__PORT__CLIENT_SECRET"].map(|name| (name.to_owned(), "x".to_owned()));
    Linter::new(registry)
        .environment(Environment::new(variables))
        .blueprint("issue", Some(&blueprint))
        .blueprint("project", Some(&json!({"identifier": "project"})))
        .blueprint("user", Some(&json!({"identifier": "user"})))
        .samples(0, items.into_iter().map(RawItem::from).collect())
}

#[test]
fn a_sound_mapping_has_no_findings() {
    let found = linter().lint("m.yaml", SOUND);
    assert!(found.is_empty(), "{}", shown(&found));
}

fn shown(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect()
}

/// Replaces a part of the mapping by one with a fault, which is marked by `^`; says how it was not
/// found there, if so.
fn missed(linter: &Linter, sound: &str, planted: &str, message: &str) -> Option<String> {
    assert_eq!(SOUND.matches(sound).count(), 1, "{sound}");
    let marked = SOUND.replace(sound, planted);
    let at = marked.find('^').expect("a mark");
    let (before, _) = marked.split_at(at);
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let expected = (before.matches('\n').count() + 1, at - begin + 1);
    let found = linter.lint("m.yaml", &marked.replace('^', ""));
    let [finding] = found.as_slice() else {
        return Some(format!(
            "{planted}: {} findings\n{}",
            found.len(),
            shown(&found)
        ));
    };
    let place = finding.place.as_ref().unwrap().position;
    let told = finding.to_string();
    let is_right = (place.line, place.column) == expected && told.contains(message);
    (!is_right).then(|| format!("{planted}: not at {expected:?} or not {message}\n{told}\n"))
}

/// What a line becomes, and what is said of it.
const PLANTED: [(&str, &str, &str); 20] = [
    // Syntax, in each style of writing a text.
    (
        "status: .fields.status.name",
        "status: .fields.status ^)",
        "not a jq expression",
    ),
    (
        "'.fields.summary'",
        "'.fields.summary | ^ascii_uppercase'",
        "is not defined",
    ),
    (
        r#"".fields.points // 0""#,
        r#"".fields.points + \"0^""#,
        "no partner",
    ),
    (
        "| map(ascii_downcase)",
        "| map(^downcase)",
        "downcase/0 is not defined",
    ),
    (
        r#""https://x/" + .key"#,
        r#""https://x/" + ^foo"#,
        "foo/0 is not defined",
    ),
    (
        "'[.fields.subtasks[].key]'",
        "'[.fields.subtasks[].key^'",
        "syntax error",
    ),
    // Blueprint.
    (
        "            due: ",
        "            ^dew: ",
        "has no property `dew`",
    ),
    (
        "            assignee: .f",
        "            ^asignee: .f",
        "did you mean `assignee`?",
    ),
    (
        "            done: .fields.done\n",
        "            ^project: .fields.done\n",
        "has a relation of that name",
    ),
    (
        r#"'"issue"'"#,
        r#"^'"isue"'"#,
        "there is no blueprint `isue`",
    ),
    // Samples.
    (
        "status: .fields.status.name",
        "status: ^.fields.status",
        "gives an object, and a text is needed",
    ),
    (
        "done: .fields.done",
        "done: ^.fields.summary",
        "true or false is needed",
    ),
    (
        "project: .fields.project.key",
        "project: ^'[.fields.project.key]'",
        "one identifier is needed",
    ),
    (
        "'[.fields.subtasks[].key]'",
        "^.fields.project.key",
        "a list of identifiers is needed",
    ),
    (
        "status: .fields.status.name",
        "status: .fields.^state.name",
        "is null for each of 2 samples",
    ),
    (
        "status: .fields.status.name",
        "status: .fields.status.^nam",
        "did you mean `name`?",
    ),
    (
        r#".fields.kind != "Epic""#,
        "^.fields.kind",
        "true or false is needed",
    ),
    // Secrets.
    (
        "home: env.HOME",
        "home: ^env.OCEAN__PORT__CLIENT_SECRET",
        "reads the secret",
    ),
    // Quotes.
    (
        r#"'"issue"'"#,
        "^issue",
        "a fixed text needs quotes of its own",
    ),
    (
        "status: .fields.status.name",
        r#"status: ^'".fields.status.name"'"#,
        "is the fixed text",
    ),
];

#[test]
fn twenty_planted_faults_are_found_where_they_are() {
    let linter = linter();
    let missed: String = PLANTED
        .iter()
        .filter_map(|(sound, planted, message)| missed(&linter, sound, planted, message))
        .collect();
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn more_faults_are_found_without_samples_and_blueprints() {
    let blind = Linter::new(linter().registry);
    for (sound, planted, message) in [
        ("kind: issue", "kind: ^isue", "did you mean `issue`?"),
        (
            r#".fields.kind != "Epic""#,
            r#"^'"true"'"#,
            "leave the inner quotes out",
        ),
        ("jql: project = A", "^jql: [a]", "invalid type"),
        (
            "home: env.HOME",
            "home: '[^$ENV | keys[]]'",
            "all of the environment",
        ),
    ] {
        assert_eq!(missed(&blind, sound, planted, message), None);
    }
}

#[test]
fn a_relation_to_a_blueprint_that_does_not_exist_is_found() {
    let linter = linter().blueprint("user", None);
    let found = linter.lint("m.yaml", SOUND);
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert!(
        found[0]
            .to_string()
            .contains("`user`, which does not exist")
    );
    assert_eq!(found[0].place.as_ref().unwrap().position.line, 26);
}

#[test]
fn a_field_that_is_there_and_empty_is_no_fault() {
    let found = linter().lint("m.yaml", &SOUND.replace(".fields.due", ".fields.due.date"));
    assert!(found.is_empty(), "{}", shown(&found));
}

#[test]
fn a_list_of_parts_that_is_no_list_is_found() {
    let (sound, planted) = (
        "    port:\n",
        "    port:\n      itemsToParse: ^.fields.status\n",
    );
    let missed = missed(
        &linter(),
        sound,
        planted,
        "gives an object, and a list is needed",
    );
    assert_eq!(missed, None);
}

#[test]
fn a_fixed_value_of_the_wrong_type_is_found_without_samples() {
    let mut blind = linter();
    blind.samples.clear();
    let (sound, planted) = (r#"".fields.points // 0""#, r#"^'"many"'"#);
    let missed_one = missed(
        &blind,
        sound,
        planted,
        "gives a text, and a number is needed",
    );
    assert_eq!(missed_one, None);
    assert_eq!(blind.lint("m.yaml", SOUND), []);
}
