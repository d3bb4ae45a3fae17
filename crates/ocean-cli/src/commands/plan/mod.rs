//! `plan`: what would a resync write? And `apply`: write exactly that.

mod apply;
mod file;

use std::sync::Arc;

use ocean_core::{Outcome, Progress, Rehearsal, ResyncPlan, ResyncReport};

pub(super) use self::apply::apply;
use self::file::MadeFor;
use crate::app::CliApp;
use crate::arguments::PlanArguments;
use crate::desk::Desk;
use crate::display;
use crate::display::progress::LiveProgress;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session;
use crate::signals::Signals;

/// Why a plan from a tape is not kept.
const FROM_A_TAPE: &str = "a plan that is made from a tape cannot be kept for `apply`";

/// Rehearses a resync and shows what it would have written.
pub(super) async fn plan(
    app: &CliApp,
    arguments: &PlanArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    if arguments.out.is_some() && arguments.desk.tape.replay.is_some() {
        return Err(Failure::new(Exit::Usage, FROM_A_TAPE).hint(
            "on a tape [REDACTED] may stand in the place of a value, and `apply` would write that; \
             leave out --replay, or use --json to keep what the plan says",
        ));
    }
    let desk = Desk::open(app, &arguments.desk, environment)?;
    let planned = rehearse(&desk, environment).await;
    desk.close()?;
    let (plan, report) = planned.map_err(|failure| desk.told(failure))?;
    if let Some(path) = &arguments.out {
        file::save(path, &plan, &MadeFor::of(&desk.settings))?;
    }
    if arguments.json {
        display::json(&display::plan::as_json(&plan, &report), &desk.masker)?;
    } else {
        let paint = display::Paint::of_stdout(environment);
        display::plan::show(&plan, &report, arguments.all, paint, &desk.masker);
    }
    Ok(exit_of(&plan, &report))
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
