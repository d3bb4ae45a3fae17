//! `demo`: see it work with nothing but this program.

mod live;

use ocean_core::http::Masker;
use ocean_core::settings::{Settings, SettingsFaults, Sources};
use ocean_core::{Metrics, Outcome, Progress};

use crate::app::CliApp;
use crate::arguments::DemoArguments;
use crate::display;
use crate::display::demo::{DemoResult, DemoRun, Requests};
use crate::display::progress::LiveProgress;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signals::Signals;
use crate::simulation::World;
use crate::tape::TapeUse;

/// Reads a simulated system into a simulated Port, twice, then listens to it, and shows what
/// happened.
pub(super) async fn run(app: &CliApp, arguments: DemoArguments) -> Result<Exit, Failure> {
    let simulation = super::simulation(app)?;
    let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
    let world = simulation
        .start_world(arguments.issues, arguments.seed)
        .await
        .map_err(|error| Failure::bug("the simulators did not start", &error))?;
    let title = app.title();
    display::demo::introduce(&title, arguments.issues, world.as_ref());
    let session = session(app, world.as_ref(), Sources::once)?;
    session.prepare().await?;

    display::demo::begin_first();
    let first = resync(&session, world.as_ref(), &signals).await?;
    let changed = world
        .change()
        .map_err(|error| Failure::bug("the simulated system refused a change", error.as_ref()))?;
    display::demo::begin_second(&title, changed);
    let second = resync(&session, world.as_ref(), &signals).await?;

    display::demo::begin_live(&title);
    let live = Box::pin(live::run(app, world.as_ref(), &signals)).await?;

    let result = DemoResult {
        first,
        second,
        live,
        entities: world.entities(),
        differences: world.differences(),
    };
    if arguments.json {
        display::json(&result, &Masker::default())?;
    } else {
        display::demo::result(&title, app.name, &result);
    }
    if arguments.serve {
        display::demo::serving(&title, app.name, world.as_ref());
        signals.stop().cancelled().await;
        return Ok(signals.received().map_or(Exit::Done, Exit::Stopped));
    }
    Ok(if result.is_good() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

/// The same way to the simulators as operators have to the real systems: through settings.
fn session(
    app: &CliApp,
    world: &dyn World,
    change: impl FnOnce(Sources) -> Sources,
) -> Result<Session, Failure> {
    let (source, port) = (world.source().variables(), world.port().variables());
    let environment = Environment::of(source.into_iter().chain(port));
    let sources = change(environment.sources_without_files());
    let loaded =
        Settings::load(&sources, &app.settings_spec()?).map_err(|faults: SettingsFaults| {
            Failure::bug("the simulators gave settings that cannot be used", &faults)
        })?;
    let metrics = Metrics::default();
    let tape = TapeUse::None;
    Session::new(app, &loaded.settings, &environment, None, &metrics, &tape)
}

async fn resync(
    session: &Session,
    world: &dyn World,
    signals: &Signals,
) -> Result<DemoRun, Failure> {
    let before = Requests::of(world);
    let progress = Progress::default();
    let live = LiveProgress::show(progress.clone());
    let report = session.sync_once(&progress, signals.stop()).await;
    live.end().await;
    let stopped = || {
        let exit = signals.received().map_or(Exit::Incomplete, Exit::Stopped);
        Failure::new(exit, "the demonstration was stopped")
    };
    let report = report?.ok_or_else(stopped)?;
    if report.outcome == Outcome::Aborted {
        return Err(stopped());
    }
    if report.outcome != Outcome::Completed {
        display::report(&report, &Masker::default());
    }
    Ok(DemoRun::new(report, Requests::of(world).since(before)))
}
