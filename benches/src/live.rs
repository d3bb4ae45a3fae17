//! What do live events cost? The Jira program in a process of its own, events sent to it.
//!
//! Start with [`Program`].

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::Request;
use jira_integration::{
    BLUEPRINTS, IssueQuery, JiraSettings, MAPPING, SPEC, create_jira_client, integration,
};
use ocean_cli::CliApp;
use ocean_core::http::HttpClient;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::sender::Changed;
use crate::twins::{IDENTIFIER, PORT_CLIENT, Urls};
use crate::{Result, proc};

/// Set in the process that is the program; its arguments are the program's then.
const MARKER: &str = "OCEAN_BENCH_PROGRAM";
/// How long anything may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(300);

/// The whole program, if this process was started to be it.
pub(crate) fn as_program() -> Option<ExitCode> {
    std::env::var_os(MARKER)?;
    let app = CliApp::new("jira", env!("CARGO_PKG_VERSION"))
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .integration(create_jira_client, integration);
    Some(app.run())
}

/// The running program; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Program {
    process: Child,
    pub(crate) addr: String,
    /// From its start until it said that it lives.
    pub(crate) started: Duration,
    folder: PathBuf,
}

impl Program {
    /// Starts it to handle live events only, and waits until it is ready.
    pub(crate) async fn start(urls: &Urls) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let folder =
            std::env::temp_dir().join(format!("ocean-bench-{}-{port}", std::process::id()));
        let began = Instant::now();
        let process = Command::new(std::env::current_exe()?)
            .args(["sail", "--port", &port.to_string(), "--log-level", "ERROR"])
            .envs(settings(urls))
            .env("OCEAN__STATE_DIR", &folder)
            .env(MARKER, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut program = Self {
            process,
            addr: format!("127.0.0.1:{port}"),
            started: Duration::ZERO,
            folder,
        };
        let waits = Duration::from_millis(2);
        program
            .until(waits, || async { program.health("live").await.is_some() })
            .await?;
        program.started = began.elapsed();
        program
            .until(waits, || async { program.health("ready").await.is_some() })
            .await?;
        Ok(program)
    }

    /// Waits until no event waits.
    pub(crate) async fn settled(&self) -> Result<()> {
        let waits = Duration::from_millis(10);
        self.until(waits, || async {
            let health = self.health("ready").await;
            let pending = health
                .as_ref()
                .and_then(|health| health.pointer("/queue/pending"));
            pending.and_then(Value::as_u64) == Some(0)
        })
        .await
    }

    async fn until<F: Future<Output = bool>>(
        &self,
        pause: Duration,
        done: impl Fn() -> F,
    ) -> Result<()> {
        let began = Instant::now();
        while !done().await {
            if began.elapsed() > PATIENCE {
                return Err("the program took too long".into());
            }
            sleep(pause).await;
        }
        Ok(())
    }

    /// The body of a health answer of 200.
    async fn health(&self, which: &str) -> Option<Value> {
        let client = HttpClient::builder("health").build().ok()?;
        let uri = format!("http://{}/health/{which}", self.addr);
        let request = Request::get(uri).extension(ocean_core::http::Retry::Never);
        let answer = client.send(request.body(Bytes::new()).ok()?).await.ok()?;
        serde_json::from_slice(answer.body()).ok()
    }

    /// The most memory it ever had, in MiB.
    pub(crate) fn peak_memory(&self) -> Result<f64> {
        Ok(proc::peak_memory_of(&self.id()?)? as f64 / f64::from(1 << 20))
    }

    /// The memory it has now, in MiB.
    pub(crate) fn memory(&self) -> Result<f64> {
        Ok(proc::memory_of(&self.id()?)? as f64 / f64::from(1 << 20))
    }

    /// Its CPU time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        proc::cpu(&self.id()?)
    }

    fn id(&self) -> Result<String> {
        Ok(self.process.id().ok_or("the program ended")?.to_string())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} was left behind: {error}", self.folder.display());
        }
    }
}

/// What an operator would set.
fn settings(urls: &Urls) -> Vec<(&'static str, String)> {
    let (id, secret) = PORT_CLIENT;
    [
        ("OCEAN__PORT__BASE_URL", urls.port.as_str()),
        ("OCEAN__PORT__CLIENT_ID", id),
        ("OCEAN__PORT__CLIENT_SECRET", secret),
        ("OCEAN__INTEGRATION__IDENTIFIER", IDENTIFIER),
        ("OCEAN__INTEGRATION__TYPE", "jira"),
        ("OCEAN__INTEGRATION__CONFIG__JIRA_HOST", &urls.jira),
        (
            "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_EMAIL",
            "twin@example.com",
        ),
        (
            "OCEAN__INTEGRATION__CONFIG__ATLASSIAN_USER_TOKEN",
            "twin-token",
        ),
        ("OCEAN__EVENT_LISTENER__TYPE", "WEBHOOKS_ONLY"),
        // Without one nobody would send events; that it leads nowhere leaves the sending to us.
        ("OCEAN__BASE_URL", "http://nowhere.invalid"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// The issues of the simulated Jira.
pub(crate) async fn issues(urls: &Urls) -> Result<Vec<Changed>> {
    let settings: JiraSettings = serde_json::from_value(json!({
        "jira_host": urls.jira,
        "atlassian_user_email": "twin@example.com",
        "atlassian_user_token": "twin-token",
    }))?;
    let jira = create_jira_client(&settings, HttpClient::builder("bench"))?;
    let query = IssueQuery::new("statusCategory is not EMPTY").fields(["summary"]);
    let pages: Vec<_> = jira.issues(query).try_collect().await?;
    let issues = pages.iter().flat_map(|page| page.iter());
    let issues = issues.filter_map(|issue| {
        let id: String = issue.get("id")?;
        Some(Changed {
            id: id.parse().ok()?,
            key: issue.get("key")?,
        })
    });
    Ok(issues.collect())
}

/// How many issues the simulated Port holds.
pub(crate) async fn stored(urls: &Urls) -> Result<usize> {
    let client = HttpClient::builder("twin")
        .max_body_bytes(usize::MAX)
        .build()?;
    let request = Request::get(format!("{}/__twin/catalog", urls.port)).body(Bytes::new())?;
    let catalog: Value = serde_json::from_slice(client.send(request).await?.body())?;
    let entities = catalog["entities"].as_array().into_iter().flatten();
    Ok(entities
        .filter(|entity| entity["blueprint"] == "jiraIssue")
        .count())
}
