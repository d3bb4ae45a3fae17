//! The program that is measured: resyncs of the simulated Jira into the simulated Port, put
//! together as the Jira binary does.

use std::sync::Arc;

use jira_integration::JiraSettings;
use ocean_core::http::HttpClient;
use ocean_core::{AllowEmpty, MapperPool, Outcome, Progress, SyncEngine, SyncOptions, error_chain};
use ocean_port::{PortClient, PortConfig};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::measured::{Figures, Run};
use crate::twins::{IDENTIFIER, PORT_CLIENT, Urls};
use crate::{Result, proc};

/// The arguments of the process.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    jira: String,
    #[arg(long)]
    port: String,
    /// How many resyncs to run, one after another.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Leaves the simulators' journals to whoever started this, and measures nothing.
    #[arg(long)]
    keep_journals: bool,
}

/// Runs resyncs and prints their [`Figures`].
pub(crate) async fn measure(arguments: Arguments) -> Result<()> {
    let urls = Urls {
        jira: arguments.jira,
        port: arguments.port,
    };
    let engine = engine(&urls)?;
    let mut runs = Vec::new();
    if arguments.keep_journals {
        resync(&engine).await?;
    } else {
        for _ in 0..arguments.runs {
            runs.push(Run::of(&urls, resync(&engine)).await?);
        }
    }
    let figures = Figures {
        runs,
        peak_memory: proc::peak_memory()?,
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

async fn resync(engine: &SyncEngine) -> Result<()> {
    let report = engine
        .resync(&Progress::default(), &CancellationToken::new())
        .await
        .map_err(|error| error_chain(&error))?;
    match report.outcome {
        Outcome::Completed => Ok(()),
        _ => Err(format!("the resync is not complete: {report:#?}").into()),
    }
}

fn engine(urls: &Urls) -> Result<SyncEngine> {
    let settings: JiraSettings = serde_json::from_value(json!({
        "jira_host": urls.jira,
        "atlassian_user_email": "twin@example.com",
        "atlassian_user_token": "twin-token",
        "atlassian_organization_id": "twin-org",
    }))?;
    let integration = jira_integration::connect(&settings, HttpClient::builder("jira"))?;
    let (id, secret) = PORT_CLIENT;
    let config = PortConfig::new(id, secret, IDENTIFIER, "jira", "0.1.0").base_url(&urls.port);
    let port = Arc::new(PortClient::new(config)?);
    let mut options = SyncOptions::default();
    options.allow_empty = AllowEmpty::None;
    options.send_examples = true;
    let pool = Arc::new(MapperPool::new()?);
    Ok(SyncEngine::new(&integration, port, pool).options(options))
}
