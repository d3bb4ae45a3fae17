//! What a new installation starts with, and a first start that is killed on the way.

use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::process::{Program, jira, port};
use crate::running::{INTEGRATION, Running};

const MAPPING: &str = "
resources:
  - kind: project
    selector: { query: 'true' }
    port: { entity: { mappings: { identifier: .key, title: .name, blueprint: '\"ours\"' } } }
";

const BLUEPRINTS: &str = "
- identifier: ours
  title: Ours
  schema: { properties: {} }
  mirrorProperties: { parentTitle: { path: parent.$title } }
  relations: { parent: { target: other, many: false, required: false } }
- identifier: other
  title: Other
  schema: { properties: {} }
  relations: { child: { target: ours, many: true, required: false } }
";

const SCORECARDS: &str = "
- blueprint: ours
  data: [{ identifier: ready, title: Ready }]
";

/// The program in a folder with resources of its own, in all forms that they may have.
fn with_resources(program: Program) -> Program {
    let folder = program.folder.path().join(".port/resources");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [
        ("port-app-config.yml", MAPPING),
        ("blueprints.yaml", BLUEPRINTS),
        ("scorecards.yml", SCORECARDS),
        ("actions.json", "[\n\t{\"identifier\": \"deploy\"}\n]"),
        ("pages.json", r#"[{"identifier": "overview"}]"#),
        ("readme.txt", "not a resource"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    program
}

/// All that a start leaves at Port, without times and what the resync tells.
fn left(port: &PortTwin) -> Value {
    let integration = port.integration(INTEGRATION).unwrap_or_default();
    json!({
        "integration": (["config", "version", "processingMode", "arePortResourcesInitialized"]
            .map(|key| &integration[key])),
        "blueprints": (["ours", "other", "jiraIssue"].map(|name| port.blueprint(name))),
        "actions": (port.actions()),
        "scorecards": (port.scorecards("ours")),
        "pages": (port.pages()),
    })
}

/// A start with its resync, undisturbed.
async fn start(program: &Program) {
    let ended = program.run(&["sail", "--once"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_of_resources_comes_before_what_is_in_the_binary() {
    let (jira, port) = (jira().await, port().await);
    start(&with_resources(Program::between(&jira, &port))).await;
    let made = left(&port);
    assert_eq!(
        made["blueprints"][0]["relations"]["parent"]["target"],
        "other"
    );
    assert_eq!(made["blueprints"][2], Value::Null);
    assert_eq!(made["actions"][0]["identifier"], "deploy");
    assert_eq!(made["scorecards"][0]["identifier"], "ready");
    assert_eq!(made["pages"][0]["identifier"], "overview");
    assert_eq!(port.entity_count("ours"), 3);
}

#[tokio::test]
async fn a_resource_in_another_form_is_refused_by_name() {
    let (jira, port) = (jira().await, port().await);
    for (name, text, problem) in [
        ("pages.toml", "", "is neither a JSON nor a YAML file"),
        ("pages", "", "is neither a JSON nor a YAML file"),
        ("pages.yaml", "[]", "are the same resource"),
    ] {
        let program = with_resources(Program::between(&jira, &port));
        let file = program.folder.path().join(".port/resources").join(name);
        std::fs::write(file, text).unwrap();
        let ended = program.run(&["sail", "--once"]).await;
        assert_eq!(ended.code, Some(10), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
    for (text, problem) in [("[1,", "EOF"), ("a: 1", "list"), ("- [1", "")] {
        let program = with_resources(Program::between(&jira, &port));
        let file = program.folder.path().join(".port/resources/actions.json");
        std::fs::write(file, text).unwrap();
        let ended = program.run(&["sail", "--once"]).await;
        assert_eq!(ended.code, Some(10), "{text}: {}", ended.stderr);
        let told =
            ended.stderr.contains("actions.json is not the list") && ended.stderr.contains(problem);
        assert!(told, "{text}: {}", ended.stderr);
    }
    assert!(port.journal().is_empty());
}

#[tokio::test]
async fn a_first_start_that_is_killed_anywhere_is_made_good_by_the_next_one() {
    let (jira, undisturbed) = (jira().await, port().await);
    start(&with_resources(Program::between(&jira, &undisturbed))).await;
    let wanted = left(&undisturbed);
    let journal = undisturbed.journal().requests();
    let mut calls = journal
        .iter()
        .take_while(|one| !one.path().ends_with("/resync-state"));
    let calls = calls.by_ref().count() as u64;
    assert!(calls > 15, "{calls}");
    for at in (0..calls).step_by(2) {
        let action = if at % 4 == 0 {
            Action::Hang
        } else {
            Action::HangAfterHeaders
        };
        let port = port().await;
        port.faults().add(Rule::new(action).path("/v1/").skip(at));
        let program = with_resources(Program::between(&jira, &port));
        let running = Running::start(&program, &["sail", "--once"]);
        running.until("a fault", || port.faults().fired() > 0).await;
        running.send("-KILL");
        assert_eq!(running.end().await.0, None);
        port.faults().clear();
        start(&program).await;
        assert_eq!(left(&port), wanted, "killed at call {at}");
    }
}
