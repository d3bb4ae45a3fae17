//! Where do the simulated Jira and the simulated Port run? In one process, steered over HTTP.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use jira_integration::{BLUEPRINTS, MAPPING};
use ocean_core::AppConfig;
use ocean_core::http::HttpClient;
use ocean_testkit::JournalMode;
use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{Result, proc};

/// The integration's identifier at Port.
pub(crate) const IDENTIFIER: &str = "bench-jira";
/// The credentials of the simulated Port.
pub(crate) const PORT_CLIENT: (&str, &str) = ("bench", "bench-secret");

/// The default mapping leaves issues out that were done long ago; here all of them count.
const EVERY_ISSUE: &str = "statusCategory is not EMPTY";

/// Bodies of recorded requests are kept whole up to this size.
const RECORDED_BODY: usize = 16 << 20;

/// The arguments of the process.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    issues: u64,
    /// Keeps every request instead of counting them.
    #[arg(long)]
    record: bool,
}

/// Where the simulators are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Urls {
    pub(crate) jira: String,
    pub(crate) port: String,
}

/// Serves both simulators until the process that started this one is gone.
pub(crate) async fn serve(arguments: Arguments) -> Result<()> {
    let jira = JiraTwin::builder()
        .seed(7)
        .projects(100)
        .users(500)
        .teams(20)
        .issues(arguments.issues)
        .start()
        .await?;
    let (id, secret) = PORT_CLIENT;
    let port = PortTwin::builder().client(id, secret).start().await?;
    for blueprint in serde_json::from_str::<Vec<Value>>(BLUEPRINTS)? {
        port.put_blueprint(blueprint);
    }
    port.set_mapping(IDENTIFIER, mapping()?);
    for journal in [jira.journal(), port.journal()] {
        if arguments.record {
            journal.keep_bodies(RECORDED_BODY);
        } else {
            journal.set_mode(JournalMode::Counts);
        }
    }
    let urls = Urls {
        jira: jira.url(),
        port: port.url(),
    };
    println!("{}", serde_json::to_string(&urls)?);
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}

fn mapping() -> Result<Value> {
    let mut mapping = AppConfig::from_yaml("the default mapping", MAPPING)?
        .config
        .to_value();
    for resource in mapping["resources"].as_array_mut().into_iter().flatten() {
        if resource["kind"] == "issue" {
            resource["selector"]["jql"] = EVERY_ISSUE.into();
        }
    }
    Ok(mapping)
}

/// The running process; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Twins {
    process: Child,
    pub(crate) urls: Urls,
}

impl Twins {
    /// Starts simulators that count requests.
    pub(crate) async fn start(issues: u64) -> Result<Self> {
        Self::spawn(issues, &[]).await
    }

    /// Starts simulators that keep requests.
    pub(crate) async fn recording(issues: u64) -> Result<Self> {
        Self::spawn(issues, &["--record"]).await
    }

    async fn spawn(issues: u64, more: &[&str]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["twins", "--issues", &issues.to_string()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).await?;
        Ok(Self {
            urls: serde_json::from_str(&line)?,
            process,
        })
    }

    /// CPU time of the simulators so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let id = self.process.id().ok_or("the simulators ended")?;
        proc::cpu(&id.to_string())
    }

    /// Makes every call take at least so long, in milliseconds.
    pub(crate) async fn set_latency(&self, jira: u64, port: u64) -> Result<()> {
        for (url, latency) in [(&self.urls.jira, jira), (&self.urls.port, port)] {
            let plan = json!({ "latency_ms": latency }).to_string();
            steer(url, Method::POST, "faults", plan.into()).await?;
        }
        Ok(())
    }
}

/// What a simulator was asked since the last call; it forgets it.
pub(crate) async fn journal(url: &str) -> Result<Value> {
    let journal = steer(url, Method::GET, "journal", Bytes::new()).await?;
    steer(url, Method::DELETE, "journal", Bytes::new()).await?;
    Ok(serde_json::from_slice(&journal)?)
}

async fn steer(url: &str, method: Method, route: &str, body: Bytes) -> Result<Bytes> {
    let client = HttpClient::builder("twin")
        .max_body_bytes(usize::MAX)
        .build()?;
    let request = Request::builder()
        .method(method)
        .uri(format!("{url}/__twin/{route}"))
        .body(body)?;
    Ok(client.send(request).await?.into_body())
}
