//! What happens to the webhook of an OAuth app: at start, and while the process runs.

use http::StatusCode;
use jiff::Timestamp;
use jira_integration::renew_webhook;
use ocean_core::{SourceError, StartContext, error_chain};
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

use crate::oauth::{TokenFolder, accepts_first, through_the_gateway};
use crate::site::Site;
use crate::webhook_setup::Log;

const TARGET: &str = "https://ocean.test/integration/webhook";
const WEBHOOKS: &str = "/ex/jira/twin-cloud/rest/api/3/webhook";
const DAY: i64 = 86_400_000;

fn reachable() -> StartContext {
    StartContext::new("my-jira").base_url("https://ocean.test/")
}

/// A site whose clock is so many days behind, so that what it registers expires so much earlier.
async fn site_of(folder: &TokenFolder, days_ago: i64) -> Site {
    let site = through_the_gateway(folder).await;
    turn_back(&site, days_ago);
    site
}

fn turn_back(site: &Site, days: i64) {
    let now = Timestamp::now().as_millisecond();
    site.twin.site().set_now(now - days * DAY);
}

/// What was asked since the last time, and the last body.
fn asked(site: &Site) -> (Vec<String>, Value) {
    let entries = site.twin.journal().requests();
    site.twin.journal().clear();
    let short = |entry: &ocean_testkit::Entry| {
        let path = entry.uri.to_string().replace(WEBHOOKS, "");
        format!("{} {path}", entry.method).trim_end().to_owned()
    };
    let body = entries.last().filter(|last| !last.body.is_empty());
    let body = body.map(ocean_testkit::Entry::json).unwrap_or_default();
    (entries.iter().map(short).collect(), body)
}

/// Starts and gives what was asked, said and failed.
async fn start(site: &Site) -> (Vec<String>, String, Vec<SourceError>) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let errors = site.integration().hooks().run_start(&reachable()).await;
    drop(guard);
    (asked(site).0, log.text(), errors)
}

/// Registers a webhook as the app would.
async fn register(site: &Site, url: &str, events: &[&str]) {
    let body = json!({"url": url, "webhooks": [{"jqlFilter": "", "events": events}]});
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("{}{WEBHOOKS}", site.twin.url()))
        .header("authorization", "Bearer first")
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap();
    let client = ocean_core::http::HttpClient::builder("app")
        .build()
        .unwrap();
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    asked(site);
}

#[tokio::test]
async fn a_missing_webhook_is_created_once() {
    let folder = TokenFolder::new("app-created");
    let site = site_of(&folder, 0).await;
    let errors = site.integration().hooks().run_start(&reachable()).await;
    assert!(errors.is_empty(), "{errors:?}");
    let (lines, body) = asked(&site);
    assert_eq!(lines, ["GET", "POST"]);
    assert_eq!(body["url"], TARGET);
    let [webhook] = body["webhooks"].as_array().unwrap().as_slice() else {
        panic!("{body}")
    };
    let filter = webhook["jqlFilter"].as_str().unwrap();
    let id = filter.strip_prefix("project not in (").unwrap();
    assert_eq!(id.strip_suffix(')').map(str::len), Some(36), "{filter}");
    let events: Vec<_> = webhook["events"].as_array().unwrap().iter().collect();
    assert_eq!(
        (events.len(), events[0], events[18]),
        (19, &json!("jira:issue_created"), &json!("sprint_closed"))
    );
    let is_kept = |event: &Value| {
        let event = event.as_str().unwrap();
        !event.starts_with("project_") && !event.starts_with("user_")
    };
    assert!(events.into_iter().all(is_kept));

    let (lines, said, errors) = start(&site).await;
    assert!(errors.is_empty() && said.contains("does not expire soon days=29"));
    assert_eq!(lines, ["GET"]);
}

#[tokio::test]
async fn a_webhook_is_renewed_when_less_than_ten_days_are_left() {
    let folder = TokenFolder::new("app-renewed");
    // One of 20 days has 10 left, less the moment that has passed since. One of 40 is gone by our
    // clock only, which may be the one that is wrong.
    for (age, expected) in [
        (0, &["GET"][..]),
        (19, &["GET"]),
        (20, &["GET", "PUT /refresh"]),
        (29, &["GET", "PUT /refresh"]),
        (40, &["GET", "PUT /refresh"]),
    ] {
        let site = site_of(&folder, age).await;
        start(&site).await;
        renew_webhook(site.jira.clone(), reachable()).await.unwrap();
        let (lines, body) = asked(&site);
        assert_eq!(lines, expected, "{age}");
        if expected.len() == 2 {
            assert_eq!(body, json!({"webhookIds": [1]}));
        }
    }
}

#[tokio::test]
async fn a_start_renews_what_the_last_process_left_and_makes_anew_what_expired() {
    let folder = TokenFolder::new("app-left");
    let site = site_of(&folder, 25).await;
    start(&site).await;
    turn_back(&site, 0);
    let (lines, said, _) = start(&site).await;
    assert_eq!(lines, ["GET", "PUT /refresh"]);
    assert!(said.contains("is renewed days=4"), "{said}");
    assert_eq!(start(&site).await.0, ["GET"], "it lives 30 days again");

    turn_back(&site, -31);
    assert_eq!(start(&site).await.0, ["GET", "POST"]);
}

#[tokio::test]
async fn the_webhook_of_another_address_is_left_alone() {
    let folder = TokenFolder::new("app-other");
    let site = site_of(&folder, 29).await;
    register(&site, "https://else.test/hook?key=s3cret", &[]).await;
    register(&site, TARGET, &[]).await;
    let (lines, said, errors) = start(&site).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(lines, ["GET"]);
    assert!(said.contains("sends to another address"), "{said}");
    assert!(said.contains("https://else.test/hook") && !said.contains("s3cret"));
}

#[tokio::test]
async fn events_that_are_missing_are_told() {
    let folder = TokenFolder::new("app-events");
    let site = site_of(&folder, 0).await;
    register(&site, TARGET, &["jira:issue_created"]).await;
    let (lines, said, _) = start(&site).await;
    assert_eq!(lines, ["GET"]);
    let missing = r#"does not send all events missing="jira:issue_updated jira:issue_deleted "#;
    assert!(said.contains(missing), "{said}");
}

#[tokio::test]
async fn with_a_secret_no_webhook_is_set_up_whose_events_would_be_refused() {
    let folder = TokenFolder::new("app-secret");
    let configure = |config: jira_integration::JiraConfig| {
        let config = config.webhook_secret("s3cret");
        config.access_token_file(folder.path())
    };
    let site = Site::configured(accepts_first, configure).await;
    let (lines, said, errors) = start(&site).await;
    assert!(
        errors.is_empty() && lines.is_empty(),
        "{errors:?} {lines:?}"
    );
    assert!(said.contains("WARN") && said.contains("would be refused"));
    renew_webhook(site.jira.clone(), reachable()).await.unwrap();
    assert!(asked(&site).0.is_empty());
}

#[tokio::test]
async fn without_use_for_a_webhook_or_without_oauth_nothing_is_renewed() {
    let folder = TokenFolder::new("app-unused");
    let site = site_of(&folder, 29).await;
    for cx in [reachable().once(true), StartContext::new("my-jira")] {
        renew_webhook(site.jira.clone(), cx).await.unwrap();
    }
    assert!(asked(&site).0.is_empty());
    let basic = Site::start(|twin| twin).await;
    renew_webhook(basic.jira.clone(), reachable())
        .await
        .unwrap();
    assert!(asked(&basic).0.is_empty());
}

#[tokio::test]
async fn what_jira_refuses_is_an_error() {
    let folder = TokenFolder::new("app-refused");
    let refusal = json!({"webhookRegistrationResult": [{"errors": ["too many webhooks"]}]});
    for (method, answer, expected) in [
        ("GET", json!({}), "values"),
        ("POST", refusal, "did not register the webhook: too many"),
    ] {
        let site = site_of(&folder, 0).await;
        let answer = Action::Body {
            content_type: "application/json".to_owned(),
            text: answer.to_string(),
        };
        let rule = Rule::new(answer).path("/webhook").method(method);
        site.twin.faults().add(rule);
        let (_, _, errors) = start(&site).await;
        assert_eq!(errors.len(), 1, "{method}");
        let error = error_chain(&errors[0]);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_renewal_is_registered_with_the_integration() {
    let config = jira_integration::JiraConfig::new("https://acme.test", "ada@acme.test", "t0ken");
    let http = ocean_core::http::HttpClient::builder("jira");
    let jira = jira_integration::JiraClient::new(config.unwrap(), http).unwrap();
    let integration = jira_integration::integration(ocean_core::Integration::new(jira));
    let hooks = format!("{:?}", integration.hooks());
    assert!(hooks.contains("periodic: 1"), "{hooks}");
}
