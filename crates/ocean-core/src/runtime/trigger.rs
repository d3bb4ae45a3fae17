//! What asks for a resync, and how many runs do many requests make? [`Demand`].
//!
//! Whoever wants a resync says so at any time and never waits. However many ask while a run goes
//! on, one more run follows it.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::settings::{EventListener, EventListenerSettings};

/// Why a resync runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trigger {
    /// The process started.
    Start,
    /// Somebody asked at Port.
    Request,
    /// Its time had come.
    Schedule,
    /// `POST /resync`.
    Call,
    /// It was time to read what changed. Only an incremental sync has this reason.
    Incremental,
}

/// What asks for resyncs in one process; the default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Triggers {
    /// Whether the start of the process does.
    pub start: bool,
    /// How often Port is asked whether somebody wants one.
    pub poll: Option<Duration>,
    /// Whether `POST /resync` is served.
    pub calls: bool,
    /// The pause between scheduled ones.
    pub every: Option<Duration>,
    /// The pause between incremental syncs.
    pub incremental: Option<Duration>,
}

impl Triggers {
    /// Those of an event listener with a schedule beside it.
    ///
    /// A listener that is not to resync has none, whatever its schedule; what it then still may
    /// have are incremental syncs, as in the original.
    #[must_use]
    pub const fn of(
        listener: &EventListenerSettings,
        every: Option<Duration>,
        incremental: Option<Duration>,
    ) -> Self {
        let none = Self {
            start: false,
            poll: None,
            calls: false,
            every: None,
            incremental: match listener.listener {
                EventListener::Polling { .. } | EventListener::Webhook { .. } => incremental,
                _ => None,
            },
        };
        if !listener.should_resync {
            return none;
        }
        let scheduled = Self { every, ..none };
        match listener.listener {
            EventListener::Polling {
                resync_on_start,
                interval,
            } => Self {
                start: resync_on_start,
                poll: Some(interval),
                ..scheduled
            },
            EventListener::Webhook { .. } => Self {
                calls: true,
                ..scheduled
            },
            _ => scheduled,
        }
    }
}

/// Requests for a resync, of which any number makes one run.
#[derive(Debug, Default)]
pub struct Demand {
    asked: watch::Sender<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    /// Why the next run runs: what asked first.
    pending: Option<Trigger>,
}

impl Demand {
    /// Asks for a run that begins after now.
    pub fn ask(&self, trigger: Trigger) {
        self.asked.send_modify(|asked| {
            asked.pending.get_or_insert(trigger);
        });
    }

    /// Whether a run is asked for that has not begun.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.asked.borrow().pending.is_some()
    }

    /// Waits until somebody asks, and takes it: the run must begin now. One at a time may wait.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes nothing.
    pub(super) async fn next(&self) -> Trigger {
        let mut asked = self.asked.subscribe();
        loop {
            let mut taken = None;
            self.asked.send_if_modified(|asked| {
                taken = asked.pending.take();
                false
            });
            if let Some(trigger) = taken {
                return trigger;
            }
            // The sender is ours, so that there is always one.
            drop(asked.changed().await);
        }
    }

    /// Watches who asks from now on.
    pub(super) fn watch(&self) -> Asking {
        Asking(self.asked.subscribe())
    }
}

/// Who asks from some moment on, without taking it.
#[derive(Debug)]
pub(super) struct Asking(watch::Receiver<Asked>);

impl Asking {
    /// Waits until somebody asks once more.
    pub(super) async fn again(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Asks for a run after every interval, the first time when one has passed; never returns.
///
/// The beat does not depend on how long runs take: a run that is longer than the interval is
/// followed by one more, whatever number of beats it missed.
pub(super) async fn beat(every: Duration, demand: &Demand) {
    let mut due = Instant::now();
    loop {
        due += every;
        sleep_until(due).await;
        demand.ask(Trigger::Schedule);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::settings::{Settings, Sources, Spec};

    const HOUR: Duration = Duration::from_secs(3600);

    fn triggers(listener: &[(&str, &str)], every: Option<Duration>) -> Triggers {
        let listener = listener.iter().map(|(name, value)| {
            (
                format!("OCEAN__EVENT_LISTENER__{name}"),
                (*value).to_owned(),
            )
        });
        let credentials =
            ["ID", "SECRET"].map(|name| (format!("OCEAN__PORT__CLIENT_{name}"), "x".to_owned()));
        let sources = Sources::new(listener.chain(credentials).collect());
        let loaded = Settings::load(&sources, &Spec::empty("desk")).unwrap();
        Triggers::of(&loaded.settings.event_listener, every, None)
    }

    #[test]
    fn every_listener_has_its_triggers() {
        let none = Triggers::default();
        let poll = |seconds| Some(Duration::from_secs(seconds));
        let table: [(&[(&str, &str)], Triggers); 7] = [
            (
                &[],
                Triggers {
                    start: true,
                    poll: poll(60),
                    ..none.clone()
                },
            ),
            (
                &[
                    ("TYPE", "POLLING"),
                    ("RESYNC_ON_START", "false"),
                    ("INTERVAL", "5"),
                ],
                Triggers {
                    poll: poll(5),
                    ..none.clone()
                },
            ),
            (
                &[("TYPE", "WEBHOOK"), ("APP_HOST", "http://here")],
                Triggers {
                    calls: true,
                    ..none.clone()
                },
            ),
            (&[("TYPE", "WEBHOOKS_ONLY")], none.clone()),
            (
                &[("TYPE", "POLLING"), ("SHOULD_RESYNC", "false")],
                none.clone(),
            ),
            (
                &[("TYPE", "WEBHOOKS_ONLY"), ("SHOULD_RESYNC", "true")],
                none.clone(),
            ),
            (&[("TYPE", "ONCE")], none),
        ];
        for (listener, expected) in table {
            assert_eq!(triggers(listener, None), expected, "{listener:?}");
        }
    }

    #[test]
    fn a_schedule_goes_with_every_listener_that_resyncs() {
        let polling = triggers(&[], Some(HOUR));
        assert_eq!(polling.every, Some(HOUR));
        let silent = triggers(&[("TYPE", "WEBHOOKS_ONLY")], Some(HOUR));
        assert_eq!(silent.every, None);
    }

    #[tokio::test]
    async fn any_number_of_requests_is_one_and_has_the_first_reason() {
        let demand = Demand::default();
        demand.ask(Trigger::Request);
        demand.ask(Trigger::Call);
        demand.ask(Trigger::Schedule);
        assert_eq!(demand.next().await, Trigger::Request);
        assert!(!demand.is_pending());
        assert_eq!(demand.next().now_or_never(), None);
    }

    #[tokio::test]
    async fn a_request_that_nobody_waited_for_is_kept() {
        let demand = Demand::default();
        assert_eq!(demand.next().now_or_never(), None);
        demand.ask(Trigger::Call);
        assert!(demand.is_pending());
        assert_eq!(demand.next().await, Trigger::Call);
    }

    #[tokio::test]
    async fn whoever_watches_sees_each_request_and_takes_none() {
        let demand = Demand::default();
        demand.ask(Trigger::Start);
        let mut asking = demand.watch();
        assert_eq!(asking.again().now_or_never(), None);
        demand.ask(Trigger::Request);
        asking.again().await;
        assert_eq!(asking.again().now_or_never(), None);
        demand.ask(Trigger::Request);
        asking.again().await;
        assert_eq!(demand.next().await, Trigger::Start);
    }

    #[tokio::test(start_paused = true)]
    async fn the_schedule_begins_after_one_interval_and_keeps_its_beat() {
        let demand = Demand::default();
        let began = Instant::now();
        let runs = async {
            let mut at = Vec::new();
            for length in [HOUR / 2, HOUR * 5 / 2, HOUR / 2, HOUR / 2] {
                assert_eq!(demand.next().await, Trigger::Schedule);
                at.push(began.elapsed().as_secs() / 60);
                tokio::time::sleep(length).await;
            }
            at
        };
        let at = tokio::select! {
            at = runs => at,
            () = beat(HOUR, &demand) => unreachable!("it never ends"),
        };
        // The second run takes from 120 to 270 minutes and misses the beats at 180 and 240.
        assert_eq!(at, [60, 120, 270, 300]);
    }
}
