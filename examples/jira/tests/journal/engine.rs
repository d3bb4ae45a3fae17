//! Which of both programs runs, and how? [`Engine`], and [`Running`] for a process of it.

use std::env;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use tempfile::TempDir;

use crate::recording;

/// The interpreter of an environment in which the original is installed.
const PYTHON: &str = "ORIGINAL_PYTHON";
/// The folder of its Jira integration.
const INTEGRATION: &str = "ORIGINAL_JIRA";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often we look whether something has happened.
const GLANCE: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Ours,
    Original,
}

/// A process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    folder: TempDir,
}

impl Engine {
    /// Starts it between both simulators, under this identifier, with this listener, on this port
    /// of the machine.
    pub(crate) fn start(
        self,
        (jira, port): (&JiraTwin, &PortTwin),
        identifier: &str,
        listener: &str,
        listen: u16,
    ) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let output = File::create(folder.path().join("output")).unwrap();
        let config = |name: &str| format!("OCEAN__INTEGRATION__CONFIG__{name}");
        let child = self
            .command(listen, &folder)
            .env("OCEAN__PORT__BASE_URL", port.url())
            .env("OCEAN__PORT__CLIENT_ID", "id")
            .env("OCEAN__PORT__CLIENT_SECRET", "the-secret")
            .env("OCEAN__BASE_URL", format!("http://127.0.0.1:{listen}"))
            .env("OCEAN__EVENT_LISTENER", listener)
            .env("OCEAN__INTEGRATION__IDENTIFIER", identifier)
            .env(config("JIRA_HOST"), jira.url())
            .env(config("ATLASSIAN_USER_EMAIL"), "twin@example.com")
            .env(config("ATLASSIAN_USER_TOKEN"), "twin-token")
            .env(config("ATLASSIAN_ORGANIZATION_ID"), "twin-org")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Running { child, folder }
    }

    fn command(self, listen: u16, folder: &TempDir) -> Command {
        match self {
            Self::Ours => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_ocean-jira"));
                command.env_clear().current_dir(folder.path());
                command.env("APPLICATION__PORT", listen.to_string());
                command
            }
            Self::Original => {
                let mut command = Command::new(variable(PYTHON));
                command.arg(recording::folder().join("loopback.py"));
                command.arg(listen.to_string()).env_clear();
                command.current_dir(variable(INTEGRATION));
                command
            }
        }
    }

    /// How long nothing is asked when it has nothing more to do.
    pub(crate) fn silence(self) -> Duration {
        match self {
            Self::Ours => Duration::from_millis(500),
            Self::Original => Duration::from_secs(4),
        }
    }
}

impl Running {
    /// Waits for something that it brings about.
    pub(crate) async fn until(&self, what: &str, happened: impl Fn() -> bool) {
        let began = Instant::now();
        while !happened() {
            assert!(began.elapsed() < PATIENCE, "{what}\n{}", self.output());
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "no end\n{}", self.output());
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends it as a supervisor does.
    pub(crate) async fn terminate(self) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status();
        assert!(sent.unwrap().success());
        self.end().await;
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Where the original is installed is nothing that the integration is told.
fn variable(name: &str) -> PathBuf {
    env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set"))
        .into()
}
