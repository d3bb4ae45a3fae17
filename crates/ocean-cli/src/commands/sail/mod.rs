//! `sail`: read everything and make Port's catalog equal to it, as configured.

mod beside;
mod once;
mod results;
mod serve;
mod shadow;
mod told;

use ocean_core::Metrics;
use ocean_core::http::Masker;
use ocean_core::settings::{Loaded, Settings, SettingsWarning};

use self::beside::Beside;
use self::told::Told;
use crate::app::CliApp;
use crate::arguments::{SailArguments, SailOptions, TapeOptions};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::logging::{self, Log};
use crate::session::Session;
use crate::signals::Signals;
use crate::tape::TapeUse;

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
    let masker = logging::masker(&settings);
    let hostname = environment.hostname();
    let log = Log::start(&settings, &masker, hostname.as_deref(), options.log_format)
        .map_err(|error| Failure::bug("the system gives no threads", &error))?;
    log_warnings(&warnings);
    let metrics = Metrics::default();
    metrics.add(log.measured());
    let ended = async {
        let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
        if options.shadow {
            let shadow = shadow::OnLookout::new(app, &settings, &environment)?;
            let teller = shadow.teller(&settings, &options, &masker, &environment)?;
            return shadow.run(&settings, teller, &signals).await;
        }
        let tape = tape(app, &options, &settings, &masker)?;
        let session = Session::new(app, &settings, &environment, Some(&folder), &metrics, &tape)?;
        let beside = Beside::start(&session, &settings, &metrics, &log);
        let ended = if settings.event_listener.is_once() {
            let told = Told::waiting(&options, &masker, &log);
            let ended = once::run(&session, &told, &signals).await;
            ended.and_then(|exit| tape.finish().map(|()| exit))
        } else {
            let told = Told::queued(&options, &masker, &log)?;
            serve::run(&session, &settings, told, &signals).await
        };
        beside.finish(ended.as_ref().err()).await;
        ended
    };
    ended.await.map_err(|failure| failure.masked(&masker))
}

/// The recording that was asked for.
fn tape(
    app: &CliApp,
    options: &SailOptions,
    settings: &Settings,
    masker: &Masker,
) -> Result<TapeUse, Failure> {
    if options.record.is_some() && !settings.event_listener.is_once() {
        let message = "a tape holds one resync, and this process would run many";
        return Err(Failure::new(Exit::Usage, message).hint("add --once"));
    }
    let wanted = TapeOptions {
        record: options.record.clone(),
        replay: None,
    };
    TapeUse::recorded(&wanted, app, settings, masker)
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

fn log_warnings(warnings: &[SettingsWarning]) {
    for warning in warnings {
        tracing::warn!(
            place = warning.place,
            problem = warning.problem,
            "odd setting"
        );
    }
}
