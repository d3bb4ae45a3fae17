//! How is a resync put together? A source, a Port, the engine between them, and what Port is told.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ocean_core::http::{Deadlines, HttpClient};
use ocean_core::settings::Settings;
use ocean_core::{
    AllowEmpty, Hooks, IntegrationStore, MapperPool, Outcome, Progress, ResyncReport, ResyncState,
    ResyncStatus, StartContext, SyncEngine, SyncOptions, error_chain,
};
use ocean_port::{Defaults, PortClient, PortConfig};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::app::{CliApp, Source};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::{logging, resources};

/// How long Port may take to hear how a run is doing: what it shows of it decides nothing.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// How long Port may take to hear how a run ended once somebody wants the process to stop.
const LAST_WORD: Duration = Duration::from_secs(3);

/// A source and a Port, ready to be connected.
#[derive(Debug)]
pub(crate) struct Session {
    port: Arc<PortClient>,
    engine: SyncEngine,
    hooks: Hooks,
    defaults: Defaults,
    start: StartContext,
    grace: Duration,
}

impl Session {
    /// Puts everything together and sends nothing, so that whatever is wrong with the settings is
    /// known before the first request.
    pub(crate) fn new(
        app: &CliApp,
        settings: &Settings,
        environment: &Environment,
        folder: Option<&Path>,
    ) -> Result<Self, Failure> {
        let defaults = resources::defaults(app, settings, folder)?;
        let Source { hooks, engine } =
            app.connect(settings, source_http(app, settings, environment))?;
        let port = Arc::new(PortClient::new(port_config(app, settings, environment))?);
        let pool = mapper_pool(settings)?;
        let mut options = SyncOptions::default();
        options.allow_empty = allow_empty(&settings.deletion.allow_empty);
        options.send_examples = settings.provisioning.send_raw_data_examples;
        if settings.mapping.allow_environment_variables_jq_access {
            options.environment = environment.for_mappings();
        }
        let engine = engine(Arc::clone(&port), Arc::new(pool)).options(options);
        let identifier = settings.integration.identifier.as_str();
        Ok(Self {
            port,
            engine,
            hooks,
            defaults,
            start: StartContext::new(identifier).once(true),
            grace: settings.process.shutdown_grace,
        })
    }

    /// Makes sure that Port knows the integration, and runs its start hooks.
    pub(crate) async fn prepare(&self) -> Result<(), Failure> {
        let made = self.port.provision(&self.defaults).await?;
        tracing::info!(
            registered = made.registered,
            blueprints = made.blueprints.len(),
            "port is ready"
        );
        for error in self.hooks.run_start(&self.start).await {
            tracing::error!(error = error_chain(&error), "a start hook failed");
        }
        Ok(())
    }

    /// Runs one resync and tells Port when it begins and how it ends.
    ///
    /// `None` when it was stopped and did not come to an end within the grace period.
    pub(crate) async fn resync(
        &self,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Result<Option<ResyncReport>, Failure> {
        self.tell(ResyncStatus::Running, stop.cancelled()).await;
        let ended = tokio::select! {
            biased;
            ended = self.engine.resync(progress, stop) => Some(ended),
            () = after(stop, self.grace) => None,
        };
        let status = match &ended {
            None => ResyncStatus::Aborted,
            Some(Ok(report)) => status_of(report.outcome),
            Some(Err(_)) => ResyncStatus::Failed,
        };
        self.tell(status, after(stop, LAST_WORD)).await;
        Ok(ended.transpose()?)
    }

    /// Tells Port how the run is doing, until that takes too long or is `enough`.
    async fn tell(&self, status: ResyncStatus, enough: impl Future<Output = ()>) {
        let state = ResyncState::new(status, SystemTime::now());
        let told = in_time(self.port.set_resync_state(&state), enough).await;
        let error = match told {
            Some(Ok(())) => return,
            Some(Err(error)) => error_chain(&error),
            None => "port did not answer in time".to_owned(),
        };
        tracing::warn!(
            error,
            state = status.as_str(),
            "port was not told the state of the resync"
        );
    }
}

/// Ends this long after somebody wanted the process to stop.
async fn after(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// What comes of telling Port; `None` when it took too long or was `enough`.
async fn in_time<T>(
    telling: impl Future<Output = T>,
    enough: impl Future<Output = ()>,
) -> Option<T> {
    tokio::select! {
        biased;
        told = tokio::time::timeout(TOLD_WITHIN, telling) => told.ok(),
        () = enough => None,
    }
}

const fn status_of(outcome: Outcome) -> ResyncStatus {
    match outcome {
        Outcome::Completed => ResyncStatus::Completed,
        Outcome::Aborted => ResyncStatus::Aborted,
        _ => ResyncStatus::Failed,
    }
}

fn port_config(app: &CliApp, settings: &Settings, environment: &Environment) -> PortConfig {
    let port = &settings.port;
    let batches = &settings.batches;
    let entities = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    PortConfig::new(
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
}

/// An HTTP client for the third-party system with everything the operator decides.
fn source_http(
    app: &CliApp,
    settings: &Settings,
    environment: &Environment,
) -> ocean_core::http::HttpClientBuilder {
    let timeout = settings.outbound.client_timeout;
    let deadlines = Deadlines::default().first_byte(timeout).idle(timeout);
    HttpClient::builder(app.name)
        .user_agent(format!("ocean-{}/{}", app.name, app.version))
        .deadlines(deadlines)
        .proxies(environment.proxies())
        .verify_tls(settings.ssl.third_party.verify)
        .masker(logging::masker(settings))
}

fn mapper_pool(settings: &Settings) -> Result<MapperPool, Failure> {
    let threads = settings.mapping.process_in_queue_max_workers;
    let threads =
        threads.and_then(|threads| NonZeroUsize::new(usize::try_from(threads.get()).ok()?));
    let pool = match threads {
        Some(threads) => MapperPool::with_threads(threads),
        None => MapperPool::new(),
    };
    pool.map_err(|error| Failure::bug("the system gives no threads", &error))
}

fn allow_empty(blueprints: &[String]) -> AllowEmpty {
    if blueprints.is_empty() {
        AllowEmpty::None
    } else if blueprints.iter().any(|blueprint| blueprint == "*") {
        AllowEmpty::All
    } else {
        AllowEmpty::Blueprints(blueprints.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_port_that_never_answers_is_not_waited_for() {
        let began = Instant::now();
        assert_eq!(in_time(pending::<()>(), pending()).await, None);
        assert_eq!(began.elapsed(), TOLD_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_leaves_time_for_a_last_word_only() {
        let stop = CancellationToken::new();
        stop.cancel();
        let began = Instant::now();
        assert_eq!(in_time(pending::<()>(), stop.cancelled()).await, None);
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(
            in_time(pending::<()>(), after(&stop, LAST_WORD)).await,
            None
        );
        assert_eq!(began.elapsed(), LAST_WORD);
        assert_eq!(in_time(ready(7), after(&stop, LAST_WORD)).await, Some(7));
    }
}
