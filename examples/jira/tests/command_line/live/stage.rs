//! A program that takes live events between a simulated Jira and a simulated Port.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use ocean_testkit::jira::JiraTwin;
use ocean_testkit::port::PortTwin;
use serde_json::Value;

use crate::process::{Program, jira, port};
use crate::running::Running;

/// How often we look whether something has happened.
const LOOK: Duration = Duration::from_millis(5);

pub(super) struct Stage {
    pub(super) jira: JiraTwin,
    pub(super) port: PortTwin,
    pub(super) program: Program,
    /// Where the program listens.
    pub(super) listens: u16,
}

impl Stage {
    /// Nothing runs yet. `listener` is the type of the event listener.
    pub(super) async fn new(listener: &str) -> Self {
        let (jira, port) = (jira().await, port().await);
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let listens = free.local_addr().unwrap().port();
        let program = Program::between(&jira, &port)
            .set("OCEAN__EVENT_LISTENER__TYPE", listener)
            // It leads nowhere, so that nobody but the test sends events.
            .set("OCEAN__BASE_URL", "http://nowhere.invalid")
            .set("APPLICATION__PORT", &listens.to_string());
        Self {
            jira,
            port,
            program,
            listens,
        }
    }

    /// Starts the program and waits until it takes events.
    pub(super) async fn start(&self) -> Running {
        let running = Running::start(&self.program, &["sail"]);
        while running.get("/health/ready").await.0 != 200 {
            tokio::time::sleep(LOOK).await;
        }
        running
    }

    /// Waits until everything that was accepted is in the catalog.
    pub(super) async fn settled(&self, running: &Running) -> Value {
        for _ in 0..12_000 {
            let (_, mut health) = running.get("/health/ready").await;
            if health["queue"]["pending"] == 0 {
                return health["queue"].take();
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("events wait for ever\n{}", running.output());
    }

    /// The titles of issues in the catalog by their keys.
    pub(super) fn titles(&self) -> BTreeMap<String, String> {
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
