//! GitHub as an integration of another shape than Jira: pages that the `Link` header names, kinds
//! that are read below a parent, signed webhooks.
//!
//! `cargo test -p ocean-github` runs it against a simulated GitHub, live events and the conformance
//! suite included. With the settings of `.port/spec.yaml` and Port's credentials the program keeps
//! a real catalog: `OCEAN__INTEGRATION__CONFIG__GITHUB_ORGANIZATION=acme cargo run -p ocean-github`.

use std::process::ExitCode;

use ocean_cli::CliApp;
use ocean_github::{BLUEPRINTS, MAPPING, SPEC, create_github_client, integration};

fn main() -> ExitCode {
    CliApp::new("github", env!("CARGO_PKG_VERSION"))
        .spec(SPEC)
        .default_resources(MAPPING, BLUEPRINTS)
        .integration(create_github_client, integration)
        .run()
}
