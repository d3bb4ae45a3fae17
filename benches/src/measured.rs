//! How is a run measured? In a process that does nothing else, which prints its [`Figures`].

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::process::Command;

use crate::twins::{self, Urls};
use crate::{Result, proc};

/// What one measured process did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) runs: Vec<Run>,
    /// In bytes.
    pub(crate) peak_memory: u64,
}

impl Figures {
    /// The first run, which every process has.
    pub(crate) fn first(&self) -> Result<&Run> {
        Ok(self.runs.first().ok_or("nothing was run")?)
    }
}

/// What one run cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    pub(crate) jira_requests: u64,
    pub(crate) port_requests: u64,
    /// Searches, listings, bulks and deletions among the requests to Port.
    pub(crate) entity_calls: u64,
}

impl Run {
    /// Measures what a future costs this process, and counts what it asked the simulators.
    pub(crate) async fn of(urls: &Urls, work: impl Future<Output = Result<()>>) -> Result<Self> {
        let (cpu, started) = (proc::cpu("self")?, Instant::now());
        work.await?;
        let (cpu, wall) = (proc::cpu("self")? - cpu, started.elapsed());
        let (jira, port) = (
            twins::journal(&urls.jira).await?,
            twins::journal(&urls.port).await?,
        );
        Ok(Self {
            cpu,
            wall,
            jira_requests: counted(&jira, ""),
            port_requests: counted(&port, ""),
            entity_calls: counted(&port, "entities"),
        })
    }
}

/// How many requests in a journal had a path with this part.
pub(crate) fn counted(journal: &Value, part: &str) -> u64 {
    let counts = journal["counts"].as_array().into_iter().flatten();
    counts
        .filter(|count| {
            count["path"]
                .as_str()
                .is_some_and(|path| path.contains(part))
        })
        .filter_map(|count| count["count"].as_u64())
        .sum()
}

/// Starts this program again as one of its parts and waits for what it prints.
pub(crate) async fn in_a_process(part: &str, urls: &Urls, more: &[&str]) -> Result<Figures> {
    let output = Command::new(std::env::current_exe()?)
        .args([part, "--jira", &urls.jira, "--port", &urls.port])
        .args(more)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("{part} failed").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
