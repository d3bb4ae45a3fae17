//! `apply`: write exactly what a plan says.

use ocean_core::{Applied, ApplyEnd, ApplyError, ErrorClass, Routing, error_chain};

use super::file::{self, MadeFor};
use crate::app::CliApp;
use crate::arguments::ApplyArguments;
use crate::desk::Desk;
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;

/// Why no plan is applied in raw-data mode.
const NOTHING_IS_WRITTEN: &str = "the organization is in raw-data mode, in which Port makes the \
                                  entities, so that none is written from here";

/// Performs a plan that was saved.
pub(in crate::commands) async fn apply(
    app: &CliApp,
    arguments: &ApplyArguments,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let (plan, made_for) = file::load(&arguments.plan)?;
    let desk = Desk::open(app, &arguments.desk(), environment)?;
    made_for.check(&MadeFor::of(&desk.settings))?;
    if desk.port.routing(&desk.settings).await == Routing::Forwarded {
        return Err(Failure::new(Exit::Incomplete, NOTHING_IS_WRITTEN)
            .hint("with OCEAN__PROCESSING_MODE=ocean-core they are made, and deleted, from here"));
    }
    let signals = Signals::listen().map_err(|error| Failure::bug("no signals", &error))?;
    let applied = plan.apply(&*desk.port.catalog(), signals.stop()).await;
    let applied = applied.map_err(|error| refusal(&error).masked(&desk.masker))?;
    display::plan::applied(&applied, &desk.masker);
    Ok(exit_of(&applied, &signals))
}

fn exit_of(applied: &Applied, signals: &Signals) -> Exit {
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

const NEW_PLAN: &str = "nothing was written; make a new plan and look at it again";

fn refusal(error: &ApplyError) -> Failure {
    match error {
        ApplyError::Catalog(cause) => Failure::of_port(cause.class(), error),
        // Each on a line of its own, and no more lines than that.
        ApplyError::Moved(differences) => {
            let lines: Vec<_> = differences
                .iter()
                .map(|told| display::plain(told))
                .collect();
            let message = format!(
                "the catalog moved since the plan was made:\n{}",
                lines.join("\n")
            );
            Failure::new(Exit::Incomplete, message).hint(NEW_PLAN)
        }
        _ => Failure::new(Exit::Incomplete, error_chain(error)).hint(NEW_PLAN),
    }
}
