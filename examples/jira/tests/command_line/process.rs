//! Runs the program against simulators, in an empty folder and with no other environment.

use std::process::{Command, Output, Stdio};

use ocean_testkit::jira::{JiraTwin, JiraTwinBuilder};
use ocean_testkit::port::PortTwin;
use ocean_tests::CLIENT_SECRET;
use ocean_tests::canary::{self, JIRA_EMAIL, JIRA_TOKEN};
use tempfile::TempDir;

/// The program in a folder of its own.
pub(crate) struct Program {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What it left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// The program with the settings that make it use both simulators.
    pub(crate) fn between(jira: &JiraTwin, port: &PortTwin) -> Self {
        let config = "OCEAN__INTEGRATION__CONFIG__";
        Self::new()
            .set("OCEAN__PORT__BASE_URL", &port.url())
            .set("OCEAN__PORT__CLIENT_ID", "id")
            .set("OCEAN__PORT__CLIENT_SECRET", CLIENT_SECRET)
            .set(&format!("{config}JIRA_HOST"), &jira.url())
            .set(&format!("{config}ATLASSIAN_USER_EMAIL"), JIRA_EMAIL)
            .set(&format!("{config}ATLASSIAN_USER_TOKEN"), JIRA_TOKEN)
            .set(&format!("{config}ATLASSIAN_ORGANIZATION_ID"), "twin-org")
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ocean-jira"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end. The simulators keep answering meanwhile.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output());
        let ended = Ended::from(output.await.unwrap().unwrap());
        canary::keep("program", &format!("{}{}", ended.stdout, ended.stderr));
        ended
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A Port that knows the credentials of [`Program::between`].
pub(crate) async fn port() -> PortTwin {
    let port = PortTwin::builder().client("id", CLIENT_SECRET);
    port.start().await.unwrap()
}

/// A small Jira.
pub(crate) async fn jira() -> JiraTwin {
    jira_with(|jira| jira.projects(3).issues(60).users(6).teams(2)).await
}

/// A Jira of this size that knows the credentials of [`Program::between`].
pub(crate) async fn jira_with(size: impl FnOnce(JiraTwinBuilder) -> JiraTwinBuilder) -> JiraTwin {
    let basic = (JIRA_EMAIL.to_owned(), JIRA_TOKEN.to_owned());
    let jira = size(JiraTwin::builder()).rules(|rules| rules.basic = Some(basic));
    jira.start().await.unwrap()
}
