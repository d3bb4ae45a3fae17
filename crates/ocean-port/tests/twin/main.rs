//! `PortClient` over real HTTP, against a simulated Port that can be made to misbehave.

#![cfg(test)]

mod auth;
mod cursor;
mod delete;
mod find;
mod interrupted;
mod lake;
mod provision;
mod store;
mod upsert;

use std::time::Duration;

use ocean_core::http::RetryPolicy;
use ocean_core::{AppConfig, Entity, WriteContext, WriteEvent};
use ocean_port::{PortClient, PortConfig};
use ocean_testkit::port::PortTwin;
use ocean_testkit::{Action, Rule};
use serde_json::{Value, json};

/// The datasource of what the client writes.
const OURS: &str = "port-ocean/jira/1.0.0/prod/exporter";

/// A simulated Port with two blueprints, and a client that waits milliseconds instead of seconds.
struct Setup {
    twin: PortTwin,
    client: PortClient,
}

impl Setup {
    async fn new() -> Self {
        let twin = PortTwin::builder().client("id", "s3cret").start().await;
        Self::of(twin.unwrap())
    }

    fn of(twin: PortTwin) -> Self {
        twin.put_blueprint(json!({"identifier": "issue", "schema": {"properties": {
            "n": {"type": "number"}, "text": {"type": "string"}}},
            "relations": {"parent": {"target": "issue", "many": false, "required": false}}}));
        twin.put_blueprint(json!({"identifier": "user", "schema": {"properties": {}}}));
        let client = PortClient::new(config(&twin)).unwrap();
        Self { twin, client }
    }

    /// The next `times` requests whose path contains `path` go wrong.
    fn fault(&self, path: &str, times: u64, action: Action) {
        self.twin
            .faults()
            .add(Rule::new(action).path(path).times(times));
    }

    fn calls(&self, path: &str) -> usize {
        self.twin.journal().count("POST", path)
    }
}

fn config(twin: &PortTwin) -> PortConfig {
    let delays = (Duration::from_millis(1), Duration::from_millis(8));
    PortConfig::new("id", "s3cret", "prod", "jira", "1.0.0")
        .base_url(twin.url())
        .retry(
            RetryPolicy::default()
                .max_attempts(4)
                .delays(delays.0, delays.1),
        )
}

fn cx() -> WriteContext {
    WriteContext::new(&AppConfig::default(), WriteEvent::LiveEvent)
}

fn issue(n: usize) -> Entity {
    entity(json!({"identifier": format!("I-{n}"), "blueprint": "issue", "title": format!("{n}")}))
}

fn entity(json: Value) -> Entity {
    serde_json::from_value(json).unwrap()
}
