//! Jira, as a binary: `cargo run -p ocean-jira -- demo` shows it without an account.

mod simulation;

use std::process::ExitCode;

use jira_integration::{BLUEPRINTS, MAPPING, SPEC, create_jira_client, integration};
use ocean_cli::CliApp;

use crate::simulation::JiraSimulation;

fn main() -> ExitCode {
    CliApp::new("jira", env!("CARGO_PKG_VERSION"))
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .integration(create_jira_client, integration)
        .simulation(JiraSimulation)
        .run()
}
