//! `sail`: read everything and make Port's catalog equal to it, as configured.

use ocean_core::http::Masker;
use ocean_core::settings::{Loaded, Settings, SettingsWarning};
use ocean_core::{Outcome, Progress};

use crate::app::CliApp;
use crate::arguments::{LogFormat, SailArguments, SailOptions};
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::logging;
use crate::session::Session;
use crate::signals::Signals;

/// Runs the integration.
pub(super) async fn run(
    app: &CliApp,
    arguments: SailArguments,
    environment: Environment,
) -> Result<Exit, Failure> {
    let SailArguments { folder, options } = arguments;
    let Loaded {
        settings, warnings, ..
    } = load(app, &folder, &options, &environment)?;
    settings.refuse_unbuilt()?;
    if !settings.event_listener.is_once() {
        return Err(not_once());
    }
    let masker = logging::masker(&settings);
    logging::start(&settings, masker.clone(), options.log_format);
    log_warnings(&warnings);
    let ended = async {
        let session = Session::new(app, &settings, &environment, Some(&folder))?;
        resync(&session, &options, &masker).await
    };
    ended.await.map_err(|failure| failure.masked(&masker))
}

/// Runs one resync, and tells how it went.
async fn resync(
    session: &Session,
    options: &SailOptions,
    masker: &Masker,
) -> Result<Exit, Failure> {
    let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
    tokio::select! {
        biased;
        prepared = session.prepare() => prepared?,
        () = signals.stop().cancelled() => return Err(Failure::stopped_early(&signals)),
    }
    let progress = Progress::default();
    let report = session.resync(&progress, signals.stop()).await?;
    let Some(report) = report else {
        return Err(Failure::stopped_late(&signals, &progress));
    };
    match options.log_format {
        LogFormat::Text => display::report(&report, masker),
        LogFormat::Json => display::logged_report(&report, masker)?,
    }
    if options.json {
        display::json(&report, masker)?;
    }
    Ok(match (report.outcome, signals.received()) {
        (Outcome::Aborted, Some(signal)) => Exit::Stopped(signal),
        (outcome, _) => outcome.into(),
    })
}

fn load(
    app: &CliApp,
    folder: &std::path::Path,
    options: &SailOptions,
    environment: &Environment,
) -> Result<Loaded, Failure> {
    let mut sources = environment.sources(folder)?;
    if options.once {
        sources = sources.once();
    }
    if let Some(level) = &options.log_level {
        sources = sources.set("application.log_level", level.as_str(), "--log-level");
    }
    if let Some(port) = options.port {
        sources = sources.set("application.port", port, "--port");
    }
    if let Some(initialize) = options.initialize_port_resources {
        let name = "--initialize-port-resources";
        sources = sources.set("initialize_port_resources", initialize, name);
    }
    Ok(Settings::load(&sources, &app.settings_spec()?)?)
}

fn not_once() -> Failure {
    let message = "this version runs one resync and ends; staying up for schedules and live \
                   events comes with a later one";
    Failure::new(Exit::Usage, message).hint("add --once, or set OCEAN__EVENT_LISTENER__TYPE=ONCE")
}

fn log_warnings(warnings: &[SettingsWarning]) {
    for warning in warnings {
        tracing::warn!(
            place = warning.place,
            problem = warning.problem,
            "odd setting"
        );
    }
}
