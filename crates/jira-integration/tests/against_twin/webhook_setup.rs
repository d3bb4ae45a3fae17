//! What happens to Jira's webhooks when the process starts.

use ocean_core::StartContext;
use serde_json::{Value, json};

use crate::site::Site;

const TARGET: &str = "https://ocean.test/integration/webhook";
const WEBHOOKS: &str = "/rest/webhooks/1.0/webhook";

fn reachable() -> StartContext {
    StartContext::new("my-jira").base_url("https://ocean.test/")
}

async fn start(site: &Site, cx: &StartContext) -> Vec<String> {
    let errors = site.integration().hooks().run_start(cx).await;
    errors.iter().map(ToString::to_string).collect()
}

/// The methods and paths that were asked, and the last body.
fn asked(site: &Site) -> (Vec<String>, Value) {
    let entries = site.twin.journal().requests();
    let lines = entries
        .iter()
        .map(|entry| format!("{} {}", entry.method, entry.uri))
        .collect();
    let body = entries
        .last()
        .map(ocean_testkit::Entry::json)
        .unwrap_or_default();
    site.twin.journal().clear();
    (lines, body)
}

#[tokio::test]
async fn a_missing_webhook_is_created_once() {
    let site = Site::start(|twin| twin).await;
    assert_eq!(start(&site, &reachable()).await, Vec::<String>::new());
    let permissions = "GET /rest/api/3/mypermissions?permissions=ADMINISTER".to_owned();
    let list = format!("GET {WEBHOOKS}");
    let (lines, body) = asked(&site);
    assert_eq!(
        lines,
        [
            permissions.clone(),
            list.clone(),
            format!("POST {WEBHOOKS}")
        ]
    );
    assert_eq!(body["name"], "my-jira-Port-Ocean-Events-Webhook");
    assert_eq!(body["url"], TARGET);
    let events: Vec<_> = body["events"].as_array().unwrap().iter().collect();
    assert_eq!(events.len(), 29);
    assert_eq!(
        (events[0], events[28]),
        (&json!("jira:issue_created"), &json!("sprint_closed"))
    );

    assert_eq!(start(&site, &reachable()).await, Vec::<String>::new());
    assert_eq!(asked(&site).0, [permissions, list]);
}

#[tokio::test]
async fn a_webhook_with_other_events_is_updated() {
    let site = Site::start(|twin| twin).await;
    start(&site, &reachable()).await;
    let (_, created) = asked(&site);
    register(&site, "PUT", "/1", &json!({"events": ["user_created"]})).await;
    asked(&site);
    assert_eq!(start(&site, &reachable()).await, Vec::<String>::new());
    let (lines, updated) = asked(&site);
    assert_eq!(lines[2..], [format!("PUT {WEBHOOKS}/1")]);
    assert_eq!(updated["events"], created["events"]);
    assert_eq!(updated["name"], created["name"]);
}

#[tokio::test]
async fn webhooks_of_others_are_left_alone() {
    let site = Site::start(|twin| twin).await;
    let other = json!({"name": "other", "url": "https://else.test/hook", "events": []});
    register(&site, "POST", "", &other).await;
    asked(&site);
    start(&site, &reachable()).await;
    let (lines, _) = asked(&site);
    assert_eq!(lines[2..], [format!("POST {WEBHOOKS}")]);
}

#[tokio::test]
async fn a_configured_secret_is_set_at_every_start() {
    let site = Site::configured(|twin| twin, |config| config.webhook_secret("s3cret")).await;
    start(&site, &reachable()).await;
    assert_eq!(asked(&site).1["secret"], "s3cret");
    start(&site, &reachable()).await;
    let (lines, body) = asked(&site);
    assert_eq!(lines[2..], [format!("PUT {WEBHOOKS}/1")]);
    assert_eq!(body["secret"], "s3cret");
}

#[tokio::test]
async fn without_use_for_a_webhook_jira_is_not_asked() {
    let site = Site::start(|twin| twin).await;
    for cx in [reachable().once(true), StartContext::new("my-jira")] {
        assert_eq!(start(&site, &cx).await, Vec::<String>::new());
    }
    assert!(asked(&site).0.is_empty());
}

#[tokio::test]
async fn without_the_permission_nothing_is_created_and_nothing_fails() {
    let site = Site::start(|twin| twin.rules(|rules| rules.administrator = false)).await;
    assert_eq!(start(&site, &reachable()).await, Vec::<String>::new());
    assert_eq!(asked(&site).0.len(), 1);
}

/// Changes webhooks as an administrator would.
async fn register(site: &Site, method: &str, path: &str, body: &Value) {
    use base64::Engine as _;
    let login = base64::engine::general_purpose::STANDARD.encode("twin@example.com:twin-token");
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{WEBHOOKS}{path}", site.twin.url()))
        .header("authorization", format!("Basic {login}"))
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap();
    let client = ocean_core::http::HttpClient::builder("admin")
        .build()
        .unwrap();
    client.send(request).await.unwrap();
}
