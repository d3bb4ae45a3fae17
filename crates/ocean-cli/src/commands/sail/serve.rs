//! The process stays up: it resyncs whenever somebody asks, until a signal.

use ocean_core::settings::Settings;
use ocean_core::{ResyncEnd, Runtime, Triggers, error_chain};

use super::told::Told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signals::Signals;

/// Runs until a signal, or until the start can never succeed.
pub(super) async fn run(
    session: &Session,
    settings: &Settings,
    told: Told,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let every = settings.process.scheduled_resync_interval;
    let triggers = Triggers::of(&settings.event_listener, every);
    let runtime = Runtime::new(session.resyncs().clone(), triggers)
        .on_resync_end(move |end| tell(&told, end));
    Box::pin(runtime.run(session, signals.stop())).await?;
    Ok(signals.received().map_or(Exit::Done, Exit::Stopped))
}

/// Tells of a resync; nothing about it ends the process.
fn tell(told: &Told, end: &ResyncEnd<'_>) {
    let failed = match end.ended {
        Ok(Some(report)) => told.report(report).err(),
        Ok(None) => {
            let reconciliation = end.progress.reconciliation();
            tracing::warn!(
                listed = reconciliation.fetched(),
                deleted = reconciliation.written(),
                "the resync was stopped before what was being written had ended"
            );
            None
        }
        Err(error) => {
            let error = error_chain(error);
            tracing::error!(error, "the resync could not begin, nothing was written");
            None
        }
    };
    if let Some(failure) = failed {
        tracing::error!(?failure, "the report of the resync could not be told");
    }
}
