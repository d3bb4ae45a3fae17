//! One resync, and the process ends.

use ocean_core::{Outcome, Progress};

use super::told::Told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signals::Signals;

/// Runs one resync, and tells how it went.
pub(super) async fn run(
    session: &Session,
    told: &Told,
    signals: &Signals,
) -> Result<Exit, Failure> {
    tokio::select! {
        biased;
        prepared = session.prepare() => prepared?,
        () = signals.stop().cancelled() => return Err(Failure::stopped_early(signals)),
    }
    let progress = Progress::default();
    let report = session.sync_once(&progress, signals.stop()).await?;
    let Some(report) = report else {
        return Err(Failure::stopped_late(signals, &progress));
    };
    told.report(&report)?;
    Ok(match (report.outcome, signals.received()) {
        (Outcome::Aborted, Some(signal)) => Exit::Stopped(signal),
        (outcome, _) => outcome.into(),
    })
}
