//! [`PortClient`]: one Port, used as catalog and as store of the integration.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use http::{Method, Request};
use ocean_core::http::Masker;
use ocean_core::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityQuery, EntityRef,
    IntegrationStore, ResyncState, UpsertOutcome, WriteContext,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::cache::Expiring;
use crate::clock::PortClock;
use crate::config::PortConfig;
use crate::error::{Error, Result};
use crate::request::Requests;
use crate::telemetry::{Noted, UserWebhook};
use crate::timestamp::parse;
use crate::transport::PortTransport;
use crate::upsert::BULK_CONCURRENCY;
use crate::wire::{
    BlueprintAnswer, BlueprintRecord, CursorAnswer, IntegrationAnswer, IntegrationRecord,
    OrganizationAnswer, ResyncRequestAnswer,
};

/// The key of the only entry in the cache of feature flags.
const FLAGS: &str = "organization";

/// One integration's access to Port.
///
/// It is meant to be shared: limits, token and caches belong to the client.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ocean_core::IntegrationStore;
/// use ocean_port::{PortClient, PortConfig};
///
/// let config = PortConfig::new("client-id", "client-secret", "prod-jira", "jira", "0.1.0");
/// let port = PortClient::new(config)?;
/// let mapping = port.mapping().await?;
/// # drop(mapping);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PortClient {
    pub(crate) config: PortConfig,
    pub(crate) requests: Requests,
    pub(crate) transport: PortTransport,
    pub(crate) bulk_permits: Semaphore,
    masker: Masker,
    clock: PortClock,
    pub(crate) noted: Noted,
    pub(crate) user_webhook: Option<UserWebhook>,
    blueprints: Expiring<Option<Blueprint>>,
    feature_flags: Expiring<Vec<String>>,
}

impl PortClient {
    /// A client that has not connected yet.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be used.
    pub fn new(config: PortConfig) -> Result<Self, Error> {
        Self::with(config, PortTransport::new)
    }

    /// A client that sends through something else than sockets.
    #[cfg(test)]
    pub(crate) fn scripted(
        config: PortConfig,
        script: impl ocean_core::http::Transport + Clone,
    ) -> Result<Self> {
        Self::with(config, |config, token_request| {
            PortTransport::scripted(config, token_request, script)
        })
    }

    fn with(
        config: PortConfig,
        transport: impl FnOnce(&PortConfig, Request<Bytes>) -> Result<PortTransport>,
    ) -> Result<Self> {
        let requests = Requests::new(&config)?;
        if config.client_id.contains('@') {
            tracing::warn!("the client id looks personal; use the credentials of the organisation");
        }
        let token_request = requests.access_token(&config.client_id, &config.client_secret)?;
        Ok(Self {
            transport: transport(&config, token_request)?,
            bulk_permits: Semaphore::new(BULK_CONCURRENCY),
            masker: config.masker(),
            clock: PortClock::default(),
            noted: Noted::default(),
            user_webhook: UserWebhook::of(&config)?,
            blueprints: Expiring::new(config.blueprint_cache_ttl),
            feature_flags: Expiring::new(config.feature_flags_cache_ttl),
            requests,
            config,
        })
    }

    /// What the organisation has switched on; asked for again after a while.
    ///
    /// # Errors
    ///
    /// When Port could not answer.
    pub async fn feature_flags(&self) -> Result<Vec<String>, Error> {
        if let Some(flags) = self.feature_flags.get(FLAGS) {
            return Ok(flags);
        }
        let answer: OrganizationAnswer = self.transport.read(self.requests.organization()?).await?;
        let flags = answer.organization.feature_flags.unwrap_or_default();
        self.feature_flags.put(FLAGS, flags.clone());
        Ok(flags)
    }

    /// A blueprint as Port documents it, read anew; `None` when it does not exist.
    ///
    /// # Errors
    ///
    /// When Port could not answer.
    pub async fn blueprint_document(&self, identifier: &str) -> Result<Option<Value>, Error> {
        self.read_document(identifier).await
    }

    /// Whether Port knows the integration.
    ///
    /// # Errors
    ///
    /// When Port could not answer.
    pub async fn is_registered(&self) -> Result<bool, Error> {
        Ok(self.integration().await?.is_some())
    }

    /// The integration as Port knows it; `None` when it does not.
    pub(crate) async fn integration(&self) -> Result<Option<IntegrationRecord>> {
        let response = match self.transport.send(self.requests.integration()?).await {
            Ok(response) => response,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        self.clock.observe(response.headers());
        let answer: IntegrationAnswer = response.json()?;
        self.noted.observe(&answer.integration);
        Ok(Some(answer.integration))
    }

    /// The registered integration.
    pub(crate) async fn registered(&self) -> Result<IntegrationRecord> {
        let found = self.integration().await?;
        found.ok_or_else(|| Error::NotRegistered {
            identifier: self.config.integration_identifier.clone(),
        })
    }

    /// A blueprint as Port answers it, not from the cache.
    pub(crate) async fn read_document<T>(&self, identifier: &str) -> Result<Option<T>>
    where
        T: DeserializeOwned + Send,
    {
        let request = self.requests.blueprint(identifier)?;
        match self.transport.read::<BlueprintAnswer<T>>(request).await {
            Ok(answer) => Ok(Some(answer.blueprint)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Port's time, from the last reading of the integration or from one more.
    async fn port_time(&self) -> Result<SystemTime> {
        if let Some(now) = self.clock.now() {
            return Ok(now);
        }
        self.integration().await?;
        self.clock.now().ok_or(Error::NoDate)
    }

    /// How long to wait before the `repeat`-th repetition of what Port did not do: a random time
    /// within a bound that doubles.
    pub(crate) fn backoff(&self, repeat: u32) -> Duration {
        let doublings = repeat.saturating_sub(1).min(16);
        let bound = self.config.retry.base_delay.saturating_mul(1 << doublings);
        bound
            .min(self.config.retry.max_delay)
            .mul_f64(fastrand::f64())
    }
}

#[async_trait]
impl Catalog for PortClient {
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        Ok(self.write(cx, blueprint, entities).await?)
    }

    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        Ok(self.remove(cx, entities).await?)
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        self.find(query).map_err(CatalogError::from).boxed()
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        self.list_owned(before).map_err(CatalogError::from).boxed()
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        if let Some(known) = self.blueprints.get(identifier) {
            return Ok(known);
        }
        let found = self.read_document::<BlueprintRecord>(identifier).await?;
        let found = found.map(Blueprint::from);
        self.blueprints.put(identifier, found.clone());
        Ok(found)
    }

    /// Port's clock, in whole seconds, as the `Date` header of an answer to the reading of the
    /// integration tells it. Every resync reads the integration for its mapping just before, so
    /// that this usually costs no request.
    async fn now(&self) -> Result<SystemTime, CatalogError> {
        Ok(self.port_time().await?)
    }

    fn bulk_size(&self) -> usize {
        self.config.upsert_batch_length
    }

    fn clear_cache(&self) {
        self.blueprints.clear();
    }
}

#[async_trait]
impl IntegrationStore for PortClient {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        Ok(self.registered().await?.mapping().cloned())
    }

    async fn set_resync_state(&self, state: &ResyncState) -> Result<(), CatalogError> {
        let request = self.requests.patch_resync_state(state)?;
        self.transport.send(request).await?;
        Ok(())
    }

    async fn resync_requested_at(&self) -> Result<Option<SystemTime>, CatalogError> {
        let request = self.requests.resync_request().map_err(CatalogError::from)?;
        let answer: ResyncRequestAnswer = self.transport.read(request).await?;
        Ok(answer
            .request
            .and_then(|request| parse(&request.updated_at?)))
    }

    async fn last_resync_start(&self) -> Result<Option<SystemTime>, CatalogError> {
        let state = self.registered().await?.resync_state;
        Ok(state.and_then(|state| parse(&state.last_resync_start?)))
    }

    async fn cursor(&self, kind: &str, index: usize) -> Result<Option<SystemTime>, CatalogError> {
        let request = self.requests.cursor(kind, index)?;
        let answer: CursorAnswer = match self.transport.read(request).await {
            Ok(answer) => answer,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(answer.cursor.and_then(|cursor| parse(&cursor.primary?)))
    }

    async fn set_cursor(
        &self,
        kind: &str,
        index: usize,
        cursor: SystemTime,
    ) -> Result<(), CatalogError> {
        let request = |method| self.requests.set_cursor(method, kind, index, cursor);
        match self.transport.send(request(Method::PUT)?).await {
            Err(error) if error.is_not_found() => {
                self.transport.send(request(Method::POST)?).await?;
            }
            moved => drop(moved?),
        }
        Ok(())
    }

    async fn send_kind_examples(
        &self,
        kind: &str,
        mut examples: Vec<Value>,
    ) -> Result<(), CatalogError> {
        for example in &mut examples {
            self.masker.full_json(example);
        }
        let request = self.requests.kind_examples(kind, &examples)?;
        self.transport.send(request).await?;
        Ok(())
    }
}
