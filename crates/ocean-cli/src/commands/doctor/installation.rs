//! Is what this machine gives the process as it should be: its settings, and its folder?

use ocean_core::settings::{Origin, Settings};
use ocean_core::{QueueError, SqliteQueue};

use crate::desk::Desk;
use crate::display::doctor::Check;

/// What has a say only over live events.
const OF_LIVE_EVENTS: [&str; 6] = [
    "event_workers_count",
    "events_debug_logging",
    "max_event_processing_seconds",
    "path_prefix",
    "state_dir",
    "webhook",
];

/// How a setting is shown that the original has and that means nothing here.
const WITHOUT_EFFECT: &str = "(has no effect)";

/// The settings that somebody gave and nothing reads.
pub(super) fn settings(desk: &Desk, checks: &mut Vec<Check>) {
    const NAME: &str = "settings";
    checks.push(Check::good(NAME, "complete and valid"));
    for warning in &desk.warnings {
        let told = format!("{}: {}", warning.place, warning.problem);
        checks.push(Check::note(NAME, told));
    }
    for (setting, reason) in idle(&desk.settings) {
        let told = format!("{setting} does nothing: {reason}");
        checks.push(Check::note(NAME, told).remedy("leave it out"));
    }
}

/// Settings that somebody gave, by their origin, and why they do nothing.
fn idle(settings: &Settings) -> Vec<(String, &'static str)> {
    let live = has_live_events(settings);
    let once = settings.event_listener.is_once();
    let explained = settings.explain().into_iter();
    let given = explained.filter(|one| one.origin != Origin::Default);
    given
        .filter_map(|one| {
            let group = one.path.split('.').next().unwrap_or_default();
            let reason = if one.value_shown.ends_with(WITHOUT_EFFECT) {
                "it tunes what the original has and this program has not"
            } else if !live && OF_LIVE_EVENTS.contains(&group) {
                "there are no live events"
            } else if once && one.path == "scheduled_resync_interval" {
                "the process ends after one resync"
            } else {
                return None;
            };
            Some((one.origin.to_string(), reason))
        })
        .collect()
}

fn has_live_events(settings: &Settings) -> bool {
    let listener = &settings.event_listener;
    !listener.is_once() && listener.should_process_webhooks && settings.public_url().is_some()
}

/// Whether accepted live events can be kept. Without any there need be no folder.
pub(super) fn state_folder(desk: &Desk, checks: &mut Vec<Check>) {
    const NAME: &str = "state folder";
    if !has_live_events(&desk.settings) {
        return;
    }
    let folder = &desk.settings.process.state_dir;
    let shown = folder.display();
    checks.push(match SqliteQueue::examine(folder) {
        Ok(true) => Check::good(NAME, format!("{shown} can be written to and is free")),
        Ok(false) => Check::good(NAME, format!("{shown} can be made at the first start")),
        Err(QueueError::InUse(_)) => Check::note(NAME, format!("another process uses {shown}"))
            .remedy(
                "that is as it should be if it is this integration; two need a folder each \
                 (OCEAN__STATE_DIR)",
            ),
        Err(error) => Check::fault(NAME, format!("{shown} cannot be used: {error}")).remedy(
            "give the process a folder that it may write to (OCEAN__STATE_DIR), on a disk that \
             stays; without one, accepted live events are lost when it ends",
        ),
    });
}
