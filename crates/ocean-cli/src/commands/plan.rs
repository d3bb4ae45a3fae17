//! `plan`: what would a resync write? And `apply`: write exactly that.

use std::path::Path;
use std::sync::Arc;

use ocean_core::{
    Applied, ApplyEnd, ApplyError, ErrorClass, Outcome, Progress, Rehearsal, ResyncPlan,
    ResyncReport, Routing, error_chain,
};
use serde::{Deserialize, Serialize};

use crate::app::CliApp;
use crate::arguments::{ApplyArguments, PlanArguments};
use crate::desk::Desk;
use crate::display;
use crate::display::progress::LiveProgress;
use crate::environment::{Environment, read};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session;
use crate::signals::Signals;

/// A plan in a file, and what it was made for.
#[derive(Debug, Serialize, Deserialize)]
struct PlanFile {
    /// Which format this is.
    version: u32,
    integration: String,
    port: String,
    plan: ResyncPlan,
}

/// Raised whenever an older program could misread what a newer one wrote.
const VERSION: u32 = 1;

/// Why no plan is applied in raw-data mode.
const NOTHING_IS_WRITTEN: &str = "the organization is in raw-data mode, in which Port makes the \
                                  entities, so that none is written from here";

/// Rehearses a resync and shows what it would have written.
pub(super) async fn plan(
    app: &CliApp,
    arguments: &PlanArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let desk = Desk::open(app, &arguments.desk, environment)?;
    let planned = rehearse(&desk, environment).await;
    desk.close()?;
    let (plan, report) = planned.map_err(|failure| desk.told(failure))?;
    let file = PlanFile {
        version: VERSION,
        integration: desk.settings.integration.identifier.clone(),
        port: desk.settings.port.base_url.clone(),
        plan,
    };
    if let Some(path) = &arguments.out {
        save(path, &file)?;
    }
    let plan = &file.plan;
    if arguments.json {
        display::json(&display::plan::as_json(plan, &report), &desk.masker)?;
    } else {
        let paint = display::Paint::of_stdout(environment);
        display::plan::show(plan, &report, arguments.all, paint, &desk.masker);
    }
    Ok(exit_of(plan, &report))
}

async fn rehearse(
    desk: &Desk,
    environment: &Environment,
) -> Result<(ResyncPlan, ResyncReport), Failure> {
    if !desk.port.is_registered().await? {
        let message = "Port does not know the integration yet, so that there is nothing to compare";
        return Err(Failure::new(Exit::Incomplete, message).hint(
            "`sail --once` registers it with its blueprints and mapping; `preview` works without",
        ));
    }
    let routing = desk.port.routing(&desk.settings).await;
    let mapping = desk.mapping().await?;
    let options = session::sync_options(&desk.settings, environment);
    let rehearsal = Rehearsal::of(
        &desk.registry,
        desk.port.catalog(),
        desk.port.store(),
        Arc::clone(&desk.pool),
    );
    let rehearsal = rehearsal.options(options);
    let rehearsal = rehearsal.mapping(mapping.config.to_value());
    let signals = Signals::listen_quietly().map_err(|error| Failure::bug("no signals", &error))?;
    let progress = Progress::default();
    let live = LiveProgress::of_rehearsal(progress.clone());
    let ended = rehearsal.run(&progress, signals.stop()).await;
    live.end().await;
    let (plan, mut report) = ended?;
    // The rehearsal maps in any case; a resync might leave that to Port.
    report.routing = routing;
    if report.outcome == Outcome::Aborted {
        let exit = signals.received().map_or(Exit::Incomplete, Exit::Stopped);
        return Err(Failure::new(exit, "stopped; nothing was written"));
    }
    Ok((plan, report))
}

fn exit_of(plan: &ResyncPlan, report: &ResyncReport) -> Exit {
    let not_read = |one: &ocean_core::ResourceReport| {
        !one.incomplete.is_empty() || one.counts.rejected > 0 || one.counts.failed > 0
    };
    if report.outcome == Outcome::Unauthorized {
        Exit::Refused
    } else if report.resources.iter().any(not_read) || !report.errors.is_empty() {
        Exit::Incomplete
    } else if plan.is_empty() {
        Exit::Done
    } else {
        Exit::Changes
    }
}

/// Performs a plan that was saved.
pub(super) async fn apply(
    app: &CliApp,
    arguments: &ApplyArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let file = load(&arguments.plan)?;
    let desk = Desk::open(app, &arguments.desk(), environment)?;
    let own = &desk.settings.integration.identifier;
    if file.integration != *own || file.port != desk.settings.port.base_url {
        let message = format!(
            "the plan is for the integration {} at {}, and the settings are for {own} at {}",
            file.integration, file.port, desk.settings.port.base_url
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    if desk.port.routing(&desk.settings).await == Routing::Forwarded {
        return Err(Failure::new(Exit::Incomplete, NOTHING_IS_WRITTEN)
            .hint("with OCEAN__PROCESSING_MODE=ocean-core they are made, and deleted, from here"));
    }
    let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
    let catalog = desk.port.catalog();
    let applied = file.plan.apply(&*catalog, signals.stop()).await;
    let applied = applied.map_err(|error| refusal(&error).masked(&desk.masker))?;
    display::plan::applied(&applied, &desk.masker);
    Ok(exit_of_applied(&applied, &signals))
}

fn exit_of_applied(applied: &Applied, signals: &Signals) -> Exit {
    match &applied.end {
        ApplyEnd::Stopped => signals.received().map_or(Exit::Incomplete, Exit::Stopped),
        ApplyEnd::Refused {
            class: ErrorClass::Unauthorized,
            ..
        } => Exit::Refused,
        ApplyEnd::Reached if applied.unwritten.is_empty() => Exit::Done,
        _ => Exit::Incomplete,
    }
}

fn refusal(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Catalog(cause) => Failure::of_port(cause.class(), error),
        _ => Failure::new(Exit::Incomplete, error_chain(error))
            .hint("nothing was written; make a new plan and look at it again"),
    }
}

fn save(path: &Path, file: &PlanFile) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(file)
        .map_err(|error| Failure::bug("the plan cannot be written as JSON", &error))?;
    std::fs::write(path, text).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

fn load(path: &Path) -> Result<PlanFile, Failure> {
    let name = path.display();
    let text = read(path)?;
    let text =
        text.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no file `{name}`")))?;
    let file: Result<PlanFile, _> = serde_json::from_str(&text);
    match file {
        Ok(file) if file.version == VERSION => Ok(file),
        Ok(_) => Err(format!("`{name}` is a plan of another version")),
        Err(error) => Err(format!("`{name}` is not a plan: {error}")),
    }
    .map_err(|message| Failure::new(Exit::Usage, message))
}
