//! How were the fixtures made? By running the original; see `fixtures/original/README.md`.

use std::env;
use std::process::Command;

use ocean_tests::{CLIENT_ID, CLIENT_SECRET, IDENTIFIER, World};

use crate::fixture::{self, Fixture, Recorded};
use crate::scenario::{Run, Scenario, Step};

/// The interpreter of an environment in which the original is installed.
const PYTHON: &str = "ORIGINAL_PYTHON";
/// The folder of its Jira integration.
const INTEGRATION: &str = "ORIGINAL_JIRA";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the original; it writes those fixtures that are not there"]
async fn record_what_the_original_leaves() {
    // What is there is only made again once it was deleted: a run takes its time.
    for scenario in Scenario::ALL
        .into_iter()
        .filter(|one| !fixture::path(*one).exists())
    {
        let world = scenario.start().await;
        if scenario != Scenario::Default {
            world.port.set_mapping(IDENTIFIER, world.mapping.clone());
        }
        let mut steps = Vec::new();
        for step in Step::ALL {
            step.happen(scenario, &world);
            resync(&world).await;
            let run = Run::of(&world);
            steps.push(Recorded { step, run });
        }
        Fixture { steps }.write(scenario);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the original is installed is nothing that the integration is told"
)]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// Runs the original until its one resync has ended.
pub(crate) async fn resync(world: &World) {
    let mut command = original(world, 0, r#"{"type":"ONCE"}"#);
    let ended = tokio::task::spawn_blocking(move || command.status());
    assert!(ended.await.unwrap().unwrap().success());
    // It ends well whatever became of the resync, and tells Port alone.
    assert_eq!(resync_status(world), "completed");
}

/// What the original tells Port of its last resync.
pub(crate) fn resync_status(world: &World) -> String {
    let integration = world.port.integration(IDENTIFIER).unwrap_or_default();
    let status = integration["resyncState"]["status"].as_str();
    status.unwrap_or_default().to_owned()
}

/// The original between both simulators, to be started.
pub(crate) fn original(world: &World, port: u16, event_listener: &str) -> Command {
    let mut command = Command::new(variable(PYTHON));
    command
        .arg(fixture::folder().join("loopback.py"))
        .arg(port.to_string())
        .current_dir(variable(INTEGRATION))
        .env_clear()
        .env("OCEAN__PORT__BASE_URL", world.port.url())
        .env("OCEAN__PORT__CLIENT_ID", CLIENT_ID)
        .env("OCEAN__PORT__CLIENT_SECRET", CLIENT_SECRET)
        .env("OCEAN__INTEGRATION__IDENTIFIER", IDENTIFIER)
        .env("OCEAN__EVENT_LISTENER", event_listener);
    for (name, value) in world.settings.as_object().unwrap() {
        let name = format!("OCEAN__INTEGRATION__CONFIG__{}", name.to_uppercase());
        command.env(name, value.as_str().unwrap());
    }
    command
}
