//! A simulated Jira and the integration that is connected to it.

use std::time::Duration;

use futures::TryStreamExt as _;
use http::HeaderMap;
use jira_integration::{JiraClient, JiraConfig, integration};
use ocean_core::http::{HttpClient, RetryPolicy};
use ocean_core::{
    BatchStream, Changes, Integration, RawItem, RawSelector, Reads, ResourceConfig, ResyncContext,
    RunScope, SourceError, WebhookEvent, error_chain,
};
use ocean_testkit::jira::{JiraTwin, JiraTwinBuilder};
use serde_json::Value;

pub(crate) struct Site {
    pub(crate) twin: JiraTwin,
    pub(crate) jira: JiraClient,
    integration: Integration<JiraClient>,
}

impl Site {
    /// Starts a site of 3 projects, 120 issues, 7 users and 3 teams, unless told otherwise.
    pub(crate) async fn start(change: impl FnOnce(JiraTwinBuilder) -> JiraTwinBuilder) -> Self {
        Self::configured(change, |config| config.organization_id("twin-org")).await
    }

    pub(crate) async fn configured(
        change: impl FnOnce(JiraTwinBuilder) -> JiraTwinBuilder,
        configure: impl FnOnce(JiraConfig) -> JiraConfig,
    ) -> Self {
        Self::persistent(change, configure, 2).await
    }

    /// The same with a client that tries a call so many times.
    pub(crate) async fn persistent(
        change: impl FnOnce(JiraTwinBuilder) -> JiraTwinBuilder,
        configure: impl FnOnce(JiraConfig) -> JiraConfig,
        attempts: u32,
    ) -> Self {
        let small = JiraTwin::builder()
            .projects(3)
            .issues(120)
            .users(7)
            .teams(3);
        let twin = change(small).start().await.unwrap();
        let config = JiraConfig::new(&twin.url(), "twin@example.com", "twin-token").unwrap();
        let quick = RetryPolicy::default()
            .max_attempts(attempts)
            .delays(Duration::from_millis(1), Duration::from_millis(1));
        let http = HttpClient::builder("jira").retry(quick);
        let jira = JiraClient::new(configure(config), http).unwrap();
        Self {
            twin,
            jira: jira.clone(),
            integration: integration(Integration::new(jira)),
        }
    }

    pub(crate) const fn integration(&self) -> &Integration<JiraClient> {
        &self.integration
    }

    /// Begins to read a kind as the engine does.
    pub(crate) fn start_read(&self, kind: &str, selector: Value, run: RunScope) -> BatchStream {
        self.begin(resource(kind, selector), run)
    }

    fn begin(&self, resource: ResourceConfig, run: RunScope) -> BatchStream {
        let resync = &self.integration.registry().resyncs(&resource.kind)[0];
        resync.start(&ResyncContext::new(resource, run)).unwrap()
    }

    /// Reads a kind in a run of its own.
    pub(crate) async fn read(&self, kind: &str, selector: Value) -> Read {
        self.read_in(resource(kind, selector), RunScope::default())
            .await
    }

    /// The same for a mapping that reads no more than these paths.
    pub(crate) async fn read_for(&self, kind: &str, selector: Value, paths: &[&str]) -> Read {
        let resource = resource(kind, selector);
        let reads = Reads::paths(paths.iter().copied());
        self.read_in(resource.reading(reads), RunScope::default())
            .await
    }

    /// The same in a run that is given.
    pub(crate) async fn read_in(&self, resource: ResourceConfig, run: RunScope) -> Read {
        let mut batches = self.begin(resource, run.clone());
        let mut items = Vec::new();
        let error = loop {
            match batches.try_next().await {
                Ok(Some(batch)) => items.extend(batch),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        Read {
            items,
            error: error.map(|error| error_chain(&error)),
            incomplete: run.incomplete_reasons(),
        }
    }

    /// Gives events to the processor that accepts them, as the engine does.
    pub(crate) async fn handle(
        &self,
        kind: &str,
        selector: Value,
        events: &[Value],
    ) -> Result<Changes, SourceError> {
        let events: Vec<_> = events.iter().map(event).collect();
        let mut processors = self.integration.processors().iter();
        let processor = processors
            .find(|processor| processor.accepts(&events[0]))
            .unwrap();
        assert_eq!(processor.kinds(), [kind]);
        assert!(events.len() <= processor.max_batch());
        processor.handle(&events, &resource(kind, selector)).await
    }

    /// What was asked, as `METHOD path?query body`, since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        let journal = self.twin.journal();
        let entries = journal.requests();
        journal.clear();
        let ask = |entry: &ocean_testkit::Entry| {
            let body = String::from_utf8_lossy(&entry.body);
            format!("{} {} {body}", entry.method, entry.uri)
                .trim_end()
                .to_owned()
        };
        entries.iter().map(ask).collect()
    }
}

/// What reading a kind came to.
pub(crate) struct Read {
    pub(crate) items: Vec<RawItem>,
    pub(crate) error: Option<String>,
    pub(crate) incomplete: Vec<String>,
}

impl Read {
    /// The items, when they are all there are.
    #[track_caller]
    pub(crate) fn complete(self) -> Vec<RawItem> {
        assert_eq!(self.error, None);
        assert_eq!(self.incomplete, Vec::<String>::new());
        self.items
    }
}

pub(crate) fn event(payload: &Value) -> WebhookEvent {
    WebhookEvent::new(HeaderMap::new(), payload.to_string()).unwrap()
}

/// One text field of each item, in order.
pub(crate) fn texts(items: &[RawItem], field: &str) -> Vec<String> {
    let text = |item: &RawItem| item.get(field).unwrap();
    items.iter().map(text).collect()
}

pub(crate) fn resource(kind: &str, selector: Value) -> ResourceConfig {
    let selector = RawSelector(selector.as_object().unwrap().clone());
    ResourceConfig::new(kind, selector)
}
