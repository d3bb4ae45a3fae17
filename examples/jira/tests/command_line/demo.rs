//! The demonstration, which needs nothing at all.

use serde_json::Value;

use crate::process::Program;

#[tokio::test]
async fn the_demonstration_ends_with_a_catalog_that_equals_the_source() {
    let ended = Program::new()
        .run(&["demo", "--issues", "50", "--json"])
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let result: Value = serde_json::from_str(&ended.stdout).unwrap();
    let number = |path: &str| result.pointer(path).and_then(Value::as_u64).unwrap();
    assert_eq!(result["equal"], true, "{}", result["differences"]);
    for run in ["first", "second"] {
        assert_eq!(result[run]["outcome"], "completed");
    }
    assert!(number("/first/created") > 0);
    for happened in [
        "/second/created",
        "/second/updated",
        "/second/unchanged",
        "/second/deleted",
    ] {
        assert!(number(happened) > 0, "{happened}");
    }
}

#[tokio::test]
async fn the_demonstration_heeds_neither_environment_nor_files() {
    let program = Program::new()
        .set("OCEAN__PORT__BASE_URL", "http://127.0.0.1:1")
        .set("OCEAN__EVENT_LISTENER__TYPE", "KAFKA");
    std::fs::write(program.folder.path().join("config.yaml"), "- no: settings").unwrap();
    let ended = program.run(&["demo", "--issues", "20"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("The catalog equals Jira"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_demonstration_of_one_issue_works_too() {
    let ended = Program::new().run(&["demo", "--issues", "1"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}
