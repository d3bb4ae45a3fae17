//! A webhook processor with the author's types closed over.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Changes, Subject, Unauthenticated, WebhookEvent, WebhookProcessor};
use crate::error::SourceError;
use crate::http::Priority;
use crate::kind::Kind as _;
use crate::resource::ResourceConfig;

/// A registered processor, as the live engine sees it.
#[derive(Clone)]
pub struct ErasedProcessor {
    path: String,
    kinds: Vec<&'static str>,
    max_batch: usize,
    processor: Arc<dyn Processor>,
}

impl ErasedProcessor {
    pub(crate) fn new<App, P>(path: String, app: App, processor: P) -> Self
    where
        App: Send + Sync + 'static,
        P: WebhookProcessor<App>,
    {
        Self {
            path,
            kinds: P::KINDS.iter().map(|kind| kind.as_str()).collect(),
            max_batch: P::MAX_BATCH.max(1),
            processor: Arc::new(Bound { app, processor }),
        }
    }

    /// The path it was registered at.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kinds whose resources it feeds.
    #[must_use]
    pub fn kinds(&self) -> &[&'static str] {
        &self.kinds
    }

    /// How many events one call of [`handle`](Self::handle) may carry.
    #[must_use]
    pub const fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// See [`WebhookProcessor::authenticate`].
    ///
    /// # Errors
    ///
    /// When the request did not prove where it comes from.
    pub fn authenticate(&self, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        self.processor.authenticate(event)
    }

    /// See [`WebhookProcessor::accepts`].
    #[must_use]
    pub fn accepts(&self, event: &WebhookEvent) -> bool {
        self.processor.accepts(event)
    }

    /// See [`WebhookProcessor::subject`].
    ///
    /// # Errors
    ///
    /// When the payload does not have the shape that the processor needs.
    pub fn subject(&self, event: &WebhookEvent) -> Result<Option<Subject>, SourceError> {
        self.processor.subject(event)
    }

    /// See [`WebhookProcessor::delivery_id`].
    #[must_use]
    pub fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        self.processor.delivery_id(event)
    }

    /// See [`WebhookProcessor::supersedes`]; `false` when a payload does not have its shape.
    #[must_use]
    pub fn supersedes(&self, newer: &WebhookEvent, older: &WebhookEvent) -> bool {
        self.processor.supersedes(newer, older)
    }

    /// See [`WebhookProcessor::handle`]. Its calls go before those of a resync.
    ///
    /// # Errors
    ///
    /// The processor's error, or that a payload or the selector does not fit.
    pub async fn handle(
        &self,
        events: &[WebhookEvent],
        resource: &ResourceConfig,
    ) -> Result<Changes, SourceError> {
        let handled = self.processor.handle(events, resource);
        Priority::Urgent.scope(handled).await
    }
}

impl fmt::Debug for ErasedProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedProcessor")
            .field("path", &self.path)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

trait Processor: Send + Sync {
    fn authenticate(&self, event: &WebhookEvent) -> Result<(), Unauthenticated>;
    fn accepts(&self, event: &WebhookEvent) -> bool;
    fn subject(&self, event: &WebhookEvent) -> Result<Option<Subject>, SourceError>;
    fn delivery_id(&self, event: &WebhookEvent) -> Option<String>;
    fn supersedes(&self, newer: &WebhookEvent, older: &WebhookEvent) -> bool;
    fn handle<'a>(
        &'a self,
        events: &'a [WebhookEvent],
        resource: &'a ResourceConfig,
    ) -> BoxFuture<'a, Result<Changes, SourceError>>;
}

struct Bound<App, P> {
    app: App,
    processor: P,
}

impl<App, P> Processor for Bound<App, P>
where
    App: Send + Sync + 'static,
    P: WebhookProcessor<App>,
{
    fn authenticate(&self, event: &WebhookEvent) -> Result<(), Unauthenticated> {
        self.processor.authenticate(&self.app, event)
    }

    fn accepts(&self, event: &WebhookEvent) -> bool {
        self.processor.accepts(event)
    }

    fn subject(&self, event: &WebhookEvent) -> Result<Option<Subject>, SourceError> {
        Ok(self.processor.subject(&payload(event)?))
    }

    fn delivery_id(&self, event: &WebhookEvent) -> Option<String> {
        self.processor.delivery_id(event)
    }

    fn supersedes(&self, newer: &WebhookEvent, older: &WebhookEvent) -> bool {
        match (payload(newer), payload(older)) {
            (Ok(newer), Ok(older)) => self.processor.supersedes(&newer, &older),
            _ => false,
        }
    }

    fn handle<'a>(
        &'a self,
        events: &'a [WebhookEvent],
        resource: &'a ResourceConfig,
    ) -> BoxFuture<'a, Result<Changes, SourceError>> {
        Box::pin(async move {
            let payloads = events.iter().map(payload).collect::<Result<_, _>>()?;
            let resource = resource.with_selector().map_err(SourceError::permanent)?;
            self.processor.handle(&self.app, payloads, &resource).await
        })
    }
}

fn payload<T: serde::de::DeserializeOwned>(event: &WebhookEvent) -> Result<T, SourceError> {
    event.parse().map_err(SourceError::permanent)
}
