//! Being told of changes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ask, get, small};
use crate::jira::{DeliveryCounts, DeliveryRules, IssueEdit, JiraTwin};
use crate::{Action, Entry, JournalMode, Request, Response, Rule, Server, Service};

/// Remembers nothing itself; its server's journal does.
struct Receiver;

impl Service for Receiver {
    async fn handle(&self, _: Request) -> Response {
        Response::json(&json!({"status": "ok"}))
    }
}

async fn receiver() -> Server {
    let started = Server::start(([127, 0, 0, 1], 0).into(), Receiver).await;
    started.expect("a free port")
}

/// A twin whose issue updates the receiver has asked for.
async fn twin_of(receiver: &Server, change: impl FnOnce(&mut DeliveryRules)) -> JiraTwin {
    let quick = |rules: &mut DeliveryRules| {
        rules.retry_delay_ms = 1;
        rules.longest_delay_ms = 1;
        change(rules);
    };
    let twin = small().delivery(quick).start().await.expect("a free port");
    let url = format!("{}/integration/webhook?a=b", receiver.url());
    let body = json!({"name": "n", "url": url, "events": ["jira:issue_updated"]});
    ask(&twin, "POST", "/rest/webhooks/1.0/webhook", &body).await;
    twin
}

fn rename(twin: &JiraTwin, summary: &str) {
    let edit = IssueEdit::new().summary(summary);
    twin.site().update_issue("PAY-1", edit).expect("changed");
}

async fn delivered(twin: &JiraTwin) -> DeliveryCounts {
    let waited = tokio::time::timeout(Duration::from_secs(10), twin.site().delivered());
    waited.await.expect("delivered in time")
}

fn summaries(receiver: &Server) -> Vec<String> {
    let entries = receiver.journal().requests();
    let summary = |entry: &Entry| entry.json()["issue"]["fields"]["summary"].to_string();
    entries
        .iter()
        .map(|entry| summary(entry).replace('"', ""))
        .collect()
}

#[tokio::test]
async fn changes_are_delivered_to_the_webhooks_that_asked_for_them() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    rename(&twin, "S");
    twin.site().delete_issue("PAY-2").expect("deleted");
    let counts = delivered(&twin).await;
    assert_eq!((counts.delivered, counts.attempts), (1, 1));
    let entries = receiver.journal().requests();
    assert_eq!(twin.site().deliveries()[0].status, Some(200));
    assert_eq!(
        (entries.len(), entries[0].path(), entries[0].query()),
        (1, "/integration/webhook", "a=b")
    );
    let payload = entries[0].json();
    assert_eq!(payload["webhookEvent"], "jira:issue_updated");
    assert_eq!(payload["issue"]["fields"]["summary"], "S");
    twin.stop().await;
}

#[tokio::test]
async fn events_arrive_in_the_order_of_the_changes() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    for summary in &expected {
        rename(&twin, summary);
    }
    assert_eq!(delivered(&twin).await.delivered, 50);
    assert_eq!(summaries(&receiver), expected);
}

#[tokio::test]
async fn a_refused_event_comes_again_under_the_same_identifier() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    let names = [
        "x-atlassian-webhook-identifier",
        "x-atlassian-webhook-retry",
    ];
    receiver.journal().keep_headers(names);
    let busy = Action::Status {
        code: 503,
        headers: [("retry-after".to_owned(), "9999".to_owned())].into(),
        body: Value::Null,
    };
    receiver.faults().add(Rule::new(busy).times(1));
    receiver.faults().add(Rule::new(Action::Reset).times(1));
    rename(&twin, "S");
    let counts = delivered(&twin).await;
    assert_eq!(
        (counts.delivered, counts.failed, counts.attempts),
        (1, 0, 3)
    );
    let deliveries = twin.site().deliveries();
    let seen: Vec<_> = deliveries
        .iter()
        .map(|one| (one.attempt, one.status))
        .collect();
    assert_eq!(seen, [(0, Some(503)), (1, None), (2, Some(200))]);
    let entries = receiver.journal().requests();
    let header = |name: &str| -> Vec<_> {
        let all = entries
            .iter()
            .map(|entry| entry.header(name).map(str::to_owned));
        all.collect()
    };
    let identifiers: HashSet<_> = header(names[0]).into_iter().collect();
    assert_eq!(identifiers.len(), 1);
    let retries = header(names[1]);
    assert_eq!((&retries[0], &retries[1]), (&None, &Some("1".to_owned())));
}

#[tokio::test]
async fn an_event_that_is_refused_for_good_or_too_often_is_given_up() {
    for (code, attempts) in [(400, 1), (401, 1), (409, 3), (500, 3)] {
        let receiver = receiver().await;
        let twin = twin_of(&receiver, |rules| rules.retries = 2).await;
        receiver.faults().add(Rule::new(Action::status(code)));
        rename(&twin, "S");
        let counts = delivered(&twin).await;
        assert_eq!((counts.failed, counts.attempts), (1, attempts), "{code}");
    }
}

#[tokio::test]
async fn events_are_sent_twice_shuffled_and_side_by_side_on_request() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    let rules = json!({"duplicate_every": 10, "shuffle": 20, "concurrency": 4});
    let answer = ask(&twin, "POST", "/__twin/delivery", &rules).await;
    assert_eq!(answer.json["rules"]["shuffle"], 20);
    assert_eq!(answer.json["rules"]["retries"], 5);
    let expected: Vec<_> = (0..100).map(|number| format!("{number:02}")).collect();
    for summary in &expected {
        rename(&twin, summary);
    }
    assert_eq!(delivered(&twin).await.delivered, 110);
    let mut arrived = summaries(&receiver);
    assert_ne!(arrived[..100], expected);
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived, expected);
    let identifiers: HashSet<_> = twin
        .site()
        .deliveries()
        .into_iter()
        .map(|one| one.identifier)
        .collect();
    assert_eq!(identifiers.len(), 100);
    let listed = get(&twin, "/__twin/deliveries").await;
    assert_eq!(listed.as_array().map(Vec::len), Some(110));
    assert_eq!(get(&twin, "/__twin/delivery").await["counts"]["waiting"], 0);
}

#[tokio::test]
async fn what_happens_while_delivery_is_off_is_never_sent() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |rules| rules.enabled = false).await;
    rename(&twin, "unseen");
    let unknown = json!({"enable": true});
    assert_eq!(
        ask(&twin, "POST", "/__twin/delivery", &unknown)
            .await
            .status,
        400
    );
    ask(&twin, "POST", "/__twin/delivery", &json!({"enabled": true})).await;
    rename(&twin, "seen");
    delivered(&twin).await;
    assert_eq!(summaries(&receiver), ["seen"]);
}

#[tokio::test]
async fn a_filter_keeps_back_the_events_of_other_issues() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    for (jql, arrives) in [
        ("project = HRB", false),
        ("project = PAY", true),
        ("colour = red", true),
    ] {
        let filters = json!({"filters": {"issue-related-events-section": jql}});
        ask(&twin, "PUT", "/rest/webhooks/1.0/webhook/1", &filters).await;
        rename(&twin, jql);
        delivered(&twin).await;
        assert_eq!(
            summaries(&receiver).last().is_some_and(|last| last == jql),
            arrives,
            "{jql}"
        );
    }
}

#[tokio::test]
async fn an_address_that_plain_http_does_not_reach_is_tried_once() {
    let receiver = receiver().await;
    let twin = twin_of(&receiver, |_| ()).await;
    let body = json!({"url": "https://ocean.test/integration/webhook"});
    ask(&twin, "PUT", "/rest/webhooks/1.0/webhook/1", &body).await;
    rename(&twin, "S");
    let counts = delivered(&twin).await;
    assert_eq!((counts.failed, counts.attempts), (1, 1));
}

/// Is the courier fast enough not to be what a benchmark measures?
#[tokio::test]
#[ignore = "measures; run with --release"]
async fn five_thousand_events_take_less_than_a_second_and_a_half() {
    let receiver = receiver().await;
    receiver.journal().set_mode(JournalMode::Counts);
    let twin = twin_of(&receiver, |rules| rules.concurrency = 64).await;
    let start = Instant::now();
    for number in 0..5_000 {
        rename(&twin, &number.to_string());
    }
    assert_eq!(delivered(&twin).await.delivered, 5_000);
    let spent = start.elapsed();
    assert!(spent < Duration::from_millis(1_500), "{spent:?}");
}

#[tokio::test]
async fn the_webhook_of_an_app_is_gone_after_30_days_without_a_refresh() {
    const DAY: i64 = 86_400_000;
    let receiver = receiver().await;
    let twin = small().start().await.expect("a free port");
    let path = "/rest/api/3/webhook";
    let details = json!({"jqlFilter": "", "events": ["jira:issue_updated"]});
    let body = json!({"url": receiver.url(), "webhooks": [details]});
    ask(&twin, "POST", path, &body).await;
    let began = twin.site().now();

    twin.site().set_now(began + 29 * DAY);
    rename(&twin, "on day 29");
    let refresh = json!({"webhookIds": [1]});
    ask(&twin, "PUT", &format!("{path}/refresh"), &refresh).await;
    twin.site().set_now(began + 58 * DAY);
    rename(&twin, "on day 58");
    assert_eq!(get(&twin, path).await["total"], 1);
    twin.site().set_now(began + 60 * DAY);
    rename(&twin, "on day 60");
    assert_eq!(get(&twin, path).await["total"], 0);
    // Nothing brings it back.
    ask(&twin, "PUT", &format!("{path}/refresh"), &refresh).await;
    rename(&twin, "later");

    assert_eq!(delivered(&twin).await.delivered, 2);
    assert_eq!(summaries(&receiver), ["on day 29", "on day 58"]);
}
