//! Checking a mapping.

use std::fs;

use serde_json::{Value, json};

use crate::desk::{installed, writes};
use crate::process::{Program, jira_with, port};

const EVERYTHING: &str = include_str!("../../../../tests/tests/original/everything.yaml");

#[tokio::test]
async fn the_default_mapping_at_port_has_no_findings() {
    let jira = jira_with(|jira| jira.projects(3).issues(120).users(8).teams(2));
    let (jira, port) = (jira.await, port().await);
    let program = Program::between(&jira, &port);
    assert_eq!(program.run(&["--once"]).await.code, Some(0));
    port.journal().clear();
    let ended = program.run(&["lint"]).await;
    assert_eq!(ended.stdout, "Nothing is wrong with the mapping.\n");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(writes(&port), Vec::<String>::new());
}

#[tokio::test]
async fn shipped_mappings_have_no_findings_without_any_system() {
    let program = Program::new();
    let folder = program.folder.path();
    let mut blueprints: Vec<Value> = serde_json::from_str(jira_integration::BLUEPRINTS).unwrap();
    // What only the mapping of everything writes to.
    blueprints.push(json!({
        "identifier": "label",
        "schema": {"properties": {"letters": {"type": "number"}, "share": {"type": "number"}}},
    }));
    fs::write(
        folder.join("blueprints.json"),
        json!(blueprints).to_string(),
    )
    .unwrap();
    fs::write(folder.join("default.yaml"), jira_integration::MAPPING).unwrap();
    fs::write(folder.join("everything.yaml"), EVERYTHING).unwrap();
    for mapping in ["default.yaml", "everything.yaml"] {
        let arguments = [
            "lint",
            "-m",
            mapping,
            "--blueprints",
            "blueprints.json",
            "-n",
            "0",
        ];
        let ended = program.run(&arguments).await;
        assert_eq!(
            ended.stdout, "Nothing is wrong with the mapping.\n",
            "{mapping}"
        );
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn each_finding_has_its_place_and_a_way_out() {
    let (program, jira, _port) = installed().await;
    let draft = jira_integration::MAPPING
        .replace(".fields.status.name", ".fields.state.name")
        .replace("            creator:", "            creatr:")
        .replace("'\"jiraUser\"'", "jiraUser")
        .replace(
            "labels: .fields.labels",
            "labels: .fields.labels | map(foo)",
        );
    fs::write(program.folder.path().join("draft.yaml"), draft).unwrap();
    let ended = program.run(&["lint", "--mapping", "draft.yaml"]).await;
    assert_eq!(ended.code, Some(10), "{}", ended.stderr);
    insta::assert_snapshot!(ended.stdout.replace(&jira.url(), "http://jira"));
    let ended = program.run(&["lint", "-m", "draft.yaml", "--json"]).await;
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 4);
    assert_eq!(found[0]["file"], "draft.yaml");
}
