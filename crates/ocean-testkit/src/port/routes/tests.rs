//! Every request that the original was recorded sending must have a route, and only a valid token
//! opens it.

use http::Uri;

use super::*;

/// Method and path of each kind of request in a recorded first start, resync and raw-data run.
const RECORDED: [(&str, &str); 24] = [
    ("POST", "/v1/integration"),
    (
        "GET",
        "/v1/integration/my%20jira/1?oceanCoreVersion=0.48.12&isPolling=false",
    ),
    ("GET", "/v1/integration/provision-enabled"),
    ("GET", "/v1/organization"),
    ("PATCH", "/v1/integration/my%20jira/1"),
    ("PATCH", "/v1/integration/my%20jira/1/config"),
    ("PATCH", "/v1/integration/my%20jira/1/resync-state"),
    ("GET", "/v1/integration/my%20jira/1/resync-request"),
    ("POST", "/v1/integration/my+jira%2F1/kinds/project/examples"),
    ("POST", "/v1/blueprints"),
    ("GET", "/v1/blueprints/jiraProject"),
    ("PATCH", "/v1/blueprints/jiraProject"),
    ("POST", "/v1/actions"),
    ("POST", "/v1/blueprints/jiraProject/scorecards"),
    ("POST", "/v1/pages"),
    ("POST", "/v1/lifecycle/9a8d593b"),
    ("POST", "/v1/lifecycle/9a8d593b/kind"),
    ("POST", "/ingest/logs"),
    ("POST", "/ingest/metrics/syncMetrics"),
    (
        "PUT",
        "/ingest/metrics/syncMetrics/resync/9a8d593b/kind/project-0",
    ),
    ("POST", "/ingest/metrics/heartbeat"),
    (
        "POST",
        "/ingest/data/lake/write/integration-type/jira/integration/x/sync/y/kind/z",
    ),
    ("GET", "/v1/migrations/m"),
    (
        "DELETE",
        "/v1/blueprints/jiraProject/all-entities?delete_blueprint=true",
    ),
];

async fn call(port: &Port, method: &str, path: &str, body: Value, token: &str) -> (u16, Value) {
    let request = Request::local(
        method.parse().unwrap(),
        path.parse::<Uri>().unwrap(),
        body.to_string(),
    )
    .with_header("host", "127.0.0.1:1")
    .with_header("user-agent", "port-ocean/jira/1/my jira/1/exporter")
    .with_header("authorization", &format!("Bearer {token}"));
    let answer = port.handle(request).await;
    let body = serde_json::from_slice(answer.body()).unwrap_or_default();
    (answer.status_code().as_u16(), body)
}

async fn token(port: &Port) -> String {
    let body = json!({ "clientId": "client-id", "clientSecret": "client-secret" });
    let (_, answer) = call(port, "POST", "/v1/auth/access_token", body, "").await;
    answer["accessToken"].as_str().unwrap().to_owned()
}

/// A body that does for all of them.
fn body() -> Value {
    json!({
        "installationId": "my jira/1", "identifier": "jiraProject", "config": {},
        "status": "started",
        "kind": "z", "eventType": "resync", "extractionTimestamp": 1, "eventId": "e",
        "data": [{
            "request": {}, "response": {}, "items": [],
            "metadata": {
                "operation": "upsert", "extractionTimestamp": 1, "resourceIndex": 0,
                "selectorHash": null,
            },
        }],
    })
}

#[tokio::test]
async fn every_recorded_request_is_answered() {
    let port = Port::default();
    let token = token(&port).await;
    for (method, path) in RECORDED {
        let (status, answer) = call(&port, method, path, body(), &token).await;
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
    }
}

#[tokio::test]
async fn nothing_but_the_token_is_had_without_a_token() {
    let port = Port::default();
    for (method, path) in RECORDED {
        let (status, answer) = call(&port, method, path, body(), "none").await;
        assert_eq!(
            (status, &answer["error"]),
            (401, &json!("unauthorized")),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn an_unknown_route_says_so() {
    let port = Port::default();
    let token = token(&port).await;
    let (status, answer) = call(&port, "GET", "/v1/nowhere", Value::Null, &token).await;
    assert_eq!((status, &answer["error"]), (404, &json!("route_not_found")));
}

#[tokio::test]
async fn ingest_addresses_are_those_of_the_host_that_was_called() {
    let port = Port::default();
    let token = token(&port).await;
    let (_, answer) = call(&port, "POST", "/v1/integration", body(), &token).await;
    let url = &answer["integration"]["metricAttributes"]["ingestUrl"];
    assert_eq!(url, "http://127.0.0.1:1/ingest/metrics");
}

#[tokio::test]
async fn written_entities_belong_to_the_datasource_of_the_user_agent() {
    let port = Port::default();
    let token = token(&port).await;
    call(&port, "POST", "/v1/blueprints", body(), &token).await;
    let entity = json!({ "entities": [{ "identifier": "P" }] });
    let bulk = "/v1/blueprints/jiraProject/entities/bulk?upsert=true";
    assert_eq!(call(&port, "POST", bulk, entity, &token).await.0, 200);
    let listing = json!({ "datasource_prefix": "port-ocean/jira/",
        "datasource_suffix": "/my jira/1/exporter", "limit": 10 });
    let path = "/v1/blueprints/entities/datasource-entities";
    let (_, answer) = call(&port, "POST", path, listing, &token).await;
    assert_eq!(
        answer["entities"],
        json!([{ "identifier": "P", "blueprint": "jiraProject" }])
    );
    let (_, catalog) = call(&port, "GET", "/__twin/catalog", Value::Null, "").await;
    assert_eq!(catalog["entities"][0]["identifier"], "P");
}
