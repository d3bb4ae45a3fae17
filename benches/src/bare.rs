//! What would a resync cost that does not map? A loop that fetches the same pages with the same
//! client, parses them, and posts the same bulks.
//!
//! The requests are those of a real resync, recorded by the simulators. Pages are fetched one
//! after another, as their tokens demand; bulks are posted while the next page is fetched, as many
//! at a time as the integration posts, and every answer is awaited and parsed.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use ocean_core::http::HttpClient;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::measured::{Figures, Run, in_a_process};
use crate::twins::{self, IDENTIFIER, PORT_CLIENT, Twins, Urls};
use crate::{Result, proc};

/// As many as the integration has under way.
const BULKS_AT_A_TIME: usize = 5;

/// `twin@example.com:twin-token`, which the simulated Jira accepts.
const JIRA_CREDENTIALS: &str = "Basic dHdpbkBleGFtcGxlLmNvbTp0d2luLXRva2Vu";

/// The arguments of the process.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    jira: String,
    #[arg(long)]
    port: String,
    /// Where the recorded requests are.
    #[arg(long)]
    recording: PathBuf,
    /// Fetches the pages of the issue search and does nothing else, not even parse them.
    #[arg(long)]
    only_issues: bool,
}

/// The requests of a resync that carry its data.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Recording {
    jira: Vec<Recorded>,
    bulks: Vec<Recorded>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    method: String,
    target: String,
    body: String,
}

/// Runs a resync and writes its requests to a file.
pub(crate) async fn record(issues: u64, file: &Path) -> Result<()> {
    let twins = Twins::recording(issues).await?;
    in_a_process("measure-resync", &twins.urls, &["--keep-journals"]).await?;
    let (jira, port) = (
        twins::journal(&twins.urls.jira).await?,
        twins::journal(&twins.urls.port).await?,
    );
    let recording = Recording {
        jira: requests(&jira, ""),
        bulks: requests(&port, "/entities/bulk"),
    };
    Ok(std::fs::write(file, serde_json::to_vec(&recording)?)?)
}

fn requests(journal: &Value, part: &str) -> Vec<Recorded> {
    let requests = journal["requests"].as_array().into_iter().flatten();
    let recorded = requests.filter_map(|request| {
        let text = |name: &str| request[name].as_str();
        let path = text("path").filter(|path| path.contains(part))?;
        let query = text("query").filter(|query| !query.is_empty());
        Some(Recorded {
            method: text("method")?.to_owned(),
            target: query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
            body: match &request["body"] {
                Value::String(body) => body.clone(),
                body => body.to_string(),
            },
        })
    });
    recorded.collect()
}

/// Replays a recording and prints its [`Figures`].
pub(crate) async fn measure(arguments: Arguments) -> Result<()> {
    let urls = Urls {
        jira: arguments.jira,
        port: arguments.port,
    };
    let mut recording: Recording = serde_json::from_slice(&std::fs::read(arguments.recording)?)?;
    if arguments.only_issues {
        recording
            .jira
            .retain(|page| page.target.contains("/search/jql"));
        recording.bulks.clear();
    }
    let client = HttpClient::builder("bare").build()?;
    let token = port_token(&client, &urls.port).await?;
    let pages = prepared(&recording.jira, &urls.jira, JIRA_CREDENTIALS)?;
    let bulks = prepared(&recording.bulks, &urls.port, &token)?;
    let parse = !arguments.only_issues;
    let run = Run::of(&urls, replay(&client, pages, bulks, parse)).await?;
    let figures = Figures {
        runs: vec![run],
        peak_memory: proc::peak_memory()?,
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

async fn replay(
    client: &HttpClient,
    pages: Vec<Request<Bytes>>,
    bulks: Vec<Request<Bytes>>,
    parse: bool,
) -> Result<()> {
    let pages = async {
        for page in pages {
            let answer = client.send(page).await?;
            if parse {
                drop(std::hint::black_box(answer.json::<Value>()?));
            }
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    let bulks = stream::iter(bulks)
        .map(|bulk| async { client.send(bulk).await?.json::<Value>() })
        .buffer_unordered(BULKS_AT_A_TIME)
        .try_for_each(|answer| async move {
            drop(std::hint::black_box(answer));
            Ok(())
        });
    let (pages, bulks) = futures::join!(pages, bulks);
    pages?;
    Ok(bulks?)
}

/// Everything is built before the clock runs.
fn prepared(recorded: &[Recorded], url: &str, credentials: &str) -> Result<Vec<Request<Bytes>>> {
    let prepare = |one: &Recorded| {
        let request = Request::builder()
            .method(one.method.as_str())
            .uri(format!("{url}{}", one.target))
            .header(AUTHORIZATION, credentials)
            .header(CONTENT_TYPE, "application/json")
            .header(
                USER_AGENT,
                format!("port-ocean/jira/0.1.0/{IDENTIFIER}/exporter"),
            );
        Ok(request.body(Bytes::from(one.body.clone()))?)
    };
    recorded.iter().map(prepare).collect()
}

async fn port_token(client: &HttpClient, url: &str) -> Result<String> {
    let (id, secret) = PORT_CLIENT;
    let body = json!({ "clientId": id, "clientSecret": secret }).to_string();
    let request = Request::post(format!("{url}/v1/auth/access_token"))
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))?;
    let answer: Value = client.send(request).await?.json()?;
    let token = answer["accessToken"].as_str().ok_or("no token")?;
    Ok(format!("Bearer {token}"))
}
