//! What happens to Jira's webhooks when the process starts.

use std::io;
use std::sync::{Arc, Mutex};

use jira_integration::JiraConfig;
use ocean_core::StartContext;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

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

/// What was logged, as text.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Starts with a webhook that Jira has already, changed in some way, and holds what is asked after
/// the list and what is logged against what is expected.
async fn check(
    configure: impl FnOnce(JiraConfig) -> JiraConfig,
    existing: Option<Value>,
    asked_for: &[&str],
    said: &[&str],
) {
    let site = Site::configured(|twin| twin, configure).await;
    if let Some(change) = existing {
        let other = Site::start(|twin| twin).await;
        start(&other, &reachable()).await;
        let mut webhook = asked(&other).1;
        webhook
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        register(&site, "POST", "", &webhook).await;
        asked(&site);
    }
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    assert_eq!(start(&site, &reachable()).await, Vec::<String>::new());
    drop(guard);
    assert_eq!(asked(&site).0[2..], *asked_for);
    let log = log.text();
    for said in said {
        assert!(log.contains(said), "`{said}` is missing: {log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}

const UNSAFE: &str = "WARN jira_integration::webhook_setup: no webhook secret is set";

#[tokio::test]
async fn what_is_done_and_said_follows_from_the_webhook_that_is_there() {
    let post = "POST /rest/webhooks/1.0/webhook";
    let put = "PUT /rest/webhooks/1.0/webhook/1";
    let fine = "INFO jira_integration::webhook_setup: the webhook exists and sends all events";
    let filtered = json!({"filters": {"issue-related-events-section": "project = PAY"}});
    let with_other_address = json!({"url": "https://else.test/hook"});
    let rows: [(Option<Value>, &[&str], &[&str]); 7] = [
        (None, &[post], &[UNSAFE, "webhook created events=29"]),
        (Some(json!({})), &[], &[UNSAFE, fine]),
        (Some(with_other_address), &[post], &["webhook created"]),
        (
            Some(json!({"events": ["user_created", "comment_created"]})),
            &[put],
            &[
                r#"webhook updated missing="jira:issue_created "#,
                r#"extra="comment_created""#,
            ],
        ),
        (
            Some(filtered),
            &[],
            &[
                "WARN jira_integration::webhook_setup: the webhook has a JQL filter",
                fine,
            ],
        ),
        (
            Some(json!({"enabled": false})),
            &[],
            &["WARN jira_integration::webhook_setup: the webhook is disabled"],
        ),
        (
            Some(json!({"secret": "unknown"})),
            &[],
            &["WARN jira_integration::webhook_setup: the webhook signs its events"],
        ),
    ];
    for (existing, asked_for, said) in rows {
        check(|config| config, existing, asked_for, said).await;
    }
    let with_secret = |config: JiraConfig| config.webhook_secret("s3cret");
    check(with_secret, Some(json!({})), &[put], &["webhook updated"]).await;
    let rotating = |config: JiraConfig| {
        config
            .webhook_secret("s3cret-2")
            .webhook_secret_previous("s3cret")
    };
    check(
        rotating,
        Some(json!({"secret": "s3cret"})),
        &[put],
        &["webhook updated"],
    )
    .await;
}

#[tokio::test]
async fn with_a_secret_nobody_is_warned() {
    let site = Site::configured(|twin| twin, |config| config.webhook_secret("s3cret")).await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    start(&site, &reachable()).await;
    drop(guard);
    assert!(!log.text().contains("WARN"), "{}", log.text());
    assert!(log.text().contains("webhook created"), "{}", log.text());
}

#[tokio::test]
async fn an_answer_that_is_not_jiras_is_an_error_and_changes_nothing() {
    for (path, body) in [
        ("/mypermissions", json!({"permissions": {}})),
        ("/webhook", json!({"errorMessages": ["no list"]})),
    ] {
        let site = Site::start(|twin| twin).await;
        let answer = ocean_testkit::Action::Body {
            content_type: "application/json".to_owned(),
            text: body.to_string(),
        };
        site.twin
            .faults()
            .add(ocean_testkit::Rule::new(answer).path(path));
        assert_eq!(start(&site, &reachable()).await.len(), 1);
        assert!(asked(&site).0.iter().all(|line| line.starts_with("GET ")));
    }
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
