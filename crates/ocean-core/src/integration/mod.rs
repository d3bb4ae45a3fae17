//! One integration: what it does at start, how it reads each kind, which live events it takes.
//!
//! Start with [`Integration`].

mod hooks;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use self::hooks::{Hooks, StartContext};
use self::hooks::{Periodic, ResyncHook, StartHook};
use crate::error::SourceError;
use crate::kind::Kind;
use crate::resync::{ErasedResync, Registry, Resync};
use crate::webhook::{ErasedProcessor, WebhookProcessor};

/// An integration under construction, around the author's state.
///
/// `App` is a cheap clone that every function gets, usually the client of the third-party system.
///
/// ```
/// use futures::{Stream, stream};
/// use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};
/// use serde_json::json;
///
/// kinds! {
///     enum Kinds { Ticket = "ticket" }
/// }
///
/// #[derive(Clone)]
/// struct Desk;
///
/// fn on_resync_tickets(
///     _: Desk,
///     _: ResyncContext<NoSelector>,
/// ) -> impl Stream<Item = Result<Batch, SourceError>> {
///     stream::iter([Ok(Batch::from(vec![json!({"id": 1})]))])
/// }
///
/// let integration = Integration::new(Desk).on_resync(Kinds::Ticket, on_resync_tickets);
/// assert_eq!(integration.registry().kinds().collect::<Vec<_>>(), ["ticket"]);
/// ```
///
/// An author's program is made of a function that gets an empty integration and adds everything to
/// it, so that it can be asked what it reads [before it is connected](Self::unconnected).
pub struct Integration<App> {
    app: Option<App>,
    registry: Registry,
    processors: Vec<ErasedProcessor>,
    hooks: Hooks,
}

impl<App: Clone + Send + Sync + 'static> Integration<App> {
    /// An integration that reads nothing yet.
    pub fn new(app: App) -> Self {
        Self {
            app: Some(app),
            ..Self::unconnected()
        }
    }

    /// An integration without the author's state, which can only be asked what it would read.
    ///
    /// Its kinds and their selectors are those of the connected one. Reading one is an error, and
    /// hooks and webhook processors are left out.
    ///
    /// ```
    /// # use futures::{Stream, stream};
    /// # use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};
    /// # kinds! { enum Kinds { Ticket = "ticket" } }
    /// # #[derive(Clone)] struct Desk;
    /// # fn on_resync_tickets(
    /// #     _: Desk,
    /// #     _: ResyncContext<NoSelector>,
    /// # ) -> impl Stream<Item = Result<Batch, SourceError>> {
    /// #     stream::empty()
    /// # }
    /// fn integration(ocean: Integration<Desk>) -> Integration<Desk> {
    ///     ocean.on_resync(Kinds::Ticket, on_resync_tickets)
    /// }
    ///
    /// let kinds = integration(Integration::unconnected());
    /// assert_eq!(kinds.registry().kinds().collect::<Vec<_>>(), ["ticket"]);
    /// ```
    #[must_use]
    pub fn unconnected() -> Self {
        let (registry, processors, hooks) = Default::default();
        Self {
            app: None,
            registry,
            processors,
            hooks,
        }
    }

    /// Runs once when the process starts, before anything is read.
    ///
    /// Its error is logged and the process goes on: an integration without its webhook still
    /// resyncs. Cancelled when the process stops.
    #[must_use]
    pub fn on_start<F, Fut, E>(mut self, hook: F) -> Self
    where
        F: Fn(App, StartContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<SourceError>,
    {
        if let Some(app) = self.app.clone() {
            self.hooks.start.push(start_hook(app, hook));
        }
        self
    }

    /// Runs again and again while the process runs, for what the third-party system forgets unless
    /// it is reminded.
    ///
    /// First an interval after the start hooks, then an interval after each run's end; less than a
    /// second counts as one. An error or a panic is logged and the next run comes all the same.
    /// Cancelled when the process stops, and never run by a process that ends after one resync.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ocean_core::{Integration, SourceError, StartContext};
    /// # #[derive(Clone)] struct Desk;
    /// async fn renew_subscription(desk: Desk, cx: StartContext) -> Result<(), SourceError> {
    ///     Ok(())
    /// }
    ///
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// let integration = Integration::new(Desk).every(day, renew_subscription);
    /// ```
    #[must_use]
    pub fn every<F, Fut, E>(mut self, interval: Duration, hook: F) -> Self
    where
        F: Fn(App, StartContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<SourceError>,
    {
        if let Some(app) = self.app.clone() {
            let periodic = Periodic::new(interval, start_hook(app, hook));
            self.hooks.periodic.push(periodic);
        }
        self
    }

    /// Reads a kind with this function.
    ///
    /// A kind may have several functions: they run one after another and count as one. Kinds of
    /// any enum may be registered, so an integration can be extended from outside.
    #[must_use]
    pub fn on_resync<K: Kind, M, R: Resync<App, M>>(mut self, kind: K, resync: R) -> Self {
        let resync = self.erased(resync);
        self.registry.add(kind.as_str(), resync);
        self
    }

    /// Reads what changed of a kind since [`ResyncContext::since`](crate::ResyncContext::since)
    /// with this function, between full resyncs.
    ///
    /// It runs when incremental sync is switched on, for kinds of the mapping that have one.
    /// What it reads is written; nothing is ever deleted because it did not read it. When it reads
    /// to its end and everything is written, the moment moves on; when not, the next sync reads
    /// from the same moment.
    ///
    /// ```
    /// # use futures::{Stream, stream};
    /// # use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};
    /// # kinds! { enum Kinds { Ticket = "ticket" } }
    /// # #[derive(Clone)] struct Desk;
    /// # impl Desk {
    /// #     fn tickets(&self, _: Option<String>) -> impl Stream<Item = Result<Batch, SourceError>> + use<> {
    /// #         stream::empty()
    /// #     }
    /// # }
    /// fn on_resync_tickets(
    ///     desk: Desk,
    ///     cx: ResyncContext<NoSelector>,
    /// ) -> impl Stream<Item = Result<Batch, SourceError>> {
    ///     desk.tickets(cx.since().map(|since| since.iso8601()))
    /// }
    ///
    /// let integration = Integration::new(Desk)
    ///     .on_resync(Kinds::Ticket, on_resync_tickets)
    ///     .on_incremental_resync(Kinds::Ticket, on_resync_tickets);
    /// assert_eq!(integration.registry().incremental_kinds().count(), 1);
    /// ```
    #[must_use]
    pub fn on_incremental_resync<K: Kind, M, R>(mut self, kind: K, resync: R) -> Self
    where
        R: Resync<App, M>,
    {
        let resync = self.erased(resync);
        self.registry.add_incremental(kind.as_str(), resync);
        self
    }

    /// Runs before every full resync. Its error keeps the resync from deleting anything.
    #[must_use]
    pub fn on_resync_start<F, Fut, E>(mut self, hook: F) -> Self
    where
        F: Fn(App) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<SourceError>,
    {
        if let Some(app) = self.app.clone() {
            self.hooks.resync_start.push(resync_hook(app, hook));
        }
        self
    }

    /// Runs after every full resync that read and wrote everything. Its error makes the resync a
    /// failed one.
    #[must_use]
    pub fn on_resync_complete<F, Fut, E>(mut self, hook: F) -> Self
    where
        F: Fn(App) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<SourceError>,
    {
        if let Some(app) = self.app.clone() {
            self.hooks.resync_complete.push(resync_hook(app, hook));
        }
        self
    }

    /// Gives the live events that arrive at `path` (`/webhook`) to this processor.
    ///
    /// Several processors may share a path; each says which events it accepts.
    #[must_use]
    pub fn add_webhook_processor<P: WebhookProcessor<App>>(
        mut self,
        path: impl Into<String>,
        processor: P,
    ) -> Self {
        if let Some(app) = self.app.clone() {
            self.processors
                .push(ErasedProcessor::new(path.into(), app, processor));
        }
        self
    }

    fn erased<M, R: Resync<App, M>>(&self, resync: R) -> ErasedResync {
        match self.app.clone() {
            Some(app) => ErasedResync::new(app, resync),
            None => ErasedResync::unconnected::<App, M, R>(),
        }
    }

    /// The registered kinds and their functions.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The registered webhook processors, in registration order.
    #[must_use]
    pub fn processors(&self) -> &[ErasedProcessor] {
        &self.processors
    }

    /// The registered hooks.
    #[must_use]
    pub const fn hooks(&self) -> &Hooks {
        &self.hooks
    }
}

impl<App: fmt::Debug> fmt::Debug for Integration<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration")
            .field("app", &self.app)
            .field("kinds", &self.registry.kinds().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn start_hook<App, F, Fut, E>(app: App, hook: F) -> StartHook
where
    App: Clone + Send + Sync + 'static,
    F: Fn(App, StartContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<SourceError>,
{
    Arc::new(move |cx| {
        let ran = hook(app.clone(), cx);
        Box::pin(async move { ran.await.map_err(Into::into) })
    })
}

fn resync_hook<App, F, Fut, E>(app: App, hook: F) -> ResyncHook
where
    App: Clone + Send + Sync + 'static,
    F: Fn(App) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<SourceError>,
{
    Arc::new(move || {
        let ran = hook(app.clone());
        Box::pin(async move { ran.await.map_err(Into::into) })
    })
}
