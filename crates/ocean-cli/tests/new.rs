//! A stranger's first minutes: `ocean new`, then the tests of what it wrote.

#![cfg(test)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Runs `ocean` in this folder; gives its exit code and what it printed.
fn ocean(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ocean"));
    let ended = program
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn what_was_written_is_told() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = ocean(home.path(), &["new", "help-desk"]);
    let lines: Vec<&str> = told.lines().skip(1).collect();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.starts_with("wrote 13 files to ocean-help-desk, depending on the checkout in "));
    let expected = "
  Cargo.toml
  README.md
  .gitignore
  .github/workflows/ci.yml
  .port/spec.yaml
  .port/resources/blueprints.json
  .port/resources/port-app-config.yaml
  src/main.rs
  src/lib.rs
  src/client.rs
  src/kinds.rs
  tests/against_twin.rs
  Cargo.lock

next:
  cd ocean-help-desk
  cargo test            its tests, against a simulated system
  cargo run -- --help   its commands";
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn what_cannot_be_written_is_told() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (
            &["new", "Help Desk"][..],
            "error: `Help Desk` is no name: small letters",
        ),
        (
            &["new", "jira"],
            "error: `ocean-jira` is the name of another package",
        ),
        (
            &["new", "desk", "--sdk-path", "."],
            "error: `.` holds no checkout of the SDK",
        ),
    ] {
        let (code, told) = ocean(home.path(), arguments);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.starts_with(reason), "{told}");
    }
    assert_eq!(home.path().read_dir().unwrap().count(), 0);
}

#[test]
fn help_has_examples() {
    let home = tempfile::tempdir().unwrap();
    let (code, told) = ocean(home.path(), &["new", "--help"]);
    assert_eq!(code, Some(0));
    assert!(
        told.contains("ocean new help-desk --folder ~/work/desk"),
        "{told}"
    );
}

/// Builds the SDK in a target folder of its own, which takes minutes the first time and seconds
/// afterwards; `.ci/run` asks for it by name.
#[test]
#[ignore = "builds the SDK once more"]
#[expect(clippy::print_stderr, reason = "the time is what the test measures")]
fn a_new_integration_is_green_at_once_and_offline() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let written = Command::new(env!("CARGO_BIN_EXE_ocean"))
        .args(["new", "help-desk"])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:?}");
    let told = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(told.contains("cd ocean-help-desk"), "{told}");
    for arguments in [&["fmt", "--check"][..], &["test", "--offline"]] {
        let ended = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(home.path().join("ocean-help-desk"))
            .env("CARGO_TARGET_DIR", workspace.join("target/scaffold"))
            .output()
            .unwrap();
        let (out, err) = (&ended.stdout, &ended.stderr);
        let text = [out.as_slice(), err].map(String::from_utf8_lossy).concat();
        assert!(ended.status.success(), "cargo {arguments:?}: {text}");
    }
    eprintln!("from `new` to green tests: {} s", began.elapsed().as_secs());
}
