//! The process stays up: it handles live events and resyncs whenever somebody asks.

use std::net::{Ipv4Addr, SocketAddr};

use ocean_core::http::Masker;
use ocean_core::settings::Settings;
use ocean_core::{Calls, HttpSide, ResyncEnd, Runtime, ServerOptions, Triggers, error_chain};
use ocean_port::OCEAN_CORE_VERSION;

use super::told::Told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signals::Signals;
use crate::state_folder::StateFolder;

/// Runs until a signal, or until the start can never succeed.
pub(super) async fn run(
    session: &Session,
    settings: &Settings,
    told: Told,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let Some(folder) = signals.stop().run_until_cancelled(folder(settings)).await else {
        return Ok(stopped(signals));
    };
    let StateFolder { queue, control } = folder?;
    let every = settings.process.scheduled_resync_interval;
    let triggers = Triggers::of(&settings.event_listener, every, session.incremental());
    let http = http_side(settings, &triggers, &told.masker);
    let addr = http.addr;
    let runtime = Runtime::new(session.resyncs().clone(), session.live(queue), triggers)
        .on_resync_end(move |end| {
            tell(&told, end);
            Box::pin(std::future::ready(()))
        });
    let runtime = match control {
        Some(socket) => runtime.control(socket),
        None => runtime,
    };
    let listening = runtime.listen(http).await.map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!("{addr} cannot be listened at: {error}"),
        )
        .hint("choose another port with APPLICATION__PORT")
    });
    Box::pin(listening?.run(session, signals.stop())).await?;
    Ok(stopped(signals))
}

/// How a process ends that was asked to.
pub(super) fn stopped(signals: &Signals) -> Exit {
    signals.received().map_or(Exit::Done, Exit::Stopped)
}

/// Why this process drops live events; `None` when it handles them.
///
/// Without a base URL the original handles none either: nobody was told to send them, and whoever
/// sends some all the same must not change the catalog.
fn why_none(settings: &Settings) -> Option<&'static str> {
    if !settings.event_listener.should_process_webhooks {
        return Some("the event listener does not process webhooks");
    }
    let unreachable = settings.public_url().is_none();
    unreachable.then_some("no base URL is set (OCEAN__BASE_URL)")
}

/// Whoever drops all live events needs no folder to keep them.
async fn folder(settings: &Settings) -> Result<StateFolder, Failure> {
    if let Some(reason) = why_none(settings) {
        tracing::warn!(reason, "live events are not handled");
        return Ok(StateFolder::in_memory());
    }
    StateFolder::take(&settings.process.state_dir, settings.process.shutdown_grace).await
}

/// How the process is reached, and warnings about what that means.
pub(super) fn http_side(settings: &Settings, triggers: &Triggers, masker: &Masker) -> HttpSide {
    let addr = SocketAddr::from((Ipv4Addr::UNSPECIFIED, settings.application.port));
    let mut http = HttpSide::new(addr, OCEAN_CORE_VERSION);
    http.masker = masker.clone();
    http.options = ServerOptions::new()
        .path_prefix(settings.server.path_prefix.as_str())
        .legacy_status(settings.webhook.legacy_status)
        .drain_timeout(settings.process.shutdown_grace);
    http.without_consumer = why_none(settings).map(str::to_owned);
    http.calls = match &settings.resync.secret {
        _ if !triggers.calls => Calls::NotTaken,
        Some(secret) => Calls::WithSecret(secret.clone()),
        None => {
            tracing::warn!(
                "whoever reaches this process may order a resync with `POST /resync`; \
                 set OCEAN__RESYNC__SECRET to ask for a secret"
            );
            Calls::FromAnybody
        }
    };
    http
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
