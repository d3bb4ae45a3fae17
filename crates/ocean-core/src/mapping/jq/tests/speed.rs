//! What does it cost to map an item? Run with
//! `cargo test --release -p ocean-core --lib jq::tests::speed -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::{Value, json};

use crate::mapping::jq::{Budget, Environment, Limits, Needs, Program, Val};

/// The default mapping of a Jira issue.
const EXPRESSIONS: [&str; 19] = [
    "true",
    ".key",
    ".fields.summary",
    "\"jiraIssue\"",
    "(.self | split(\"/\") | .[:3] | join(\"/\")) + \"/browse/\" + .key",
    ".fields.status.name",
    ".fields.issuetype.name",
    ".fields.components",
    ".fields.creator.emailAddress",
    ".fields.priority.name",
    ".fields.labels",
    ".fields.created",
    ".fields.updated",
    ".fields.resolutiondate",
    ".fields.project.key",
    ".fields.parent.key",
    ".fields.subtasks | map(.key)",
    ".fields.assignee.accountId",
    ".fields.reporter.accountId",
];

const ROUNDS: u32 = 20_000;

/// An issue as Jira sends it: some fields that the mapping reads among many that it does not.
fn issue() -> String {
    let link = |kind: &str, id: &str| format!("https://acme.example/rest/api/3/{kind}/{id}");
    let avatars: serde_json::Map<String, Value> = ["48x48", "24x24", "16x16", "32x32"]
        .iter()
        .map(|size| {
            (
                (*size).to_owned(),
                json!(link("avatar", &format!("initials/MR-4.png?size={size}"))),
            )
        })
        .collect();
    let user = |id: &str| {
        json!({"self": link("user", id), "accountId": id, "emailAddress": format!("{id}@acme.example"),
            "avatarUrls": avatars, "displayName": "Mia Rossi", "active": true,
            "timeZone": "Europe/Rome", "accountType": "atlassian"})
    };
    let status = json!({"self": link("status", "3"), "description": "Work has begun on this issue.",
        "iconUrl": link("icons", "inprogress.png"), "name": "In Progress", "id": "3",
        "statusCategory": {"self": link("statuscategory", "4"), "id": 4, "key": "indeterminate",
            "colorName": "yellow", "name": "In Progress"}});
    let small = |id: &str, key: &str| {
        json!({"id": id, "key": key, "self": link("issue", id), "fields": {"summary": "A part of it",
            "status": status, "priority": {"name": "Medium", "id": "3"}}})
    };
    let paragraph = "The edge certificates expire in June; rotate them before the freeze.";
    let description: Vec<Value> = (0..8)
        .map(|_| json!({"type": "paragraph", "content": [{"type": "text", "text": paragraph}]}))
        .collect();
    let mut issue = json!({"expand": "operations,versionedRepresentations,editmeta", "id": "10423",
        "self": link("issue", "10423"), "key": "OPS-42", "fields": {
            "statuscategorychangedate": "2025-02-03T04:05:06.789+0200",
            "issuetype": {"self": link("issuetype", "1"), "id": "1", "name": "Task", "subtask": false},
            "parent": small("10400", "OPS-40"), "timespent": null,
            "project": {"self": link("project", "10000"), "id": "10000", "key": "OPS",
                "name": "Operations", "avatarUrls": avatars},
            "fixVersions": [], "resolution": null, "resolutiondate": null, "workratio": -1,
            "lastViewed": null, "created": "2025-02-03T04:05:06.789+0200", "priority": {"name": "High"},
            "labels": ["infra", "tls"], "assignee": user("5f1"), "updated": "2025-03-04T05:06:07.000+0000",
            "status": status, "components": [{"id": "1", "name": "gateway"}],
            "description": {"type": "doc", "version": 1, "content": description},
            "summary": "Rotate the edge certificates", "creator": user("5f2"),
            "subtasks": [small("10424", "OPS-43"), small("10425", "OPS-44")], "reporter": user("5f3"),
            "watches": {"watchCount": 3, "isWatching": false}}});
    for id in 10_000..10_060 {
        issue["fields"][format!("customfield_{id}")] = Value::Null;
    }
    issue.to_string()
}

#[test]
#[ignore = "measures, and proves nothing about behaviour"]
fn mapping_an_issue_takes_microseconds() {
    let bytes = issue();
    let begun = Instant::now();
    let programs: Vec<Program> = EXPRESSIONS
        .iter()
        .map(|text| Program::compile(text, &Environment::default()).unwrap())
        .collect();
    let compiled = begun.elapsed();
    let mut needs = Needs::nothing();
    programs
        .iter()
        .for_each(|program| needs.merge(program.needs()));

    let begun = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(Val::from_json(bytes.as_bytes(), &needs).unwrap());
    }
    let parsed = begun.elapsed() / ROUNDS;
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        let budget = Budget::new(Limits::default());
        let item = Val::from_json(bytes.as_bytes(), &needs).unwrap();
        for program in &programs {
            let output = program.first(&item, &budget).unwrap();
            std::hint::black_box(output.map(|output| output.to_json()));
        }
    }
    let mapped = begun.elapsed() / ROUNDS;

    let mut report = String::new();
    let size = bytes.len();
    write!(
        report,
        "{size} bytes: parsed in {parsed:?}, with 19 expressions {mapped:?}"
    )
    .unwrap();
    write!(report, ", all expressions compiled in {compiled:?}").unwrap();
    #[expect(clippy::print_stderr, reason = "the figure is what this is run for")]
    {
        eprintln!("{report}");
    }
}
