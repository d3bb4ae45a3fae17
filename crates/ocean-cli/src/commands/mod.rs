//! What does each command do? One file per command.

mod completions;
mod config;
mod demo;
mod dlq;
mod doctor;
mod explain;
mod lint;
mod plan;
mod preview;
mod sail;
mod schema;
mod twin;

use crate::app::CliApp;
use crate::arguments::{Command, ConfigCommand};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::simulation::Simulation;

/// Does what the command line asks.
pub(crate) async fn run(
    app: &CliApp,
    command: Command,
    environment: Environment,
) -> Result<Exit, Failure> {
    match command {
        Command::Sail(arguments) => Box::pin(sail::run(app, arguments, environment)).await,
        Command::Demo(arguments) => Box::pin(demo::run(app, arguments)).await,
        Command::Twin(arguments) => Box::pin(twin::run(app, arguments)).await,
        Command::Config(ConfigCommand::Show(arguments)) => {
            config::show(app, &arguments, &environment)
        }
        Command::Dlq(command) => Box::pin(dlq::run(app, command, &environment)).await,
        Command::Completions(arguments) => Ok(completions::run(app, &arguments)),
        Command::Schema(which) => schema::run(app, which),
        Command::Lint(arguments) => Box::pin(lint::run(app, &arguments, &environment)).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(app, &arguments, &environment)).await,
        Command::Explain(arguments) => Box::pin(explain::run(app, &arguments, &environment)).await,
        Command::Plan(arguments) => Box::pin(plan::plan(app, &arguments, &environment)).await,
        Command::Apply(arguments) => Box::pin(plan::apply(app, &arguments, &environment)).await,
        Command::Preview(arguments) => Box::pin(preview::run(app, &arguments, &environment)).await,
    }
}

/// What the integration is simulated by.
fn simulation(app: &CliApp) -> Result<&dyn Simulation, Failure> {
    app.simulation.as_deref().ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "this integration brings no simulated system along",
        )
    })
}
