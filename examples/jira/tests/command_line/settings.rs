//! Nothing, or nonsense, is configured.

use std::fs;

use crate::process::{Program, jira, port};

#[tokio::test]
async fn every_missing_setting_is_named_at_once() {
    let ended = Program::new().run(&[]).await;
    assert_eq!(ended.code, Some(10));
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr);
}

#[tokio::test]
async fn every_wrong_setting_is_named_before_the_first_request() {
    let (jira, port) = (jira().await, port().await);
    let program = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "SOMETIMES")
        .set("OCEAN__CLIENT_TIMEOUT", "soon")
        .set("OCEAN__INTEGRATION__CONFIG__JIRA_HOST", "acme");
    let ended = program.run(&["sail"]).await;
    assert_eq!(ended.code, Some(10));
    insta::assert_snapshot!(ended.stderr);
    assert_eq!((jira.journal().len(), port.journal().len()), (0, 0));
}

#[tokio::test]
async fn a_mistyped_setting_is_shown_beside_the_one_that_is_missing() {
    let program = Program::new().set("OCEAN__PORT__CLIENT_IDD", "id");
    let ended = program.run(&["--once"]).await;
    assert!(ended.stderr.contains("perhaps related"), "{}", ended.stderr);
    assert!(ended.stderr.contains("CLIENT_IDD"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_files_of_the_given_folder_are_read() {
    let program = Program::new();
    fs::write(
        program.folder.path().join(".env"),
        "OCEAN__PORT__CLIENT_ID=id\n",
    )
    .unwrap();
    fs::write(
        program.folder.path().join("config.yaml"),
        "port:\n  clientSecret: s3cret\n",
    )
    .unwrap();
    let folder = program.folder.path().to_str().unwrap();
    let ended = program.run(&["config", "show", folder]).await;
    assert_eq!(ended.code, Some(10));
    assert!(ended.stdout.contains(".env:1"), "{}", ended.stdout);
    assert!(ended.stdout.contains("config.yaml:2"), "{}", ended.stdout);
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!all.contains("s3cret"), "{all}");
    assert!(!ended.stderr.contains("OCEAN__PORT__"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_a_mistake_of_the_command_line() {
    let ended = Program::new().run(&["sail", "nowhere"]).await;
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stderr, "error: there is no folder `nowhere`\n");
}

#[tokio::test]
async fn an_unknown_command_is_answered_with_the_nearest_one() {
    let ended = Program::new().run(&["sial"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("'sail'"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_help_tells_commands_and_exit_codes() {
    let ended = Program::new().run(&["--help"]).await;
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(ended.stdout);
}

#[tokio::test]
async fn the_help_of_a_command_tells_what_it_is_good_for() {
    let ended = Program::new().run(&["demo", "--help"]).await;
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(ended.stdout);
}
