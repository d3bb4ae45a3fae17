//! The SDK for Ocean-style integrations: read a third-party system, map it with jq, keep Port's
//! software catalog equal to it.
//!
//! This crate knows neither Port's API (that is `ocean-port`) nor any third-party system, and it
//! is no framework with a global state: an integration is a value, and so is the engine.
//!
//! # An integration, whole
//!
//! A kind, its selector, a function that reads it, and one line to register it:
//!
//! ```
//! use std::sync::Arc;
//!
//! use ocean_core::prelude::*;
//! use ocean_core::{Blueprint, InMemoryCatalog, MapperPool, Outcome, Progress, SyncEngine};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use serde_json::json;
//! use tokio_util::sync::CancellationToken;
//!
//! kinds! {
//!     /// What we read from the ticket desk.
//!     pub enum Kinds { Ticket = "ticket" }
//! }
//!
//! /// What users may write under `selector:` of a ticket.
//! #[derive(Deserialize, JsonSchema)]
//! struct TicketSelector {
//!     /// How many pages to read.
//!     #[serde(default)]
//!     pages: u32,
//! }
//! impl Selector for TicketSelector {}
//!
//! /// The client of the ticket desk: a cheap clone that every function gets.
//! #[derive(Clone)]
//! struct Desk;
//!
//! fn on_resync_tickets(
//!     _desk: Desk,
//!     cx: ResyncContext<TicketSelector>,
//! ) -> impl Stream<Item = Result<Batch, SourceError>> {
//!     try_stream! {
//!         for page in 0..cx.selector().pages {
//!             yield Batch::from(vec![json!({"id": format!("T-{page}"), "subject": "Disk full"})]);
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let integration = Integration::new(Desk).on_resync(Kinds::Ticket, on_resync_tickets);
//!
//! // Port would hold both: the blueprint and the user's mapping.
//! let catalog = InMemoryCatalog::new([Blueprint::new("ticket")]).with_mapping(json!({
//!     "resources": [{
//!         "kind": "ticket",
//!         "selector": {"query": "true", "pages": 3},
//!         "port": {"entity": {"mappings": {
//!             "identifier": ".id", "blueprint": "\"ticket\"", "title": ".subject",
//!         }}},
//!     }],
//! }));
//! let catalog = Arc::new(catalog);
//! let engine = SyncEngine::new(&integration, Arc::clone(&catalog), Arc::new(MapperPool::new()?));
//! let report = engine.resync(&Progress::default(), &CancellationToken::new()).await?;
//!
//! assert_eq!(report.outcome, Outcome::Completed);
//! assert_eq!(catalog.entities().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! A real integration hands its value to `ocean-cli`, which gives it settings, a command line and
//! Port; `examples/jira` does that in ten lines.
//!
//! # Map
//!
//! | to | see |
//! |---|---|
//! | name the kinds | [`Kind`], [`kinds!`](crate::kinds) |
//! | let users choose what is read | [`Selector`], [`ResourceConfig`] |
//! | read a kind | [`Resync`], [`ResyncContext`], [`Batch`], [`RawItem`], [`fan_out`] |
//! | fetch only what is read | [`Reads`] |
//! | put it together | [`Integration`] |
//! | handle live events | [`WebhookProcessor`], [`Changes`] |
//! | keep them until they are handled | [`EventQueue`], [`SqliteQueue`], [`MemoryQueue`] |
//! | call the third-party system | [`http`], and [`http::paging`] for lists that prove their end |
//! | say what went wrong | [`SourceError`] |
//! | read `OCEAN__` settings | [`settings`] |
//! | read and compile a mapping | [`AppConfig`], [`CompiledMapping`] |
//! | run a resync | [`SyncEngine`], [`ResyncReport`] |
//! | know what it would write | [`Rehearsal`], [`ResyncPlan`] |
//! | compare with another program that writes | [`Shadow`] |
//! | check a mapping | [`Linter`] |
//! | measure the process, and tell Port of its runs | [`Metrics`], [`Reporting`], [`Telemetry`] |
//! | keep a run in a file and run it again offline | [`TapeRecorder`], [`Tape`] |
//! | read only what changed | [`Integration::on_incremental_resync`], [`Since`], [`newer_than`] |
//! | write another catalog than Port | [`Catalog`], [`IntegrationStore`], [`Lake`] |
//!
//! # Where next
//!
//! `docs/architecture.md` has the picture and the invariants, `docs/design.md` the reasons.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app_config;
mod batch;
mod catalog;
mod error;
mod fan_out;
mod fence;
mod fingerprint;
pub mod http;
mod integration;
mod kind;
mod lake;
mod lint;
mod live;
mod mapping;
mod metrics;
mod plan;
mod reads;
mod resource;
mod resync;
mod runtime;
pub mod settings;
mod sync;
mod tape;
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
pub use crate::fan_out::fan_out;
pub use crate::fence::Fence;
pub use crate::integration::{Hooks, Integration, StartContext};
pub use crate::kind::Kind;
pub use crate::lake::{
    BufferLimits, Lake, LakeError, RawEntry, RawOperation, RawOrigin, RawWrite, Routing, SyncStage,
};
pub use crate::lint::Linter;
pub use crate::live::{
    Answer, DeadLetter, Ending, EventQueue, Health, HealthCheck, Ingest, LiveEngine, LiveOptions,
    MemoryQueue, NewEvent, Pushed, QueueCounts, QueueError, QueueHealth, QueueOptions, QueuedEvent,
    ResyncAnswer, ServerHost, ServerOptions, SqliteQueue, WebhookServer,
};
pub use crate::mapping::{
    CompiledMapping, Environment, ExplainedExpression, Explanation, ExpressionFault, FaultCause,
    Gives, ItemError, ItemErrorKind, ItemErrors, MapError, MapOptions, Mapped, MapperPool,
    Misconfigured, MissingStep, NoKey, ResourceMapper, Skipped, Unsplit,
};
pub use crate::metrics::{
    KindMetrics, LOCAL_ONLY, Labels, MetricSource, Metrics, MetricsForm, Page, Reporting,
    SyncMetrics, SyncState, Telemetry,
};
pub use crate::plan::{
    Applied, ApplyEnd, ApplyError, Comparison, Divergence, FieldChange, Nature,
    PlannedForBlueprint, PlannedWrite, Rehearsal, ResyncPlan, Shadow, Unwritten,
};
pub use crate::reads::Reads;
pub use crate::resource::{InvalidSelector, NoSelector, RawSelector, ResourceConfig, Selector};
pub use crate::resync::{
    ErasedResync, Registry, Resync, ResyncContext, RunScope, Since, newer_than,
};
pub use crate::runtime::{
    Calls, ControlSocket, Demand, EndedResync, Facts, HttpSide, Letter, Order, PortFacts,
    ProcessPhase, Reply, ResyncEnd, ResyncFacts, RunningResync, Runtime, Schedule, StartUp, Status,
    ToldResyncs, Trigger, Triggers, Unprepared, perform_order, send_order,
};
pub use crate::sync::{
    AllowEmpty, BlueprintReport, Counts, ErrorGroup, NullField, Outcome, Phase, Progress,
    ReconciliationReport, ResourceProgress, ResourceReport, ResyncError, ResyncReport, SyncEngine,
    SyncOptions,
};
pub use crate::tape::{NotedCatalog, ReplayedCatalog, Tape, TapeError, TapeHeader, TapeRecorder};
pub use crate::webhook::{
    Changes, ErasedProcessor, Signature, Subject, Unauthenticated, WebhookEvent, WebhookProcessor,
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
/// A text of the settings that is never shown, and how to get at it where it is sent.
pub use secrecy::{ExposeSecret, SecretString};

/// What every file of an integration types.
pub mod prelude {
    pub use futures::TryStreamExt;

    pub use crate::{
        Batch, Changes, Integration, Kind, NoSelector, RawItem, ResourceConfig, ResyncContext,
        Selector, SourceError, StartContext, Stream, Subject, Unauthenticated, WebhookEvent,
        WebhookProcessor, fan_out, kinds, merge, try_stream,
    };
}
