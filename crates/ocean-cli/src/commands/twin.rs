//! `twin`: run one simulator on its own, until somebody stops it.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::app::CliApp;
use crate::arguments::{PORT, TwinArguments};
use crate::display;
use crate::environment::read;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::simulation::TwinOptions;

/// Serves until a signal comes.
pub(super) async fn run(app: &CliApp, arguments: TwinArguments) -> Result<Exit, Failure> {
    let simulation = super::simulation(app)?;
    let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
    let options = options(&arguments)?;
    let is_port = arguments.system == PORT;
    let started = if is_port {
        simulation.start_port(&options).await
    } else {
        simulation.start_source(&options).await
    };
    let twin = started.map_err(|error| not_started(&error, &options))?;
    let title = if is_port {
        "Port".to_owned()
    } else {
        app.title()
    };
    display::twin(&title, twin.as_ref());
    signals.stop().cancelled().await;
    Ok(signals.received().map_or(Exit::Done, Exit::Stopped))
}

fn options(arguments: &TwinArguments) -> Result<TwinOptions, Failure> {
    let faults = match &arguments.faults {
        None => None,
        Some(path) => Some(read(path)?.ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("there is no file `{}`", path.display()),
            )
        })?),
    };
    Ok(TwinOptions {
        addr: (Ipv4Addr::LOCALHOST, arguments.port).into(),
        items: arguments.issues,
        seed: arguments.seed,
        latency: Duration::from_millis(arguments.latency_ms),
        faults,
    })
}

fn not_started(error: &io::Error, options: &TwinOptions) -> Failure {
    if error.kind() == io::ErrorKind::InvalidInput {
        return Failure::new(
            Exit::Usage,
            format!("the plan of faults cannot be used: {error}"),
        );
    }
    let message = format!("cannot listen on {}: {error}", options.addr);
    Failure::new(Exit::Usage, message).hint("choose another port with --port")
}
