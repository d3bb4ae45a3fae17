//! Kind name -> resync functions, with the author's types closed over.
//!
//! Start with [`Registry`], which the engines read.

use std::fmt;
use std::sync::Arc;

use futures::{StreamExt as _, stream};
use indexmap::IndexMap;
use schemars::generate::SchemaSettings;

use super::{Resync, ResyncContext};
use crate::batch::BatchStream;
use crate::error::SourceError;
use crate::resource::{InvalidSelector, RawSelector, ResourceConfig, Selector};

/// A resync function that knows its app and reads its own selector.
#[derive(Clone)]
pub struct ErasedResync {
    start: Arc<Start>,
    check: fn(&ResourceConfig) -> Result<(), InvalidSelector>,
    schema: fn() -> schemars::Schema,
}

type Start =
    dyn Fn(&ResyncContext<RawSelector>) -> Result<BatchStream, InvalidSelector> + Send + Sync;

impl ErasedResync {
    pub(crate) fn new<App, M, R>(app: App, resync: R) -> Self
    where
        App: Clone + Send + Sync + 'static,
        R: Resync<App, M>,
    {
        Self {
            start: Arc::new(move |cx| Ok(resync.stream(app.clone(), cx.with_selector()?))),
            check: |resource| resource.with_selector::<R::Selector>().map(drop),
            schema: selector_schema::<R::Selector>,
        }
    }

    /// The same function before there is an app: its selector is known, reading is an error.
    pub(crate) fn unconnected<App, M, R>() -> Self
    where
        R: Resync<App, M>,
    {
        Self {
            start: Arc::new(|cx| {
                cx.with_selector::<R::Selector>()?;
                let error = SourceError::permanent(NotConnected);
                Ok(stream::iter([Err(error)]).boxed())
            }),
            check: |resource| resource.with_selector::<R::Selector>().map(drop),
            schema: selector_schema::<R::Selector>,
        }
    }

    /// Starts reading the context's resource.
    ///
    /// # Errors
    ///
    /// When the selector does not fit the kind.
    pub fn start(&self, cx: &ResyncContext<RawSelector>) -> Result<BatchStream, InvalidSelector> {
        (self.start)(cx)
    }

    /// Checks a resource's selector without reading anything.
    ///
    /// # Errors
    ///
    /// When the selector does not fit the kind.
    pub fn check(&self, resource: &ResourceConfig) -> Result<(), InvalidSelector> {
        (self.check)(resource)
    }

    /// The JSON Schema of the selector, without references, so that it can be part of another.
    #[must_use]
    pub fn schema(&self) -> schemars::Schema {
        (self.schema)()
    }
}

/// Somebody tried to read with an integration that only says what it would read.
#[derive(Debug, thiserror::Error)]
#[error("the integration is not connected")]
struct NotConnected;

fn selector_schema<S: Selector>() -> schemars::Schema {
    let generator = SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    generator.into_generator().into_root_schema_for::<S>()
}

impl fmt::Debug for ErasedResync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedResync").finish_non_exhaustive()
    }
}

/// Every registered kind with its resync functions, in registration order.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    kinds: IndexMap<String, Vec<ErasedResync>>,
    incremental: IndexMap<String, Vec<ErasedResync>>,
}

impl Registry {
    pub(crate) fn add(&mut self, kind: &str, resync: ErasedResync) {
        self.kinds.entry(kind.to_owned()).or_default().push(resync);
    }

    pub(crate) fn add_incremental(&mut self, kind: &str, resync: ErasedResync) {
        let functions = self.incremental.entry(kind.to_owned()).or_default();
        functions.push(resync);
    }

    /// The functions that read what changed, as if there were no others.
    pub(crate) fn incremental(&self) -> Self {
        Self {
            kinds: self.incremental.clone(),
            incremental: IndexMap::new(),
        }
    }

    /// The functions of a kind; empty when nobody registered it.
    #[must_use]
    pub fn resyncs(&self, kind: &str) -> &[ErasedResync] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The kinds of which can be read what changed.
    pub fn incremental_kinds(&self) -> impl Iterator<Item = &str> {
        self.incremental.keys().map(String::as_str)
    }

    /// Every registered kind.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }
}
