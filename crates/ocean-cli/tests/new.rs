//! A stranger's first minutes: `ocean new`, then the tests of what it wrote.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

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
