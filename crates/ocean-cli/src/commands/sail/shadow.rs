//! `sail --shadow`: how does the catalog differ from what we would have left? Nothing is written.

use std::convert::Infallible;
use std::sync::Arc;

use ocean_core::http::Masker;
use ocean_core::settings::Settings;
use ocean_core::{
    Lake, LiveEngine, MemoryQueue, Progress, QueueOptions, ResyncEnd, ResyncReport, Runtime,
    Shadow, StartUp, ToldResyncs, Triggers, Unprepared, error_chain,
};
use ocean_port::PortClient;

use super::results::Results;
use super::serve::{http_side, stopped};
use crate::app::{CliApp, Source};
use crate::arguments::SailOptions;
use crate::display;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session;
use crate::signals::Signals;

/// Why live events are dropped.
const DROPPED: &str = "this process only compares (--shadow)";

/// A source and a Port beside which another program does the writing.
pub(super) struct OnLookout {
    port: Arc<PortClient>,
    shadow: Arc<Shadow>,
    live: LiveEngine,
}

impl OnLookout {
    /// Puts everything together and sends nothing.
    pub(super) fn new(
        app: &CliApp,
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let http = session::source_http(app, settings, environment)?;
        let Source { registry, live, .. } = app.connect(settings, http)?;
        let port = session::port_config(app, settings, environment)?;
        let port = Arc::new(PortClient::new(port)?);
        let pool = Arc::new(session::mapper_pool(settings)?);
        let queue = Arc::new(MemoryQueue::new(QueueOptions::new()));
        let live = live(Arc::clone(&port), Arc::clone(&pool), queue);
        let shadow = Shadow::new(&registry, Arc::clone(&port), pool);
        let shadow = shadow.options(session::sync_options(settings, environment));
        Ok(Self {
            port,
            shadow: Arc::new(shadow),
            live,
        })
    }

    /// Who tells what is found.
    pub(super) fn teller(
        &self,
        settings: &Settings,
        options: &SailOptions,
        masker: &Masker,
        environment: &Environment,
    ) -> Result<Teller, Failure> {
        let results = if settings.event_listener.is_once() {
            Results::Waiting
        } else {
            Results::queued()?
        };
        Ok(Teller {
            shadow: Arc::clone(&self.shadow),
            lake: session::lake(&self.port, settings),
            paint: display::Paint::of_stdout(environment),
            masker: masker.clone(),
            json: options.json,
            results,
        })
    }

    /// Compares once, or whenever somebody asks for a resync.
    pub(super) async fn run(
        self,
        settings: &Settings,
        teller: Teller,
        signals: &Signals,
    ) -> Result<Exit, Failure> {
        let grace = settings.process.shutdown_grace;
        let resyncs = ToldResyncs::new(self.shadow.engine(), self.shadow.store(), grace);
        if settings.event_listener.is_once() {
            return self.once(&resyncs, &teller, signals).await;
        }
        self.stay(resyncs, settings, teller, signals).await
    }

    async fn once(
        &self,
        resyncs: &ToldResyncs,
        teller: &Teller,
        signals: &Signals,
    ) -> Result<Exit, Failure> {
        registered(&self.port).await?;
        let progress = Progress::default();
        let stop = signals.stop();
        match resyncs.run(&progress, stop, stop).await? {
            Some(report) if signals.received().is_none() => {
                let compared = stop.run_until_cancelled(teller.compare(report)).await;
                compared.unwrap_or_else(|| Err(stopped_before(signals)))
            }
            _ => Err(stopped_before(signals)),
        }
    }

    async fn stay(
        self,
        resyncs: ToldResyncs,
        settings: &Settings,
        teller: Teller,
        signals: &Signals,
    ) -> Result<Exit, Failure> {
        let every = settings.process.scheduled_resync_interval;
        let triggers = Triggers::of(&settings.event_listener, every, None);
        let mut http = http_side(settings, &triggers, &teller.masker);
        http.without_consumer = Some(DROPPED.to_owned());
        let addr = http.addr;
        let runtime = Runtime::new(resyncs, self.live, triggers);
        let teller = Arc::new(teller);
        let runtime = runtime.on_resync_end(move |end| {
            let teller = Arc::clone(&teller);
            Box::pin(async move { teller.ended(end).await })
        });
        let listening = runtime.listen(http).await.map_err(|error| {
            let message = format!("{addr} cannot be listened at: {error}");
            Failure::new(Exit::Invalid, message).hint(
                "the other program may be listening there; choose another port with \
                 APPLICATION__PORT",
            )
        });
        let start = OnlyLooks { port: self.port };
        Box::pin(listening?.run(&start, signals.stop())).await?;
        Ok(stopped(signals))
    }
}

fn stopped_before(signals: &Signals) -> Failure {
    let exit = signals.received().map_or(Exit::Incomplete, Exit::Stopped);
    Failure::new(exit, "stopped; nothing was written")
}

/// Tells of comparisons.
pub(super) struct Teller {
    shadow: Arc<Shadow>,
    /// Who knows whether Port makes the entities.
    lake: Option<Arc<dyn Lake>>,
    paint: display::Paint,
    masker: Masker,
    json: bool,
    results: Results,
}

impl Teller {
    async fn compare(&self, mut report: ResyncReport) -> Result<Exit, Failure> {
        if let Some(lake) = &self.lake {
            report.routing = lake.routing().await;
        }
        let comparison = self.shadow.compare(&report).await;
        let text = if self.json {
            let told = display::shadow::as_json(&comparison, &report);
            display::json_line(&told, &self.masker)?
        } else {
            let text = display::shadow::text(&comparison, &report, self.paint, &self.masker);
            self.masker.full(&text).into_owned()
        };
        self.results.tell(&text);
        Ok(if !comparison.is_whole {
            Exit::Incomplete
        } else if comparison.divergences.is_empty() {
            Exit::Done
        } else {
            Exit::Changes
        })
    }

    /// Nothing about a comparison ends the process.
    async fn ended(&self, end: &ResyncEnd<'_>) {
        match end.ended {
            Ok(Some(report)) if report.outcome != ocean_core::Outcome::Aborted => {
                if let Err(failure) = self.compare(report.clone()).await {
                    tracing::error!(?failure, "the comparison could not be told");
                }
            }
            Ok(_) => self.shadow.discard(),
            Err(error) => {
                self.shadow.discard();
                let error = error_chain(error);
                tracing::error!(error, "the comparison could not begin");
            }
        }
    }
}

/// A start that makes nothing: what the other program needs is there already.
struct OnlyLooks {
    port: Arc<PortClient>,
}

impl StartUp for OnlyLooks {
    type Error = Failure;

    async fn provision(&self) -> Result<(), Unprepared<Failure>> {
        registered(&self.port)
            .await
            .map_err(|failure| match failure.exit() {
                Exit::Invalid | Exit::Refused => Unprepared::Never(failure),
                _ => Unprepared::NotYet(format!("{failure:?}")),
            })
    }

    async fn run_hooks(&self) {}

    async fn run_periodic_hooks(&self) -> Infallible {
        std::future::pending().await
    }
}

/// Without an integration at Port there is nothing to compare with.
async fn registered(port: &PortClient) -> Result<(), Failure> {
    if port.is_registered().await? {
        return Ok(());
    }
    let message = "Port does not know the integration, so that there is nothing to compare with";
    Err(Failure::new(Exit::Incomplete, message)
        .hint("check that OCEAN__INTEGRATION__IDENTIFIER is that of the program that writes"))
}
