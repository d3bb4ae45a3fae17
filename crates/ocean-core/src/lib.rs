//! The author's API, the mapping and the sync engine of Ocean-style integrations.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app_config;
mod batch;
mod catalog;
mod error;
pub mod http;
mod integration;
mod kind;
mod mapping;
mod resource;
mod resync;
pub mod settings;
mod sync;
mod webhook;

pub use crate::app_config::{
    AppConfig, ConfigFaults, EntityMapping, Expression, Finding, ItemsToParse, MappingSource,
    Parsed, Place, Position, ResourceMapping, SearchExpression, SearchRule,
};
pub use crate::batch::{Batch, BatchStream, RawItem, merge};
pub use crate::catalog::{
    Blueprint, BlueprintRelation, Catalog, CatalogError, DeleteReport, Entity, EntityError,
    EntityQuery, EntityRef, InMemoryCatalog, IntegrationStore, ResyncState, ResyncStatus,
    UpsertOutcome, WriteContext, WriteEvent,
};
pub use crate::error::{ErrorClass, SourceError, error_chain};
pub use crate::integration::{Hooks, Integration, StartContext};
pub use crate::kind::Kind;
pub use crate::mapping::{
    CompiledMapping, Environment, ExpressionFault, FaultCause, ItemError, ItemErrorKind,
    ItemErrors, MapError, MapOptions, Mapped, MapperPool, Misconfigured, NoKey, ResourceMapper,
    Skipped, Unsplit,
};
pub use crate::resource::{InvalidSelector, NoSelector, RawSelector, ResourceConfig, Selector};
pub use crate::resync::{ErasedResync, Registry, Resync, ResyncContext, RunScope};
pub use crate::sync::{
    AllowEmpty, BlueprintReport, Counts, ErrorGroup, NullField, Outcome, Phase, Progress,
    ReconciliationReport, ResourceProgress, ResourceReport, ResyncError, ResyncReport, SyncEngine,
    SyncOptions,
};
pub use crate::webhook::{
    Changes, ErasedProcessor, Subject, Unauthenticated, WebhookEvent, WebhookProcessor,
};

/// Writes a stream of batches with `yield` and `?`.
///
/// ```
/// use futures::Stream;
/// use ocean_core::{Batch, SourceError, try_stream};
/// use serde_json::json;
///
/// fn pages() -> impl Stream<Item = Result<Batch, SourceError>> {
///     try_stream! {
///         for page in 0..3 {
///             yield Batch::from(vec![json!({ "page": page })]);
///         }
///     }
/// }
/// ```
pub use async_stream::try_stream;
/// A sequence of batches over time; the trait behind every resync function's return type.
pub use futures::Stream;

/// What every file of an integration types.
pub mod prelude {
    pub use futures::TryStreamExt;

    pub use crate::{
        Batch, Changes, Integration, Kind, NoSelector, RawItem, ResourceConfig, ResyncContext,
        Selector, SourceError, StartContext, Stream, Subject, Unauthenticated, WebhookEvent,
        WebhookProcessor, kinds, merge, try_stream,
    };
}
