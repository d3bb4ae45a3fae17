//! Is the twin fast enough not to be what a benchmark measures?

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Uri};
use serde_json::json;

use super::{super::state::Shared, JiraService};
use crate::jira::{Rules, SiteConfig};
use crate::{Request, Service};

const PAGES: usize = 400;

/// Searches a site of a million issues with the query that integrations use by default.
#[tokio::test]
#[ignore = "measures; run with --release"]
async fn a_page_of_fifty_whole_issues_takes_less_than_a_millisecond() {
    let config = SiteConfig {
        issues: 1_000_000,
        ..SiteConfig::default()
    };
    let rules = Rules {
        basic: None,
        ..Rules::default()
    };
    let (outbox, _parcels) = tokio::sync::mpsc::channel(1);
    let shared = Arc::new(Shared::new(config, rules, outbox));
    let service = JiraService { shared };
    let mut body = json!({
        "jql": "(statusCategory != Done) OR (created >= -1w) OR (updated >= -1w)",
        "maxResults": 50,
        "fields": ["*all"],
    });
    let (mut spent, mut bytes) = (Vec::with_capacity(PAGES), 0);
    for _ in 0..PAGES {
        let path = Uri::from_static("/rest/api/3/search/jql");
        let request = Request::local(Method::POST, path, body.to_string());
        let start = Instant::now();
        let answer = service.handle(request).await;
        spent.push(start.elapsed());
        bytes += answer.body().len();
        let page: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
        body["nextPageToken"] = page["nextPageToken"].clone();
    }
    // The median, since other processes may take the processor away for a page or two.
    spent.sort_unstable();
    let (each, size) = (spent[PAGES / 2], bytes / PAGES);
    assert!(size > 400_000, "{size} bytes a page");
    assert!(each < Duration::from_millis(1), "{each:?} a page");
}
