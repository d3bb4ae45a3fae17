//! Registering webhooks and being told of changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ask, get, small, twin};
use crate::jira::IssueEdit;
use crate::{Request, Response, Server, Service};

#[tokio::test]
async fn webhooks_of_both_interfaces_are_kept_apart() {
    let twin = twin().await;
    let path = "/rest/webhooks/1.0/webhook";
    let body =
        json!({"name": "n", "url": "http://127.0.0.1:1/x", "events": ["jira:issue_created"]});
    let answer = ask(&twin, "POST", path, &body).await;
    assert_eq!(
        (answer.status, &answer.json["enabled"]),
        (201, &json!(true))
    );
    let answer = ask(
        &twin,
        "PUT",
        &format!("{path}/1"),
        &json!({"enabled": false}),
    )
    .await;
    assert_eq!(
        (&answer.json["enabled"], &answer.json["url"]),
        (&json!(false), &body["url"])
    );
    let oauth = "/rest/api/3/webhook";
    let body = json!({"url": "http://127.0.0.1:1/y",
                      "webhooks": [{"jqlFilter": "project not in (x)", "events": ["jira:issue_created"]}]});
    let answer = ask(&twin, "POST", oauth, &body).await;
    assert_eq!(
        answer.json["webhookRegistrationResult"][0]["createdWebhookId"],
        2
    );
    assert_eq!(
        get(&twin, oauth).await["values"][0]["url"],
        "http://127.0.0.1:1/y"
    );
    let answer = ask(
        &twin,
        "PUT",
        &format!("{oauth}/refresh"),
        &json!({"webhookIds": [2]}),
    )
    .await;
    assert!(answer.json["expirationDate"].is_string());
    assert_eq!(get(&twin, path).await.as_array().map(Vec::len), Some(1));
    assert_eq!(
        ask(&twin, "DELETE", &format!("{path}/1"), &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        ask(&twin, "DELETE", oauth, &json!({"webhookIds": [2]}))
            .await
            .status,
        202
    );
    assert_eq!(get(&twin, path).await, json!([]));
    assert_eq!(get(&twin, oauth).await["values"], json!([]));
}

/// Remembers nothing itself; its server's journal does.
struct Receiver;

impl Service for Receiver {
    async fn handle(&self, _: Request) -> Response {
        Response::json(&json!({"status": "ok"}))
    }
}

#[tokio::test]
async fn changes_are_delivered_to_the_webhooks_that_asked_for_them() {
    let receiver = Server::start(([127, 0, 0, 1], 0).into(), Receiver)
        .await
        .expect("a free port");
    let twin = small()
        .deliver_webhooks()
        .start()
        .await
        .expect("a free port");
    let url = format!("{}/integration/webhook?a=b", receiver.url());
    let body = json!({"name": "n", "url": url, "events": ["jira:issue_updated"]});
    ask(&twin, "POST", "/rest/webhooks/1.0/webhook", &body).await;
    twin.site()
        .update_issue("PAY-1", IssueEdit::new().summary("S"))
        .expect("changed");
    twin.site().delete_issue("PAY-2").expect("deleted");
    let delivered = async {
        while twin.site().deliveries().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), delivered)
        .await
        .expect("delivered in time");
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
