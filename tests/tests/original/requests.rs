//! How many requests does a resync of all eleven kinds take, and how many did the original take on
//! the same data?
//!
//! The site is larger than that of the scenarios, so that pages count: otherwise each listing is
//! one request. Selectors are the defaults, and each kind is mapped once.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ocean_core::Outcome;
use ocean_tests::{IDENTIFIER, World, all_kinds};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::scenario::{Requests, Run};
use crate::{fixture, record};

/// What each of two resyncs took, of which the second finds nothing changed.
#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    first: Requests,
    again: Requests,
}

impl Counted {
    fn path() -> PathBuf {
        fixture::folder().join("requests.json")
    }

    fn read() -> Self {
        serde_json::from_str(&fs::read_to_string(Self::path()).unwrap()).unwrap()
    }
}

async fn start() -> World {
    let size = |jira: ocean_testkit::jira::JiraTwinBuilder| {
        jira.projects(30).issues(1_500).users(120).teams(12)
    };
    let mut world = World::with(size, |port| port).await;
    // Patient, so that nothing is asked twice because this machine is busy.
    world.jira_http = |http| http;
    world.port_config = |config| config;
    world.mapping = all_kinds::mapping();
    let mut mapped = BTreeSet::new();
    let resources = world.mapping["resources"].as_array_mut().unwrap();
    resources.retain_mut(|resource| {
        let kind = resource["kind"].as_str().unwrap().to_owned();
        resource["selector"] = json!({ "query": "true", "includeMembers": kind == "team" });
        mapped.insert(kind)
    });
    assert_eq!(mapped.len(), 11);
    for blueprint in all_kinds::blueprints() {
        world.port.put_blueprint(blueprint);
    }
    world.port.set_mapping(IDENTIFIER, world.mapping.clone());
    world
}

fn forget(world: &World) {
    world.jira.journal().clear();
    world.port.journal().clear();
}

#[tokio::test]
async fn all_kinds_take_fewer_requests_than_they_took_the_original() {
    let theirs = Counted::read();
    let world = start().await;
    world.provision().await;
    for (step, theirs) in [("first", theirs.first), ("again", theirs.again)] {
        forget(&world);
        let report = world.resync().await;
        assert_eq!(report.outcome, Outcome::Completed, "{report:#?}");
        let ours = Run::of(&world).requests;
        eprintln!("{step}: ours {ours:?}, theirs {theirs:?}");
        assert!(2 * ours.jira <= theirs.jira, "{step}: {ours:?}, {theirs:?}");
        assert!(
            2 * ours.entities <= theirs.entities,
            "{step}: {ours:?}, {theirs:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the original; it writes the counts that the other test reads"]
async fn record_how_many_requests_the_original_takes() {
    let world = start().await;
    let counted = async || {
        forget(&world);
        record::resync(&world).await;
        Run::of(&world).requests
    };
    let counted = Counted {
        first: counted().await,
        again: counted().await,
    };
    let text = serde_json::to_string_pretty(&counted).unwrap();
    fs::write(Counted::path(), text + "\n").unwrap();
}
