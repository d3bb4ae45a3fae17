//! What is the process doing, and is all well? [`Status`], which the health answers show.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::trigger::Trigger;
use crate::error::error_chain;
use crate::sync::{Outcome, ResyncError, ResyncReport};

/// What is known of the process, kept by whoever finds it out.
#[derive(Debug, Default)]
pub struct Status {
    facts: Mutex<Facts>,
}

/// The facts that health answers show beside those of the queue.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Facts {
    /// What the process is doing.
    pub phase: Phase,
    /// Port, as it was last seen.
    pub port: PortFacts,
    /// Its resyncs.
    pub resync: ResyncFacts,
}

/// The life of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// Port is not prepared yet. Live events are accepted and wait.
    #[default]
    Starting,
    /// It does what it is for.
    Running,
    /// It is asked to stop and refuses live events.
    Stopping,
}

/// What is known of Port.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct PortFacts {
    /// Whether it answered when it was last asked; `None` before the first answer.
    pub reachable: Option<bool>,
    /// Why it counts as not reachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When that was found out.
    #[serde(serialize_with = "time")]
    pub since: Option<SystemTime>,
}

/// What is known of the resyncs.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ResyncFacts {
    /// The one that runs.
    pub running: Option<RunningResync>,
    /// The one that ended last.
    pub last: Option<EndedResync>,
    /// The incremental sync that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_incremental: Option<EndedResync>,
}

/// A resync that runs.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct RunningResync {
    /// Why.
    pub trigger: Trigger,
    /// Since when.
    #[serde(serialize_with = "time")]
    pub since: Option<SystemTime>,
}

/// A resync that ended.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct EndedResync {
    /// Why it ran.
    pub trigger: Trigger,
    /// `completed`, `incomplete`, `unauthorized`, `aborted`, or `refused` when it did not begin.
    pub outcome: &'static str,
    /// When it ended.
    #[serde(serialize_with = "time")]
    pub at: Option<SystemTime>,
    /// How much went wrong.
    pub problems: usize,
    /// Why it did not begin, for example because the mapping is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl EndedResync {
    fn now(trigger: Trigger, ended: Result<Option<&ResyncReport>, &ResyncError>) -> Self {
        let (outcome, problems, error) = match ended {
            Ok(None) => ("aborted", 0, None),
            Ok(Some(report)) => (word(report.outcome), problems(report), None),
            Err(error) => ("refused", 1, Some(error_chain(error))),
        };
        Self {
            trigger,
            outcome,
            at: Some(SystemTime::now()),
            problems,
            error,
        }
    }
}

impl Status {
    /// What is known now.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.lock().clone()
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
    }

    pub(super) fn port_answered(&self) {
        self.port(true, None);
    }

    pub(super) fn port_failed(&self, error: String) {
        self.port(false, Some(error));
    }

    pub(super) fn resync_began(&self, trigger: Trigger) {
        self.lock().resync.running = Some(RunningResync {
            trigger,
            since: Some(SystemTime::now()),
        });
    }

    /// Notes the end of the running resync; `None` when it was stopped before its end.
    pub(super) fn resync_ended(&self, ended: Result<Option<&ResyncReport>, &ResyncError>) {
        let resync = &mut self.lock().resync;
        if let Some(RunningResync { trigger, .. }) = resync.running.take() {
            resync.last = Some(EndedResync::now(trigger, ended));
        }
    }

    /// Notes the end of an incremental sync; `None` when it was stopped before its end.
    pub(super) fn incremental_ended(&self, ended: Result<Option<&ResyncReport>, &ResyncError>) {
        let ended = EndedResync::now(Trigger::Incremental, ended);
        self.lock().resync.last_incremental = Some(ended);
    }

    fn port(&self, reachable: bool, error: Option<String>) {
        let port = &mut self.lock().port;
        if port.reachable != Some(reachable) {
            port.since = Some(SystemTime::now());
        }
        port.reachable = Some(reachable);
        port.error = error;
    }

    fn lock(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Incomplete => "incomplete",
        Outcome::Unauthorized => "unauthorized",
        Outcome::Aborted => "aborted",
    }
}

fn problems(report: &ResyncReport) -> usize {
    let resources = report.resources.iter();
    let of_resources = resources.map(|resource| resource.incomplete.len() + resource.errors.len());
    report.errors.len() + of_resources.sum::<usize>()
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn time<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = time.and_then(|time| Timestamp::try_from(time).ok());
    text.map(|time| format!("{time:.3}")).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_facts_tell_since_when_port_is_not_reachable_and_why() {
        let status = Status::default();
        let shown = serde_json::to_value(status.facts()).unwrap();
        assert_eq!(shown["phase"], "starting");
        assert_eq!(shown["port"], json!({"reachable": null, "since": null}));
        status.port_failed("connection refused".to_owned());
        let first = status.facts().port.since;
        status.port_failed("timed out".to_owned());
        let port = status.facts().port;
        assert_eq!((port.reachable, port.since), (Some(false), first));
        assert_eq!(port.error.as_deref(), Some("timed out"));
        status.port_answered();
        assert_eq!(status.facts().port.error, None);
    }

    #[test]
    fn a_mapping_that_is_not_valid_is_told_until_a_resync_begins_with_a_valid_one() {
        let status = Status::default();
        status.resync_began(Trigger::Start);
        let error = ResyncError::Mapping(vec!["resources[0].kind: expected text".to_owned()]);
        status.resync_ended(Err(&error));
        let shown = serde_json::to_value(status.facts().resync).unwrap();
        assert_eq!(shown["running"], json!(null));
        assert_eq!(shown["last"]["outcome"], "refused");
        let told = shown["last"]["error"].as_str().unwrap();
        assert!(told.contains("resources[0].kind"), "{told}");
        status.resync_began(Trigger::Request);
        status.resync_ended(Ok(None));
        assert_eq!(status.facts().resync.last.unwrap().outcome, "aborted");
    }
}
