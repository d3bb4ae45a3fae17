//! Does `/metrics` have the series of the original after the same run?

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ocean_core::http::HttpClient;
use ocean_core::{Metrics, Outcome, Progress, ToldResyncs};
use ocean_tests::IDENTIFIER;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::scenario::Scenario;
use crate::{fixture, record};

/// What there is to read after one resync, without the values.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    content_type: String,
    /// Name and type.
    families: BTreeMap<String, String>,
    /// Name and labels, as `success{kind="issue-3",phase="resync"}`.
    series: Vec<String>,
}

fn path() -> PathBuf {
    fixture::folder().join("metrics.json")
}

impl Page {
    fn parse(content_type: &str, text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let mut page = Self {
            content_type: content_type.to_owned(),
            families: BTreeMap::new(),
            series: Vec::new(),
        };
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').unwrap();
                page.families.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (series, _value) = line.rsplit_once(' ').unwrap();
                page.series.push(with_sorted_labels(series));
            }
        }
        page.series.sort();
        page
    }
}

/// The order of labels means nothing.
fn with_sorted_labels(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else {
        return series.to_owned();
    };
    let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// Ours beside theirs begin with `ocean_`.
#[tokio::test]
async fn after_the_same_run_the_page_has_the_series_of_the_original() {
    let theirs: Page = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    let world = Scenario::Default.start().await;
    world.provision().await;
    world.port.set_mapping(IDENTIFIER, world.mapping.clone());
    let metrics = Metrics::default();
    let (engine, store) = (world.engine().metered(metrics.clone()), world.port_client());
    let resyncs = ToldResyncs::new(engine, Arc::new(store), Duration::from_secs(5));
    let (progress, stop) = (Progress::default(), CancellationToken::new());
    let report = resyncs.run(&progress, &stop, &stop).await.unwrap().unwrap();
    assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
    let mut ours = Page::parse(&theirs.content_type, &metrics.text());
    ours.families.retain(|name, _| !name.starts_with("ocean_"));
    ours.series.retain(|name| !name.starts_with("ocean_"));
    assert_eq!(ours, theirs);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the original; it writes what the other test reads"]
async fn record_the_metrics_of_the_original() {
    let world = Scenario::Default.start().await;
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let listener = r#"{"type":"POLLING","interval":1}"#;
    let mut original = record::original(&world, port, listener).spawn().unwrap();
    let http = HttpClient::builder("original").build().unwrap();
    // It does not resync at start, whatever its settings say, but when it is asked to.
    while world.port.journal().count("GET", "/resync-request") == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.port.request_resync(IDENTIFIER);
    while record::resync_status(&world) != "completed" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The state is told before the last numbers.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let request = http::Request::get(format!("http://127.0.0.1:{port}/metrics"));
    let answer = http
        .send(request.body(Bytes::new()).unwrap())
        .await
        .unwrap();
    original.kill().unwrap();
    original.wait().unwrap();
    let content_type = answer.headers()["content-type"].clone();
    let text = String::from_utf8(answer.into_body().to_vec()).unwrap();
    let page = Page::parse(content_type.to_str().unwrap(), &text);
    let text = serde_json::to_string_pretty(&page).unwrap();
    fs::write(path(), text + "\n").unwrap();
}
