//! What does mapping cost? Prints medians per issue for the issue mapping that Jira starts with.
//!
//! `cargo bench -p ocean-core --bench mapping [-- ISSUE.json]`; without a file an issue of about
//! 8 KB is made up.
#![expect(clippy::print_stdout, reason = "printing is what a bench does")]

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ocean_core::{
    AppConfig, Batch, CompiledMapping, Environment, MapOptions, MapperPool, RawItem, ResourceMapper,
};
use serde_json::{Map, Value, json};

const MAPPING: &str = include_str!("../../jira-integration/.port/resources/port-app-config.yaml");
const PAGE: usize = 50;
const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let issue: Value = match file {
        Some(path) => serde_json::from_slice(&std::fs::read(path)?)?,
        None => issue(),
    };
    let bytes = Bytes::from(issue.to_string());
    let item = RawItem::from_json(bytes.clone())?;
    let page = Batch::new(vec![item; PAGE]);
    let mapper = issue_mapper()?;
    let mapped = mapper.map(&page, MapOptions::default());
    println!(
        "issue of {} bytes, {} of {PAGE} mapped",
        bytes.len(),
        mapped.passed.len()
    );

    report(
        "parse to serde_json::Value",
        median(|| {
            for _ in 0..PAGE {
                drop(black_box(serde_json::from_slice::<Value>(black_box(
                    &bytes,
                ))));
            }
        }),
    );
    report(
        "bytes to entity",
        median(|| {
            drop(black_box(
                mapper.map(black_box(&page), MapOptions::default()),
            ));
        }),
    );

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let pool = MapperPool::new()?;
    let through_pool = |page: &Batch| {
        let mapped = pool.map(Arc::clone(&mapper), page.clone(), MapOptions::default());
        drop(black_box(runtime.block_on(mapped)));
    };
    report(
        "bytes to entity, through a pool",
        median(|| through_pool(&page)),
    );
    let one = Batch::new(page.iter().take(1).cloned().collect());
    let direct = median(|| drop(black_box(mapper.map(&one, MapOptions::default()))));
    let pooled = median(|| through_pool(&one));
    println!(
        "{:>9.2} us  handing a batch to a pool and back",
        micros(pooled) - micros(direct)
    );
    Ok(())
}

fn issue_mapper() -> Result<Arc<ResourceMapper>, Box<dyn Error>> {
    let config = AppConfig::from_yaml("port-app-config.yaml", MAPPING)?.config;
    let (compiled, faults) = CompiledMapping::compile(&config, &Environment::default());
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.into());
    }
    let index = config
        .resources
        .iter()
        .position(|resource| &*resource.kind == "issue");
    let mapper = index
        .and_then(|index| compiled.resource(index))
        .ok_or("no issue in the mapping")?;
    Ok(Arc::clone(mapper))
}

/// An issue as Jira shows it: many fields, most of which no mapping reads.
fn issue() -> Value {
    let user = |name: &str| {
        json!({
            "self": format!("https://site.example/rest/api/3/user?accountId={name}"),
            "accountId": name, "displayName": name, "active": true, "timeZone": "Europe/Vienna",
            "emailAddress": format!("{name}@site.example"), "accountType": "atlassian",
            "avatarUrls": {"48x48": "https://avatar.example/48", "24x24": "https://avatar.example/24"},
        })
    };
    let paragraph = json!({"type": "paragraph", "content": [
        {"type": "text", "text": "The disk of blue-3 is full since last night. ".repeat(8)},
    ]});
    let mut fields: Map<String, Value> = (10_000..10_090)
        .map(|id| (format!("customfield_{id}"), Value::Null))
        .collect();
    let known = json!({
        "summary": "Disk full on blue-3",
        "status": {"name": "Open", "id": "1", "statusCategory": {"id": 2, "key": "new"}},
        "issuetype": {"name": "Bug", "id": "10001", "subtask": false},
        "project": {"key": "OPS", "id": "10000", "name": "Operations"},
        "priority": {"name": "High", "id": "2"},
        "components": [{"id": "1", "name": "storage"}, {"id": "2", "name": "hosts"}],
        "labels": ["disk", "infra"],
        "creator": user("nora"), "reporter": user("nora"), "assignee": user("lee"),
        "created": "2025-04-01T07:08:09.250+0200", "updated": "2025-04-02T07:08:09.250+0200",
        "resolutiondate": null, "parent": {"key": "OPS-1", "id": "10100"},
        "subtasks": [{"key": "OPS-8", "id": "10108"}, {"key": "OPS-9", "id": "10109"}],
        "description": {"type": "doc", "version": 1, "content": vec![paragraph; 10]},
    });
    if let Value::Object(known) = known {
        fields.extend(known);
    }
    json!({
        "expand": "renderedFields,names", "id": "10107", "key": "OPS-7",
        "self": "https://site.example/rest/api/3/issue/10107", "fields": fields,
    })
}

/// The median time of a round.
fn median(mut round: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(ROUNDS / 2).copied().unwrap_or_default()
}

fn report(what: &str, page: Duration) {
    println!("{:>9.2} us  {what}, per issue", micros(page) / PAGE as f64);
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
