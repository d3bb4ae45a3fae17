//! Sends webhook events as Jira does.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Posts a body to the webhook; `None` when there was no answer.
pub(super) async fn post(port: u16, headers: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "POST /integration/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1)?.parse().ok()
}

/// The body of an event about an issue.
pub(super) fn updated(id: u64, key: &str) -> String {
    let issue = json!({"id": id.to_string(), "key": key, "fields": {}});
    json!({"webhookEvent": "jira:issue_updated", "issue": issue}).to_string()
}
