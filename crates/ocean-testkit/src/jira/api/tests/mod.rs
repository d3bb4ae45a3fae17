//! The twin as a client sees it: real HTTP, written by hand so that no library hides anything.

mod delivery;
mod lies;
mod pages;
mod rules;
mod webhooks;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::jira::{JiraTwin, JiraTwinBuilder};

/// A query that selects every issue.
const ALL: &str = "project is not EMPTY";

fn small() -> JiraTwinBuilder {
    JiraTwin::builder()
        .projects(12)
        .issues(240)
        .users(130)
        .teams(23)
}

async fn twin() -> JiraTwin {
    small().start().await.expect("a free port")
}

struct Answer {
    status: u16,
    head: String,
    json: Value,
}

async fn ask_as(
    twin: &JiraTwin,
    authorization: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let address = twin.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
         Authorization: {authorization}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    Answer {
        status: head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status"),
        head: head.to_owned(),
        json: serde_json::from_str(body).unwrap_or_default(),
    }
}

fn basic(email: &str, token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{email}:{token}")))
}

async fn ask(twin: &JiraTwin, method: &str, path: &str, body: &Value) -> Answer {
    ask_as(
        twin,
        &basic("twin@example.com", "twin-token"),
        method,
        path,
        body,
    )
    .await
}

async fn get(twin: &JiraTwin, path: &str) -> Value {
    let answer = ask(twin, "GET", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

async fn search(twin: &JiraTwin, body: Value) -> Answer {
    ask(twin, "POST", "/rest/api/3/search/jql", &body).await
}

async fn walk_search(twin: &JiraTwin, jql: &str, size: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut body = json!({"jql": jql, "maxResults": size, "fields": ["key"]});
    loop {
        let page = search(twin, body.clone()).await.json;
        let issues = page["issues"].as_array().expect("issues").iter();
        found.extend(issues.map(|issue| issue["key"].as_str().expect("key").to_owned()));
        assert_eq!(page["isLast"] == true, page.get("nextPageToken").is_none());
        match page.get("nextPageToken") {
            Some(token) => body["nextPageToken"] = token.clone(),
            None => return found,
        }
    }
}
