//! A kind's resync function: what authors write, and what it is given.
//!
//! Start with [`Resync`] (any function of the right shape is one) and [`ResyncContext`].

mod registry;
mod shared;
mod since;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tokio_util::sync::CancellationToken;

pub use self::registry::{ErasedResync, Registry};
pub(crate) use self::shared::SharedFetches;
pub use self::since::{Since, newer_than};
use crate::batch::{Batch, BatchStream};
use crate::error::SourceError;
use crate::resource::{RawSelector, ResourceConfig};

/// Reads all of one kind, as a stream of batches.
///
/// Any function or closure of this shape is one; `App` is the author's state (a cheap clone,
/// usually the client of the third-party system) and the selector type is read off the second
/// argument:
///
/// ```
/// use futures::{Stream, stream};
/// use ocean_core::{Batch, NoSelector, ResyncContext, SourceError};
/// use serde_json::json;
///
/// # #[derive(Clone)] struct Desk;
/// fn on_resync_tickets(
///     desk: Desk,
///     cx: ResyncContext<NoSelector>,
/// ) -> impl Stream<Item = Result<Batch, SourceError>> {
///     stream::iter([Ok(Batch::from(vec![json!({"id": 1}), json!({"id": 2})]))])
/// }
/// ```
///
/// # Contract
///
/// - **Who calls it, when:** the engine, once per resource of the mapping and resync. Resources
///   are read side by side, up to a bound.
/// - **End of data:** a stream that ends without an error says *this is all there is*, and lets
///   the engine delete what it did not see. When in doubt yield an error, or call
///   [`ResyncContext::incomplete`].
/// - **Errors:** the first error ends the stream's resource. What came before stays, the kind
///   counts as incomplete and nothing it could have written is deleted.
/// - **Cancellation:** the stream is dropped between two batches; it needs no clean-up of its own.
/// - **Panics** count as an error of the kind.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resync function for `{App}`",
    label = "expected `fn({App}, ResyncContext<S>) -> impl Stream<Item = Result<Batch, E>>`",
    note = "the first parameter is the integration's app state, by value: `{App}`",
    note = "the second parameter is `ResyncContext<S>`, where `S` is the kind's selector and implements `Selector` (`NoSelector` if it has none)",
    note = "the returned stream must be `Send + 'static` and its error must convert into `SourceError`"
)]
pub trait Resync<App, M>: Send + Sync + 'static {
    /// The kind's selector, read off the function's second parameter.
    type Selector: crate::Selector;

    /// Starts reading.
    fn stream(&self, app: App, cx: ResyncContext<Self::Selector>) -> BatchStream;
}

impl<F, App, S, St, E> Resync<App, (S, St, E)> for F
where
    F: Fn(App, ResyncContext<S>) -> St + Send + Sync + 'static,
    S: crate::Selector,
    St: Stream<Item = Result<Batch, E>> + Send + 'static,
    E: Into<SourceError> + 'static,
{
    type Selector = S;

    fn stream(&self, app: App, cx: ResyncContext<S>) -> BatchStream {
        self(app, cx).map_err(Into::into).boxed()
    }
}

/// A second candidate that no type satisfies. With only one, the compiler would take it for
/// granted and complain about its bounds; with two it says that the trait is not implemented, in
/// the words above.
impl<F: Unimplementable, App> Resync<App, std::convert::Infallible> for F {
    type Selector = crate::NoSelector;

    fn stream(&self, _: App, _: ResyncContext<Self::Selector>) -> BatchStream {
        futures::stream::empty().boxed()
    }
}

/// Implemented by nothing.
#[doc(hidden)]
pub trait Unimplementable: Send + Sync + 'static {}

/// What a resync function is told, and how it tells back.
///
/// Cloning is cheap: every clone speaks of the same resource and run.
pub struct ResyncContext<S> {
    resource: Arc<ResourceConfig<S>>,
    run: RunScope,
}

impl<S> ResyncContext<S> {
    /// The user's selector for this resource.
    #[must_use]
    pub fn selector(&self) -> &S {
        &self.resource.selector
    }

    /// The whole entry of the mapping.
    #[must_use]
    pub fn resource(&self) -> &ResourceConfig<S> {
        &self.resource
    }

    /// Whether the first items are shown to people who write mappings. They should then be whole,
    /// whatever the mapping reads today.
    #[must_use]
    pub const fn shows_examples(&self) -> bool {
        self.run.shows_examples
    }

    /// From when on an incremental sync reads; `None` in a full resync, which reads everything.
    ///
    /// One function can serve both: what it asks for is narrowed when there is a moment.
    #[must_use]
    pub const fn since(&self) -> Option<Since> {
        self.run.since
    }

    /// Is cancelled when the run is; a stream need not watch it, because it is dropped then.
    #[must_use]
    pub const fn cancellation(&self) -> &CancellationToken {
        &self.run.cancellation
    }

    /// Says that something could not be read although the stream goes on: what was read is
    /// written, and nothing that this resource can write to is deleted.
    pub fn incomplete(&self, reason: impl Into<String>) {
        let mut reasons = self
            .run
            .incomplete
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reasons.push(reason.into());
    }

    /// Fetches something once per run, whoever asks first, and shares it between kinds.
    ///
    /// Several askers of one key wait for one fetch. The value is dropped at the end of the run.
    ///
    /// # Errors
    ///
    /// The error of the fetch, for every asker: all kinds that depend on it are incomplete.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future of the asker that fetches hands the fetch to the next asker, which
    /// starts it anew.
    pub fn shared<T, E, Fut, F>(
        &self,
        key: &str,
        fetch: F,
    ) -> impl Future<Output = Result<Arc<T>, SourceError>> + Send + use<S, T, E, Fut, F>
    where
        T: Send + Sync + 'static,
        E: Into<SourceError>,
        Fut: Future<Output = Result<T, E>> + Send,
        F: FnOnce() -> Fut + Send,
    {
        let shared = self.run.shared.clone();
        let key = key.to_owned();
        async move { shared.get(&key, fetch).await }
    }
}

impl<S> Clone for ResyncContext<S> {
    fn clone(&self) -> Self {
        Self {
            resource: Arc::clone(&self.resource),
            run: self.run.clone(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for ResyncContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResyncContext")
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

impl ResyncContext<RawSelector> {
    /// The context of one resource in one run, before the author's selector type is known.
    #[must_use]
    pub fn new(resource: ResourceConfig, run: RunScope) -> Self {
        Self {
            resource: Arc::new(resource),
            run,
        }
    }

    fn with_selector<S: crate::Selector>(
        &self,
    ) -> Result<ResyncContext<S>, crate::resource::InvalidSelector> {
        let resource = Arc::new(self.resource.with_selector()?);
        Ok(ResyncContext {
            resource,
            run: self.run.clone(),
        })
    }
}

/// What the resources of one run have in common, and what one of them said.
#[derive(Clone, Default)]
pub struct RunScope {
    cancellation: CancellationToken,
    shared: SharedFetches,
    incomplete: Arc<Mutex<Vec<String>>>,
    shows_examples: bool,
    since: Option<Since>,
}

impl RunScope {
    /// The scope of a run that this token ends.
    #[must_use]
    pub fn new(cancellation: CancellationToken) -> Self {
        Self {
            cancellation,
            ..Self::default()
        }
    }

    /// Whether the first items of each resource are shown to people; not unless told.
    #[must_use]
    pub const fn shows_examples(mut self, shows: bool) -> Self {
        self.shows_examples = shows;
        self
    }

    /// The same for an incremental sync that reads what changed since then.
    #[must_use]
    pub const fn since(mut self, since: Option<Since>) -> Self {
        self.since = since;
        self
    }

    /// The scope of one resource: the same run, its own list of what is incomplete.
    #[must_use]
    pub fn for_resource(&self) -> Self {
        Self {
            incomplete: Arc::default(),
            ..self.clone()
        }
    }

    /// What the resource's function said through [`ResyncContext::incomplete`].
    #[must_use]
    pub fn incomplete_reasons(&self) -> Vec<String> {
        self.incomplete
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for RunScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunScope")
            .field("cancelled", &self.cancellation.is_cancelled())
            .field("incomplete", &self.incomplete_reasons())
            .finish_non_exhaustive()
    }
}
