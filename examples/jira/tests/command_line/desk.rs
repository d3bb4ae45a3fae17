//! Looking at what a mapping does, without writing anything.

use std::fs;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::process::{Ended, Program, jira, port};

/// A program whose integration is installed at Port already.
pub(crate) async fn installed() -> (Program, JiraTwin, PortTwin) {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    let ended = program.run(&["--once"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    port.journal().clear();
    (program, jira, port)
}

/// The requests to Port that could have changed something: reads, searches and the token are none.
pub(crate) fn writes(port: &PortTwin) -> Vec<String> {
    let all = port.journal().requests().into_iter();
    let told = all.map(|entry| format!("{} {}", entry.method, entry.path()));
    told.filter(|request| {
        let reads = request.starts_with("GET ")
            || request == "POST /v1/auth/access_token"
            || request.ends_with("/entities/search")
            || request.ends_with("/datasource-entities");
        !reads
    })
    .collect()
}

fn shown(text: &str, jira: &JiraTwin) -> String {
    text.replace(&jira.url(), "http://jira")
}

#[tokio::test]
async fn a_preview_shows_items_and_entities_and_writes_nothing() {
    let (program, jira, port) = installed().await;
    let ended = program.run(&["preview", "issue", "-n", "2"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!(shown(&ended.stdout, &jira));
    assert_eq!(ended.stderr, "");
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn a_preview_of_a_draft_needs_no_mapping_at_port() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    let draft = "resources: [{kind: project, selector: {query: '.key != \"NONE\"'}, port: {entity: \
                 {mappings: {identifier: .key, blueprint: '\"p\"', title: .nme}}}}]";
    fs::write(program.folder.path().join("draft.yaml"), draft).unwrap();
    let arguments = ["preview", "project", "--mapping", "draft.yaml", "--json"];
    let ended = program.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let previewed: Value = serde_json::from_str(&ended.stdout).unwrap();
    let items = previewed[0]["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    for item in items {
        assert_eq!(item["outcome"], "entity");
        assert_eq!(item["entities"][0]["identifier"], item["raw"]["key"]);
        assert_eq!(item["null"], serde_json::json!(["title"]));
    }
    assert_eq!(port.journal().len(), 0);
}

#[tokio::test]
async fn a_preview_tells_what_becomes_of_items_that_are_left_out() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port);
    let draft = r#"
resources:
  - {kind: project, selector: {query: .key == "NONE"}, port: {entity: {mappings: {identifier: .key, blueprint: '"p"'}}}}
  - {kind: project, selector: {query: .name}, port: {entity: {mappings: {identifier: .key, blueprint: '"p"'}}}}
  - {kind: project, selector: {query: true}, port: {entity: {mappings: {identifier: .kee, blueprint: '"p"'}}}}
"#;
    fs::write(program.folder.path().join("draft.yaml"), draft).unwrap();
    let arguments = [
        "preview",
        "project",
        "-n",
        "1",
        "-m",
        "draft.yaml",
        "--json",
    ];
    let ended = program.run(&arguments).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    let previewed: Value = serde_json::from_str(&ended.stdout).unwrap();
    let outcomes: Vec<_> = (0..3)
        .map(|resource| previewed[resource]["items"][0]["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["refused", "error", "no-key"]);
}

#[tokio::test]
async fn a_kind_that_does_not_exist_is_a_mistake_of_the_command_line() {
    let (program, _jira, _port) = installed().await;
    let ended = program.run(&["preview", "isue"]).await;
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr);
}

#[tokio::test]
async fn an_explanation_names_the_first_missing_step_of_each_path() {
    let (program, jira, port) = installed().await;
    let draft = jira_integration::MAPPING.replace(".fields.priority.name", ".fields.prioriti.name");
    fs::write(program.folder.path().join("draft.yaml"), draft).unwrap();
    let keys = jira
        .site()
        .matching_issue_keys("statusCategory != Done")
        .unwrap();
    let key = keys[0].as_str();
    let ended = program
        .run(&["explain", "issue", key, "-m", "draft.yaml"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    insta::assert_snapshot!(shown(&ended.stdout, &jira));
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn an_item_of_a_file_is_explained_without_asking_the_source() {
    let (program, jira, _port) = installed().await;
    jira.journal().clear();
    let item = r#"{"key": "X-1", "fields": {"summary": "Disk full"}, "self": "https://x/y"}"#;
    fs::write(program.folder.path().join("issue.json"), item).unwrap();
    let ended = program
        .run(&["explain", "issue", "@issue.json", "--json"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let explained: Value = serde_json::from_str(&ended.stdout).unwrap();
    let expressions = explained[0]["explanations"][0]["expressions"]
        .as_array()
        .unwrap();
    let status = expressions
        .iter()
        .find(|one| one["field"] == "properties.status")
        .unwrap();
    assert_eq!(status["missing"][0]["path"], ".fields.status");
    assert_eq!(jira.journal().len(), 0);
}

#[tokio::test]
async fn an_item_that_does_not_exist_is_said_to_be_missing() {
    let (program, _jira, _port) = installed().await;
    let ended: Ended = program.run(&["explain", "project", "NOWHERE"]).await;
    assert_eq!(ended.code, Some(12));
    insta::assert_snapshot!(ended.stderr);
}
