//! A simulated Jira whose events arrive somewhere, so that they can be handled as they were sent.

use ocean_core::StartContext;
use ocean_testkit::jira::Change;
use ocean_testkit::{Request, Response, Server, Service};
use serde_json::{Value, json};

use crate::site::Site;

/// Takes what the site sends to its webhook; the server's journal keeps it.
pub(crate) struct Receiver;

impl Service for Receiver {
    async fn handle(&self, _: Request) -> Response {
        Response::json(&json!({"status": "ok"}))
    }
}

/// A site whose events arrive somewhere.
pub(crate) struct Watched {
    pub(crate) site: Site,
    receiver: Server,
}

impl Watched {
    pub(crate) async fn start() -> Self {
        let receiver = Server::start(([127, 0, 0, 1], 0).into(), Receiver)
            .await
            .unwrap();
        let site = Site::start(|twin| twin.issues(200)).await;
        let cx = StartContext::new("my-jira").base_url(receiver.url());
        assert!(site.integration().hooks().run_start(&cx).await.is_empty());
        Self { site, receiver }
    }

    /// Makes a change and takes the last event of it.
    pub(crate) async fn happens(&self, change: Value) -> Value {
        let change: Change = serde_json::from_value(change).unwrap();
        self.site.twin.site().apply(&change).unwrap();
        let counts = self.site.twin.site().delivered().await;
        assert_eq!(counts.failed, 0);
        let entries = self.receiver.journal().requests();
        self.receiver.journal().clear();
        entries.last().unwrap().json()
    }
}
