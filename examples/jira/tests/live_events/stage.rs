//! A program that takes live events between a simulated Jira and a simulated Port.

use std::net::TcpListener;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::process::{Program, jira, port};
use crate::running::Running;

pub(crate) struct Stage {
    pub(crate) jira: JiraTwin,
    pub(crate) port: PortTwin,
    pub(crate) program: Program,
    /// Where the program listens.
    pub(crate) listens: u16,
}

impl Stage {
    /// Nothing runs yet. `listener` is the type of the event listener.
    pub(crate) async fn new(listener: &str) -> Self {
        let (jira, port) = (jira().await, port().await);
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let listens = free.local_addr().unwrap().port();
        let program = Program::between(&jira, &port)
            .set("OCEAN__EVENT_LISTENER__TYPE", listener)
            .set("APPLICATION__PORT", &listens.to_string());
        Self {
            jira,
            port,
            program,
            listens,
        }
    }

    /// Starts the program and waits until it takes events.
    pub(crate) async fn start(&self) -> Running {
        let running = Running::start(&self.program, &["sail"]);
        loop {
            if self
                .health("ready")
                .await
                .is_some_and(|(status, _)| status == 200)
            {
                return running;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Waits until everything that was accepted is in the catalog.
    pub(crate) async fn settled(&self) {
        for _ in 0..60_000 {
            if let Some((200, health)) = self.health("ready").await
                && health["live_events"]["pending"] == 0
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        panic!("events wait for ever: {:?}", self.health("ready").await);
    }

    /// What the program says of itself.
    pub(crate) async fn health(&self, which: &str) -> Option<(u16, Value)> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.listens))
            .await
            .ok()?;
        let request =
            format!("GET /health/{which} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// The titles of issues in the catalog by their keys.
    pub(crate) fn titles(&self) -> std::collections::BTreeMap<String, String> {
        let catalog = self.port.catalog();
        let issues = catalog
            .iter()
            .filter(|entity| entity["blueprint"] == "jiraIssue");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        issues
            .map(|entity| (text(&entity["identifier"]), text(&entity["title"])))
            .collect()
    }
}
