//! The program in an image: a user without a name, a root that nobody can write to.
//!
//! A container engine is not needed for that: a mount namespace with a read-only root and a change
//! of user are all it does to files. Both need root; without it the tests say that they did not run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ocean_testkit::not_run;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{Ended, Program, jira, port};
use crate::running::{Running, state};

/// Whom the program runs as; no such user exists.
const USER: &str = "12345";

/// Makes `$1` the only folder that can be written to, and becomes `$2`; the rest is the command.
const CONFINE: &str = r#"
set -e
folder=$1; user=$2; shift 2
if [ -n "$folder" ]; then mount --bind "$folder" "$folder"; fi
mount -o remount,bind,ro /
for other in $(findmnt -rno TARGET -t tmpfs,ext4,overlay,xfs); do
  case $other in
    /|"$folder") ;;
    *) mount -o remount,bind,ro "$other" 2>/dev/null || true ;;
  esac
done
exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs "$@"
"#;

/// A folder with the program in it, and one for its state, which everybody can enter.
struct Image {
    folder: TempDir,
}

impl Image {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let image = Self { folder };
        fs::copy(env!("CARGO_BIN_EXE_ocean-jira"), image.program()).unwrap();
        fs::create_dir(image.state()).unwrap();
        let given = Command::new("chown").arg(USER).arg(image.state()).status();
        assert!(given.unwrap().success());
        image
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("ocean-jira")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// What `program` would be told, in here.
    fn command(&self, writable: Option<&Path>, program: &Program, arguments: &[&str]) -> Command {
        let told = program.command(&[]);
        let mut command = confined(writable);
        command.arg(self.program()).args(arguments);
        command.current_dir(self.folder.path());
        for (name, value) in told.get_envs() {
            command.env(name, value.unwrap());
        }
        command
    }
}

/// A command that only misses what is to be run.
fn confined(writable: Option<&Path>) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-c", CONFINE])
        .arg("confine")
        .arg(writable.unwrap_or(Path::new("")))
        .arg(USER)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Whether this machine lets us change user and mounts, seen by doing it.
///
/// Programs can be installed, so that their absence may be forbidden; being root cannot.
#[expect(
    clippy::print_stderr,
    reason = "a test has no other way to say that it did not run"
)]
fn can_confine() -> bool {
    let allowed = Command::new("unshare").args(["--mount", "true"]).output();
    if allowed.is_ok_and(|tried| !tried.status.success()) {
        eprintln!("not run: only root may change the user and the mounts");
        return false;
    }
    let writes = "id -u && ! touch /tmp/ocean-confined 2>/dev/null";
    let tried = confined(None).args(["sh", "-c", writes]).output();
    let can = tried.is_ok_and(|tried| {
        tried.status.success() && String::from_utf8_lossy(&tried.stdout).trim() == USER
    });
    if !can {
        not_run("changing the user and the mounts needs unshare, findmnt and setpriv");
    }
    can
}

#[tokio::test]
async fn with_a_read_only_root_a_nameless_user_resyncs_and_keeps_live_events() {
    if !can_confine() {
        return;
    }
    let (jira, port) = (jira().await, port().await);
    let image = Image::new();
    let program = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__BASE_URL", "https://ocean.example")
        .set("OCEAN__STATE_DIR", image.state().to_str().unwrap())
        .set("APPLICATION__PORT", "0");
    let writable = image.state();
    let running = Running::spawn(image.command(Some(&writable), &program, &["sail"]));
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    assert!(port.entity_count("jiraIssue") > 0);

    let (status, body) = running.get("/health/ready").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body.pointer("/queue/state"), Some(&json!("durable")));
    let event = r#"{"webhookEvent": "project_created", "project": {"key": "NONE"}}"#;
    let (status, _) = running.ask("POST", "/integration/webhook", "", event).await;
    assert_eq!(status, 200);
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
    assert!(!output.contains("in memory"), "{output}");
    let kept = fs::read_dir(image.state()).unwrap().count();
    assert!(kept > 0, "nothing in the state folder\n{output}");
}

#[tokio::test]
async fn without_any_writable_folder_it_says_what_is_lost_and_works() {
    if !can_confine() {
        return;
    }
    let (jira, port) = (jira().await, port().await);
    let image = Image::new();
    let program = Program::between(&jira, &port)
        .set("OCEAN__EVENT_LISTENER__TYPE", "POLLING")
        .set("OCEAN__BASE_URL", "https://ocean.example")
        .set("APPLICATION__PORT", "0");
    let running = Running::spawn(image.command(None, &program, &["sail"]));
    running
        .until("a resync", || state(&port) == "completed")
        .await;
    running
        .says("those that wait are lost when the process ends")
        .await;
    running.says("OCEAN__STATE_DIR").await;
    let (status, body) = running.get("/health/ready").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body.pointer("/queue/state"), Some(&json!("in-memory")));
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
}

#[tokio::test]
async fn one_resync_needs_no_folder_at_all() {
    if !can_confine() {
        return;
    }
    let (jira, port) = (jira().await, port().await);
    let image = Image::new();
    let program = Program::between(&jira, &port);
    let mut command = image.command(None, &program, &["sail", "--once"]);
    let output = tokio::task::spawn_blocking(move || command.output());
    let ended = Ended::from(output.await.unwrap().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(port.entity_count("jiraIssue") > 0);
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
}
