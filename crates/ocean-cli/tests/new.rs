//! A stranger's first minutes: `ocean new`, then the tests of what it wrote.

#![cfg(test)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

/// Runs `ocean` in this folder; gives its exit code, stdout and stderr.
fn ocean(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ocean"));
    let ended = program
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let [stdout, stderr] =
        [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
    (ended.status.code(), stdout, stderr)
}

/// `tests/transcripts/new.md` is what somebody sees who types its commands, in one folder and one
/// after the other: stdout, `? 2` for an exit code other than 0, stderr. `TRANSCRIPTS=overwrite`
/// writes what is printed into the file.
#[test]
fn what_is_typed_is_answered_as_written() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/new.md");
    let story = fs::read_to_string(&file).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut played = String::new();
    let mut in_console = false;
    for line in story.lines() {
        let command = line.strip_prefix("$ ocean").filter(|_| in_console);
        match line {
            "```console" => in_console = true,
            "```" => in_console = false,
            _ => {}
        }
        if !in_console || line == "```console" {
            played += &format!("{line}\n");
        } else if let Some(command) = command {
            let arguments: Vec<&str> = command.split_whitespace().collect();
            played += &format!("{line}\n{}", typed(home.path(), &arguments));
        }
    }
    if env::var_os("TRANSCRIPTS").is_some_and(|how| how == "overwrite") {
        fs::write(file, played).unwrap();
        return;
    }
    assert_eq!(played, story);
}

/// What a command prints, without what differs from one machine to the other.
fn typed(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = ocean(folder, arguments);
    let code = match code {
        Some(0) => String::new(),
        code => format!("? {}\n", code.unwrap_or(-1)),
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let workspace = workspace.canonicalize().unwrap().display().to_string();
    let text = [stdout, code, stderr].concat().replace(&workspace, "[..]");
    text.replace(env!("CARGO_PKG_VERSION"), "[version]")
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn nothing_is_written_when_something_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["new", "Help Desk"][..],
        &["new", "jira"],
        &["new", "desk", "--kind", "tickets"],
        &["new", "desk", "--sdk-path", "."],
    ] {
        let (code, stdout, stderr) = ocean(home.path(), arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    }
    assert_eq!(home.path().read_dir().unwrap().count(), 0);
}

/// Builds the SDK in a target folder of its own, which takes minutes the first time and seconds
/// afterwards; `.ci/run` asks for it by name.
#[test]
#[ignore = "builds the SDK once more"]
#[expect(clippy::print_stderr, reason = "the time is what the test measures")]
fn a_new_integration_is_green_at_once_and_offline() {
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let (code, _, told) = ocean(home.path(), &["new", "help-desk"]);
    assert_eq!(code, Some(0), "{told}");
    let folder = home.path().join("ocean-help-desk");
    cargo(&folder, &["fmt", "--check"]);
    cargo(&folder, &["test", "--offline"]);
    eprintln!("from `new` to green tests: {} s", began.elapsed().as_secs());

    // A digit is no word of its own in the name of a setting.
    let arguments = ["new", "pager-2", "--kind", "open-incident"];
    let (code, _, told) = ocean(home.path(), &arguments);
    assert_eq!(code, Some(0), "{told}");
    let folder = home.path().join("ocean-pager-2");
    cargo(&folder, &["fmt", "--check"]);
    cargo(&folder, &["test", "--offline"]);
    // Ids that are texts are a change of one line.
    let client = folder.join("src/client.rs");
    let text = fs::read_to_string(&client).unwrap();
    let texts = text.replace("OpenIncidentId = u64;", "OpenIncidentId = String;");
    assert_ne!(texts, text);
    fs::write(client, texts).unwrap();
    cargo(&folder, &["test", "--offline", "--no-run"]);
}

/// Runs cargo in a package that was written.
fn cargo(package: &Path, arguments: &[&str]) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ended = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", workspace.join("target/scaffold"))
        .output()
        .unwrap();
    let text = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(
        ended.status.success(),
        "cargo {arguments:?}: {}",
        text.concat()
    );
}
