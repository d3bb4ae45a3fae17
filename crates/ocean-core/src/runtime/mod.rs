//! The process that stays up: how it starts and stops, when it resyncs, what it says of itself.
//!
//! Start with [`Runtime`].

mod control;
mod host;
mod incremental;
mod measured;
mod polling;
mod resyncs;
mod runs;
mod schedule;
mod start;
mod status;
mod told;
mod trigger;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::control::{ControlSocket, Letter, Order, Reply, perform_order, send_order};
pub use self::host::Calls;
use self::host::Host;
use self::incremental::sync_regularly;
use self::measured::OfRuntime;
pub use self::resyncs::ResyncEnd;
use self::resyncs::{Observer, Resyncs};
use self::runs::run_on_demand;
pub use self::schedule::Schedule;
pub use self::start::{StartUp, Unprepared};
use self::start::{provisioned, with_hooks};
pub use self::status::{
    EndedResync, Facts, Phase as ProcessPhase, PortFacts, ResyncFacts, RunningResync, Status,
};
pub use self::told::ToldResyncs;
use self::told::after;
pub use self::trigger::{Demand, Trigger, Triggers};
use crate::catalog::IntegrationStore;
use crate::http::Masker;
use crate::live::{Ingest, LiveEngine, ServerOptions, WebhookServer};

/// How a process is reached over HTTP, and what it answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct HttpSide {
    /// Where to listen.
    pub addr: SocketAddr,
    /// Its limits.
    pub options: ServerOptions,
    /// Who may order resyncs.
    pub calls: Calls,
    /// Why live events are dropped; `None` when they are handled.
    pub without_consumer: Option<String>,
    /// The version of the original whose behaviour this is.
    pub core_version: &'static str,
    /// Hides secrets in what is told about health.
    pub masker: Masker,
}

impl HttpSide {
    /// Live events, health and nothing else.
    #[must_use]
    pub fn new(addr: SocketAddr, core_version: &'static str) -> Self {
        Self {
            addr,
            options: ServerOptions::default(),
            calls: Calls::NotTaken,
            without_consumer: None,
            core_version,
            masker: Masker::default(),
        }
    }
}

#[derive(Debug)]
struct Served {
    server: WebhookServer,
    ingest: Arc<Ingest>,
}

/// A process that stays up.
///
/// # Guarantees
///
/// - It ends only when it is asked to, or when its start can never succeed. Everything else, a
///   Port that is down or a mapping that is not valid included, is told and outlived.
/// - Incremental syncs run beside resyncs; neither stops the other.
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
    live: LiveEngine,
    served: Option<Served>,
    control: Option<ControlSocket>,
}

impl Runtime {
    /// A process that handles live events, and runs resyncs when these triggers, or somebody who
    /// has its [`demand`](Self::demand), ask for one.
    #[must_use]
    pub fn new(resyncs: ToldResyncs, live: LiveEngine, triggers: Triggers) -> Self {
        Self {
            live,
            served: None,
            store: resyncs.store(),
            resyncs: resyncs.scheduled(triggers.every.and_then(Schedule::starting_now)),
            triggers,
            demand: Arc::default(),
            status: Arc::default(),
            observer: Observer::default(),
            control: None,
        }
    }

    /// The same, listening for HTTP requests; they are answered once it runs.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at.
    pub async fn listen(mut self, http: HttpSide) -> io::Result<Self> {
        let ingest = Ingest::new(
            self.live.processors(),
            Arc::clone(self.live.queue()),
            Arc::clone(self.live.arrived()),
        );
        let ingest = Arc::new(match http.without_consumer {
            Some(reason) => ingest.without_consumer(reason),
            None => ingest,
        });
        let metrics = self.resyncs.engine().metrics().clone();
        metrics.add(OfRuntime {
            status: Arc::clone(&self.status),
            queue: Arc::clone(self.live.queue()),
        });
        let host = Host {
            status: Arc::clone(&self.status),
            queue: Arc::clone(self.live.queue()),
            demand: Arc::clone(&self.demand),
            calls: http.calls,
            masker: http.masker,
            core_version: http.core_version,
            metrics,
        };
        let bound =
            WebhookServer::bind(http.addr, Arc::clone(&ingest), Arc::new(host), http.options);
        let server = bound.await?;
        tracing::info!(address = %server.local_addr(), "listening");
        self.served = Some(Served { server, ingest });
        Ok(self)
    }

    /// The same, taking orders about dead letters at this socket.
    #[must_use]
    pub fn control(mut self, socket: ControlSocket) -> Self {
        self.control = Some(socket);
        self
    }

    /// The same, calling `observe` at the end of each resync. The next one waits for it; once the
    /// process is to stop nobody does.
    #[must_use]
    pub fn on_resync_end(
        mut self,
        observe: impl for<'e> Fn(&'e ResyncEnd<'e>) -> BoxFuture<'e, ()> + Send + Sync + 'static,
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

    /// Runs until `stop`, and then until what is under way has ended or the grace period is over.
    ///
    /// # Errors
    ///
    /// When the start can never succeed.
    pub async fn run<S: StartUp>(
        mut self,
        start: &S,
        stop: &CancellationToken,
    ) -> Result<(), S::Error> {
        let worked = CancellationToken::new();
        let served = self.served.take();
        let ingest = served.as_ref().map(|served| Arc::clone(&served.ingest));
        let serving = async {
            if let Some(Served { server, .. }) = served {
                server.serve(worked.clone()).await;
            }
        };
        let working = async {
            let ended = tokio::select! {
                biased;
                ended = self.work(start, stop) => ended,
                never = self.refuse_events(ingest, stop) => match never {},
                never = self.take_orders() => match never {},
            };
            worked.cancel();
            ended
        };
        let (ended, ()) = tokio::join!(Box::pin(working), Box::pin(serving));
        self.live.queue().close().await;
        ended
    }

    /// Everything that has an end.
    async fn work<S: StartUp>(&self, start: &S, stop: &CancellationToken) -> Result<(), S::Error> {
        let prepared = stop.run_until_cancelled(provisioned(start, &self.status));
        if let Some(prepared) = prepared.await {
            prepared?;
            self.status.enter(ProcessPhase::Running);
            let resyncs = with_hooks(start, self.resync(stop), stop);
            tokio::join!(Box::pin(resyncs), Box::pin(self.handle_events(stop)));
        }
        Ok(())
    }

    /// Handles live events, until those under way at `stop` have ended or the grace period is over.
    async fn handle_events(&self, stop: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.live.run(stop) => {}
            () = after(stop, self.resyncs.grace()) => {
                tracing::warn!("live events under way were cut off; they are handled after the next start");
            }
        }
        let waiting = self.live.queue().counts().pending;
        tracing::info!(waiting, "live events are handled no more");
    }

    /// Once the process is to stop, senders are asked to come again.
    async fn refuse_events(
        &self,
        ingest: Option<Arc<Ingest>>,
        stop: &CancellationToken,
    ) -> Infallible {
        stop.cancelled().await;
        self.status.enter(ProcessPhase::Stopping);
        if let Some(ingest) = ingest {
            ingest.stop();
        }
        std::future::pending().await
    }

    /// Takes orders about dead letters.
    async fn take_orders(&self) -> Infallible {
        match &self.control {
            Some(socket) => {
                let queue = &**self.live.queue();
                socket.serve(queue, self.live.arrived()).await
            }
            None => std::future::pending().await,
        }
    }

    /// Resyncs whenever somebody asks, and incrementally beside that, until `stop`.
    async fn resync(&self, stop: &CancellationToken) {
        let resyncs = Resyncs {
            told: &self.resyncs,
            status: &self.status,
            observer: &self.observer,
            live: &self.live,
            stop,
            present: Mutex::default(),
        };
        let full = async {
            tokio::select! {
                biased;
                () = run_on_demand(&self.demand, &resyncs, stop) => {}
                () = self.ask() => {}
            }
        };
        let incremental = async {
            if let Some(every) = self.triggers.incremental {
                sync_regularly(every, stop, || resyncs.sync_incrementally(every)).await;
            }
        };
        tokio::join!(Box::pin(full), Box::pin(incremental));
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
