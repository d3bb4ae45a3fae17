//! Registering webhooks.

use serde_json::{Value, json};

use super::{ask, get, twin};

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

#[tokio::test]
async fn a_secret_is_kept_until_it_is_removed_and_never_shown() {
    let twin = twin().await;
    let path = "/rest/webhooks/1.0/webhook";
    let body = json!({"name": "n", "url": "http://127.0.0.1:1/x", "secret": "s3cret"});
    let created = ask(&twin, "POST", path, &body).await;
    assert_eq!(created.json["isSigned"], true);
    for (update, signed) in [
        (json!({"events": []}), true),
        (json!({"secret": ""}), false),
        (json!({"secret": "other"}), true),
    ] {
        let updated = ask(&twin, "PUT", &format!("{path}/1"), &update).await.json;
        assert_eq!(updated["isSigned"], signed, "{update}");
        assert_eq!(updated.get("secret"), None);
    }
    assert_eq!(get(&twin, path).await[0].get("secret"), None);
}
