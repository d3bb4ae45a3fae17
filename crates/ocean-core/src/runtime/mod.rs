//! The process that stays up: how it starts and stops, when it resyncs, what it says of itself.
//!
//! Start with [`Runtime`].

mod polling;
mod resyncs;
mod runs;
mod schedule;
mod start;
mod status;
mod told;
mod trigger;

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

pub use self::resyncs::ResyncEnd;
use self::resyncs::{Observer, Resyncs};
use self::runs::run_on_demand;
pub use self::schedule::Schedule;
use self::start::provisioned;
pub use self::start::{StartUp, Unprepared};
pub use self::status::{
    EndedResync, Facts, Phase as ProcessPhase, PortFacts, ResyncFacts, RunningResync, Status,
};
pub use self::told::ToldResyncs;
pub use self::trigger::{Demand, Trigger, Triggers};
use crate::catalog::IntegrationStore;

/// A process that stays up.
///
/// # Guarantees
///
/// - It ends only when it is asked to, or when its start can never succeed. Everything else, a
///   Port that is down or a mapping that is not valid included, is told and outlived.
/// - One resync runs at a time. Whoever asks during a run gets exactly one more; the run itself is
///   cancelled only when its mapping was replaced by another valid one and somebody asked, which
///   is what Port does when a mapping is saved.
/// - Once it is to stop, it begins nothing; what is being written has the grace period to end.
#[derive(Debug)]
pub struct Runtime {
    store: Arc<dyn IntegrationStore>,
    resyncs: ToldResyncs,
    triggers: Triggers,
    demand: Arc<Demand>,
    status: Arc<Status>,
    observer: Observer,
}

impl Runtime {
    /// A process that runs these resyncs when these triggers, or somebody who has its
    /// [`demand`](Self::demand), ask for one.
    #[must_use]
    pub fn new(resyncs: ToldResyncs, triggers: Triggers) -> Self {
        Self {
            store: resyncs.store(),
            resyncs: resyncs.scheduled(triggers.every.and_then(Schedule::starting_now)),
            triggers,
            demand: Arc::default(),
            status: Arc::default(),
            observer: Observer::default(),
        }
    }

    /// The same, calling `observe` at the end of each resync.
    #[must_use]
    pub fn on_resync_end(
        mut self,
        observe: impl Fn(&ResyncEnd<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Observer::new(observe);
        self
    }

    /// What the process is doing.
    #[must_use]
    pub const fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// Where to ask for a resync.
    #[must_use]
    pub const fn demand(&self) -> &Arc<Demand> {
        &self.demand
    }

    /// Runs until `stop`.
    ///
    /// # Errors
    ///
    /// When the start can never succeed.
    pub async fn run<S: StartUp>(
        &self,
        start: &S,
        stop: &CancellationToken,
    ) -> Result<(), S::Error> {
        let prepared = stop.run_until_cancelled(provisioned(start, &self.status));
        if let Some(prepared) = prepared.await {
            prepared?;
            self.status.enter(ProcessPhase::Running);
            stop.run_until_cancelled(start.run_hooks()).await;
            self.resync(stop).await;
        }
        Ok(())
    }

    /// Resyncs whenever somebody asks, until `stop`.
    async fn resync(&self, stop: &CancellationToken) {
        let resyncs = Resyncs {
            told: &self.resyncs,
            status: &self.status,
            observer: &self.observer,
            stop,
            present: Mutex::default(),
        };
        tokio::select! {
            biased;
            () = run_on_demand(&self.demand, &resyncs, stop) => {}
            () = self.ask() => {}
        }
    }

    /// Asks for resyncs as the triggers say; never returns.
    async fn ask(&self) {
        let Triggers {
            start, poll, every, ..
        } = self.triggers;
        let polling = async {
            if let Some(interval) = poll {
                let store = &*self.store;
                polling::poll(store, interval, start, &self.demand, &self.status).await;
            } else if start {
                self.demand.ask(Trigger::Start);
            }
        };
        let beating = async {
            if let Some(every) = every {
                trigger::beat(every, &self.demand).await;
            }
        };
        tokio::join!(polling, beating, std::future::pending::<()>());
    }
}
