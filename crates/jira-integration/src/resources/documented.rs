//! The examples of `docs/jira.md`: each can be used as it stands.

use std::collections::BTreeSet;

use ocean_core::http::HttpClient;
use ocean_core::{AppConfig, CompiledMapping, Environment, Integration, Kind as _};

use crate::{JiraClient, JiraConfig, Kinds, integration};

const PAGE: &str = include_str!("../../../../docs/jira.md");

/// What stands between the fences of YAML.
fn examples() -> Vec<&'static str> {
    let mut examples = Vec::new();
    let mut rest = PAGE;
    while let Some((_, after)) = rest.split_once("```yaml\n") {
        let (example, after) = after.split_once("\n```").unwrap();
        examples.push(example);
        rest = after;
    }
    examples
}

fn jira() -> Integration<JiraClient> {
    let config = JiraConfig::new("https://acme.test", "ada@acme.test", "t0ken").unwrap();
    let jira = JiraClient::new(config, HttpClient::builder("jira")).unwrap();
    integration(Integration::new(jira))
}

#[test]
fn every_example_is_a_mapping_of_which_nothing_is_ignored() {
    let jira = jira();
    let examples = examples();
    assert!(examples.len() >= 5);
    for example in examples {
        let parsed = AppConfig::from_yaml("docs/jira.md", example).unwrap();
        assert!(
            parsed.warnings.is_empty(),
            "{example}\n{:?}",
            parsed.warnings
        );
        let (_, faults) = CompiledMapping::compile(&parsed.config, &Environment::default());
        assert!(faults.is_empty(), "{example}\n{faults:?}");
        for (index, resource) in parsed.config.resources.iter().enumerate() {
            let resyncs = jira.registry().resyncs(&resource.kind);
            assert!(!resyncs.is_empty(), "unknown kind {}", resource.kind);
            for resync in resyncs {
                resync.check(&resource.config(index)).unwrap();
            }
        }
    }
}

#[test]
fn there_is_an_example_of_every_kind() {
    let mut shown = BTreeSet::new();
    for example in examples() {
        let parsed = AppConfig::from_yaml("docs/jira.md", example).unwrap();
        shown.extend(
            parsed
                .config
                .resources
                .iter()
                .map(|one| one.kind.to_string()),
        );
    }
    let all: BTreeSet<_> = Kinds::ALL
        .iter()
        .map(|kind| kind.as_str().to_owned())
        .collect();
    assert_eq!(shown, all);
}
