//! Does our program say to Port what the original says?
//!
//! The original, Python Ocean with its Jira integration, was started, made to resync, told of
//! changes and stopped, between the simulated Jira and the simulated Port; what it asked Port is in
//! `tests/fixtures/original/journal-*.json`. Here our program goes through the same, and is held
//! against that: method, path, query, headers that matter, shape of the body, and how often. A
//! difference must be a line of `journal-allowed.md` beside the recordings, each of which has its
//! reason; a line that nothing needs any more is an error, too.

#![cfg(test)]

mod allowed;
mod call;
mod differences;
mod engine;
mod recording;
mod scenario;
mod shape;

use crate::allowed::Allowed;
use crate::differences::differences;
use crate::engine::Engine;
use crate::recording::Recording;
use crate::scenario::Scenario;

/// Goes through a scenario with our program; returns the differences that no line allows.
async fn not_allowed(scenario: Scenario, allowed: &Allowed) -> Vec<String> {
    let theirs = Recording::read(scenario);
    let ours = scenario.play(Engine::Ours).await;
    let found = differences(&theirs, &ours).into_iter();
    let unexplained = found.filter(|found| !allowed.explains(scenario, found));
    let told = unexplained.map(|found| format!("{} | {found}", scenario.name()));
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_program_asks_port_what_the_original_asks() {
    let allowed = Allowed::read();
    let mut unexplained = Vec::new();
    for scenario in Scenario::ALL {
        unexplained.extend(not_allowed(scenario, &allowed).await);
    }
    let stale = allowed.stale();
    assert!(
        unexplained.is_empty() && stale.is_empty(),
        "not allowed:\n{}\nallowed, but not there:\n{}",
        unexplained.join("\n"),
        stale.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the original; it writes what the other tests read"]
async fn record_what_the_original_asks_port() {
    for scenario in [Scenario::Once, Scenario::Polling, Scenario::Webhook] {
        scenario.play(Engine::Original).await.write(scenario);
    }
}
