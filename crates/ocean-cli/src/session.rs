//! How is a resync put together? A source, a Port, and the engine between them.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ocean_core::http::{Deadlines, HttpClient, HttpClientBuilder, HttpMeter};
use ocean_core::settings::{ProcessingMode, RuntimeKind, Settings};
use ocean_core::{
    AllowEmpty, BufferLimits, EventQueue, Fence, Hooks, IntegrationStore, Lake, LiveEngine,
    LiveOptions, MapperPool, Metrics, NotedCatalog, Progress, ResyncReport, Schedule, StartContext,
    StartUp, SyncOptions, Telemetry, ToldResyncs, Unprepared, error_chain,
};
use ocean_port::{Defaults, Error as PortError, HostedSchedule, PortClient, PortConfig, PortLake};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::app::{CliApp, Source};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::tape::TapeUse;
use crate::{logging, resources};

/// A source and a Port, ready to be connected.
pub(crate) struct Session {
    port: Arc<PortClient>,
    live: Box<dyn Fn(Arc<dyn EventQueue>) -> LiveEngine + Send + Sync>,
    resyncs: ToldResyncs,
    hooks: Hooks,
    defaults: Defaults,
    start: StartContext,
    /// Whether Port runs the process, and somebody may have set its schedule there.
    is_hosted: bool,
    /// The pause between incremental syncs, if there are any.
    incremental: Option<Duration>,
}

impl Session {
    /// Puts everything together and sends nothing, so that whatever is wrong with the settings is
    /// known before the first request.
    pub(crate) fn new(
        app: &CliApp,
        settings: &Settings,
        environment: &Environment,
        folder: Option<&Path>,
        metrics: &Metrics,
        tape: &TapeUse,
    ) -> Result<Self, Failure> {
        let defaults = resources::defaults(app, settings, folder)?;
        metrics.set_integration_type(&settings.integration.integration_type);
        let (meter, port_meter) = <(Arc<HttpMeter>, Arc<HttpMeter>)>::default();
        metrics.add_http([
            ("port", Arc::clone(&port_meter)),
            (app.name, Arc::clone(&meter)),
        ]);
        let Source {
            hooks, sync, live, ..
        } = app.connect(
            settings,
            tape.http(source_http(app, settings, environment)?.meter(meter)),
        )?;
        let port = port_config(app, settings, environment)?.meter(port_meter);
        let port = Arc::new(PortClient::new(with_webhook(port, settings))?);
        let pool = Arc::new(mapper_pool(settings)?);
        let mut options = sync_options(settings, environment);
        // Examples are whole items, for which the source is asked otherwise than for a plan.
        options.send_examples &= !matches!(tape, TapeUse::Record(_));
        let environment = options.environment.clone();
        let fence = Fence::new();
        let lake = lake(&port, settings);
        let mut engine = sync(Arc::clone(&port), Arc::clone(&pool))
            .options(options)
            .metered(metrics.clone())
            .fenced(Arc::clone(&fence));
        if let Some(lake) = &lake {
            engine = engine.lake(Arc::clone(lake));
        }
        if let TapeUse::Record(recorder) = tape {
            let noted = NotedCatalog::new(Arc::clone(&port), recorder.clone());
            engine = engine.over(Arc::new(noted));
        }
        let live = {
            let (port, pool) = (Arc::clone(&port), Arc::clone(&pool));
            let options = live_options(settings);
            move |queue| {
                let live = live(Arc::clone(&port), Arc::clone(&pool), queue)
                    .options(options.clone())
                    .environment(environment.clone())
                    .fenced(Arc::clone(&fence));
                match &lake {
                    Some(lake) => live.lake(Arc::clone(lake)),
                    None => live,
                }
            }
        };
        let store: Arc<dyn IntegrationStore> = Arc::clone(&port) as _;
        let every = settings.process.scheduled_resync_interval;
        let schedule = every.and_then(Schedule::starting_now);
        Ok(Self {
            port,
            live: Box::new(live),
            resyncs: ToldResyncs::new(engine, store, settings.process.shutdown_grace)
                .scheduled(schedule),
            hooks,
            defaults,
            start: start_context(settings),
            is_hosted: settings.process.runtime == RuntimeKind::Saas,
            incremental: incremental(settings),
        })
    }

    /// Makes sure that Port knows the integration, and runs its start hooks.
    pub(crate) async fn prepare(&self) -> Result<(), Failure> {
        self.provision().await?;
        self.run_hooks().await;
        Ok(())
    }

    /// Runs the one sync of a process that then ends: an incremental one when those are switched
    /// on, else a resync. `None` when it was stopped and did not come to an end in time.
    pub(crate) async fn sync_once(
        &self,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Result<Option<ResyncReport>, Failure> {
        let hosted = self.hosted_schedule().await;
        if let Some(interval) = self.incremental {
            let interval = hosted.incremental.unwrap_or(interval);
            let synced = self
                .resyncs
                .sync_incrementally(interval, progress, stop, stop);
            return Ok(synced.await?);
        }
        let schedule = hosted.resyncs;
        let schedule = schedule.and_then(|(every, since)| Schedule::counted_from(since, every));
        let resyncs = match schedule {
            Some(_) => self.resyncs.clone().scheduled(schedule),
            None => self.resyncs.clone(),
        };
        Ok(resyncs.run(progress, stop, stop).await?)
    }

    /// What somebody set at Port. It only decides what is shown there, so that a Port that does
    /// not answer is no reason to stop.
    async fn hosted_schedule(&self) -> HostedSchedule {
        if !self.is_hosted {
            return HostedSchedule::default();
        }
        self.port.hosted_schedule().await.unwrap_or_else(|error| {
            tracing::warn!(
                error = error_chain(&error),
                "the schedule of the integration could not be read"
            );
            HostedSchedule::default()
        })
    }

    /// The pause between its incremental syncs, if there are any.
    pub(crate) const fn incremental(&self) -> Option<Duration> {
        self.incremental
    }

    /// The engine of its live events, which wait in this queue.
    pub(crate) fn live(&self, queue: Arc<dyn EventQueue>) -> LiveEngine {
        (self.live)(queue)
    }

    /// Who is told how resyncs go and what is logged.
    pub(crate) fn telemetry(&self) -> Arc<dyn Telemetry> {
        Arc::clone(&self.port) as _
    }

    /// Its resyncs.
    pub(crate) const fn resyncs(&self) -> &ToldResyncs {
        &self.resyncs
    }

    async fn provision(&self) -> Result<(), PortError> {
        let made = self.port.provision(&self.defaults).await?;
        tracing::info!(
            registered = made.registered,
            blueprints = made.blueprints.len(),
            "port is ready"
        );
        Ok(())
    }

    async fn run_hooks(&self) {
        for error in self.hooks.run_start(&self.start).await {
            tracing::error!(error = error_chain(&error), "a start hook failed");
        }
    }
}

impl StartUp for Session {
    type Error = Failure;

    async fn provision(&self) -> Result<(), Unprepared<Failure>> {
        self.provision().await.map_err(|error| {
            let reason = error_chain(&error);
            let failure = Failure::from(error);
            match failure.exit() {
                Exit::Invalid | Exit::Refused => Unprepared::Never(failure),
                _ => Unprepared::NotYet(reason),
            }
        })
    }

    async fn run_hooks(&self) {
        self.run_hooks().await;
    }

    async fn run_periodic_hooks(&self) -> Infallible {
        self.hooks.run_periodic(&self.start).await
    }
}

/// What the operator decides about resyncs.
pub(crate) fn sync_options(settings: &Settings, environment: &Environment) -> SyncOptions {
    let mut options = SyncOptions::default();
    options.allow_empty = allow_empty(&settings.deletion.allow_empty);
    options.send_examples = settings.provisioning.send_raw_data_examples;
    options.lake_buffer = lake_buffer(settings);
    if settings.mapping.allow_environment_variables_jq_access {
        options.environment = environment.for_mappings();
    }
    options
}

/// The pause between incremental syncs, if they are switched on.
const fn incremental(settings: &Settings) -> Option<Duration> {
    let integration = &settings.integration;
    if integration.incremental_sync_enabled {
        Some(integration.incremental_sync_interval)
    } else {
        None
    }
}

/// Where raw items go if the organization wants them; `None` when the operator does not.
pub(crate) fn lake(port: &Arc<PortClient>, settings: &Settings) -> Option<Arc<dyn Lake>> {
    let may_forward = settings.process.processing_mode == ProcessingMode::Dsp;
    let lake = || Arc::new(PortLake::new(Arc::clone(port), may_forward)) as _;
    settings.batches.lakehouse_enabled.then(lake)
}

fn lake_buffer(settings: &Settings) -> BufferLimits {
    let batches = &settings.batches;
    let entries = usize::try_from(batches.lakehouse_buffer_max_count).unwrap_or(usize::MAX);
    BufferLimits::default()
        .interval(batches.lakehouse_buffer_interval)
        .entries(entries)
}

/// What start hooks are told. Only a process that handles live events tells where it is reached.
fn start_context(settings: &Settings) -> StartContext {
    let once = settings.event_listener.is_once();
    let start = StartContext::new(&settings.integration.identifier).once(once);
    if once || !settings.event_listener.should_process_webhooks {
        return start;
    }
    match settings.public_url() {
        Some(url) => start.base_url(url),
        None => start,
    }
}

/// The same, telling the user's own webhook how resyncs go if there is one.
fn with_webhook(config: PortConfig, settings: &Settings) -> PortConfig {
    let metrics = &settings.metrics;
    match &metrics.webhook_url {
        Some(url) if metrics.enabled => config.metrics_webhook(url.clone()),
        _ => config,
    }
}

/// How Port is reached with these settings.
pub(crate) fn port_config(
    app: &CliApp,
    settings: &Settings,
    environment: &Environment,
) -> Result<PortConfig, Failure> {
    let port = &settings.port;
    let batches = &settings.batches;
    let entities = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let config = PortConfig::new(
        port.client_id.expose_secret(),
        port.client_secret.clone(),
        &settings.integration.identifier,
        &settings.integration.integration_type,
        app.version,
    )
    .base_url(&port.base_url)
    .upsert_batch_length(entities(batches.upsert_entities_batch_max_length))
    .upsert_batch_bytes(entities(batches.upsert_entities_batch_max_size_in_bytes))
    .delete_batch_length(entities(batches.delete_entities_max_batch_size))
    .proxies(environment.proxies())
    .verify_tls(settings.ssl.port.verify)
    .blueprint_cache_ttl(port.blueprint_cache_ttl)
    .feature_flags_cache_ttl(port.feature_flags_cache_ttl)
    .secrets(settings.secrets())
    .public_hosts_only(!settings.outbound.disable_ip_outbound_blocker);
    let config = match environment.authorities()? {
        Some(pem) => config.only_ca_pem(pem),
        None => config,
    };
    Ok(match Environment::local_authorities() {
        Some(pem) => config.ca_pem(pem),
        None => config,
    })
}

/// An HTTP client for the third-party system with everything the operator decides.
pub(crate) fn source_http(
    app: &CliApp,
    settings: &Settings,
    environment: &Environment,
) -> Result<HttpClientBuilder, Failure> {
    let timeout = settings.outbound.client_timeout;
    let deadlines = Deadlines::default().first_byte(timeout).idle(timeout);
    let mut http = HttpClient::builder(app.name)
        .user_agent(format!("ocean-{}/{}", app.name, app.version))
        .deadlines(deadlines)
        .proxies(environment.proxies())
        .verify_tls(settings.ssl.third_party.verify)
        .public_hosts_only(!settings.outbound.disable_ip_outbound_blocker)
        .masker(logging::masker(settings));
    if let Some(pem) = environment.authorities()? {
        http = http.only_ca_pem(pem);
    }
    if let Some(pem) = Environment::local_authorities() {
        http = http.ca_pem(pem);
    }
    if let Some(path) = &settings.outbound.oauth_access_token_file_path {
        http = http.access_token_file(path);
    }
    Ok(http)
}

/// The original handles one event of a path at a time unless told otherwise, since it would mix up
/// their order; here events of different objects never wait for each other.
fn live_options(settings: &Settings) -> LiveOptions {
    let options = LiveOptions::default();
    let wanted = usize::try_from(settings.server.event_workers_count).unwrap_or(usize::MAX);
    let workers = options.workers.max(wanted);
    options
        .workers(workers)
        .timeout(settings.server.max_event_processing)
}

/// The threads that map, as many as configured.
pub(crate) fn mapper_pool(settings: &Settings) -> Result<MapperPool, Failure> {
    let threads = settings.mapping.process_in_queue_max_workers;
    let threads =
        threads.and_then(|threads| NonZeroUsize::new(usize::try_from(threads.get()).ok()?));
    let pool = match threads {
        Some(threads) => MapperPool::with_threads(threads),
        None => MapperPool::new(),
    };
    let pool = pool.map_err(|error| Failure::bug("the system gives no threads", &error))?;
    Ok(pool.item_timeout(settings.mapping.process_in_queue_timeout))
}

/// Which blueprints may lose all their entities.
fn allow_empty(blueprints: &[String]) -> AllowEmpty {
    if blueprints.is_empty() {
        AllowEmpty::None
    } else if blueprints.iter().any(|blueprint| blueprint == "*") {
        AllowEmpty::All
    } else {
        AllowEmpty::Blueprints(blueprints.iter().cloned().collect())
    }
}
