//! The catalog that the engine keeps equal to the source, as a port that adapters implement.
//!
//! Start with [`Catalog`]; the first adapter to read is [`InMemoryCatalog`].

mod bulks;
mod entity;
mod memory;
mod store;

use std::fmt::{self, Debug};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::stream::BoxStream;
use uuid::Uuid;

pub(crate) use self::bulks::bulks;
pub(crate) use self::entity::key_text;
pub use self::entity::{Blueprint, BlueprintRelation, Entity, EntityRef};
pub use self::memory::InMemoryCatalog;
pub use self::store::{IntegrationStore, ResyncState, ResyncStatus};
use crate::error::ErrorClass;

/// Where entities are written to and read from.
///
/// # Who calls it
///
/// The engines, from several tasks at once; implementations bound their own concurrency. Calls
/// that write are never cancelled by the engine once begun (a dropped call may or may not have
/// taken effect).
///
/// # Guarantees an implementation gives
///
/// - Transient failures were already retried when a method returns an error.
/// - [`upsert`](Self::upsert) and [`delete`](Self::delete) report one outcome per entity; a
///   success is only reported when the catalog said so.
/// - Only entities that this integration owns are listed, found and deleted.
#[async_trait]
pub trait Catalog: Debug + Send + Sync + 'static {
    /// Writes entities of one blueprint, several at a time.
    ///
    /// # Errors
    ///
    /// Only when nothing can be said of any entity and going on is useless (credentials refused).
    /// All else is an [`UpsertOutcome`].
    async fn upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        entities: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError>;

    /// Deletes entities; one that is already gone counts as deleted.
    ///
    /// # Errors
    ///
    /// As for [`upsert`](Self::upsert); what failed for some of them is in the report.
    async fn delete(
        &self,
        cx: &WriteContext,
        entities: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError>;

    /// Finds entities of one blueprint that this integration owns, with the asked-for fields.
    ///
    /// A query may name any number of identifiers; an implementation asks as often as it has to.
    /// An entity may come twice when the catalog had to be asked again.
    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>>;

    /// Lists the keys of everything this integration owns and has not updated since `before`
    /// (all of it when `None`).
    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>>;

    /// Reads a blueprint; `None` when it does not exist.
    ///
    /// # Errors
    ///
    /// When the catalog could not answer.
    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError>;

    /// The catalog's own clock, floored to its precision, so that the clock of this machine
    /// decides nothing.
    ///
    /// # Errors
    ///
    /// When the catalog could not answer.
    async fn now(&self) -> Result<SystemTime, CatalogError>;

    /// Forgets blueprints that were read; called when a resync begins.
    fn clear_cache(&self) {}

    /// How many entities one request carries; the engine hands over multiples of it.
    fn bulk_size(&self) -> usize {
        20
    }
}

/// What accompanies every write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteContext {
    /// Keep what the entity does not mention (mapping `enableMergeEntity`).
    pub merge: bool,
    /// Create the targets of relations that do not exist (mapping
    /// `createMissingRelatedEntities`).
    pub create_missing_related: bool,
    /// Delete what depends on a deleted entity (mapping `deleteDependentEntities`).
    pub delete_dependents: bool,
    /// Why the write happens.
    pub event: WriteEvent,
}

impl WriteContext {
    /// The context that the root of a mapping document asks for.
    #[must_use]
    pub const fn new(config: &crate::AppConfig, event: WriteEvent) -> Self {
        Self {
            merge: config.enable_merge_entity,
            create_missing_related: config.create_missing_related_entities,
            delete_dependents: config.delete_dependent_entities,
            event,
        }
    }
}

/// The event that a write belongs to; contract `port-api.md` 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteEvent {
    /// A full resync.
    Resync {
        /// Its id.
        id: Uuid,
    },
    /// An incremental sync.
    IncrementalResync,
    /// A live event.
    LiveEvent,
    /// Start-up.
    Start,
}

/// What became of one entity of an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpsertOutcome {
    /// The catalog holds it, under this identifier.
    Stored {
        /// The identifier that the catalog returned.
        identifier: String,
        /// Whether it did not exist before.
        created: bool,
    },
    /// Its identifier is a query that found nothing.
    Unresolved,
    /// The catalog refused it and would refuse it again.
    Rejected(EntityError),
    /// A relation points to an entity that does not exist (yet).
    MissingRelated(EntityError),
    /// The catalog did not answer, or answered that it cannot now; it may have stored it.
    Failed(EntityError),
}

/// Why an entity was not stored or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityError {
    /// The HTTP status of the entity or of the whole request; `None` when there was no answer.
    pub status: Option<u16>,
    /// What the catalog said, without secrets.
    pub message: String,
}

impl EntityError {
    /// An error with the catalog's words.
    pub fn new(status: Option<u16>, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl fmt::Display for EntityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} (status {status})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// What became of a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteReport {
    /// What the catalog said it deleted.
    pub deleted: Vec<EntityRef>,
    /// What it did not delete, with the reason.
    pub failed: Vec<(EntityRef, EntityError)>,
}

/// Which entities to find, and which of their fields to bring.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityQuery {
    /// The blueprint they belong to.
    pub blueprint: String,
    /// Their identifiers, as text; `None` for all.
    pub identifiers: Option<Vec<String>>,
    /// Fields beside identifier and blueprint: `title`, `team`, `properties.x`, `relations.x`.
    pub include: Vec<String>,
}

impl EntityQuery {
    /// Everything of a blueprint, keys only.
    pub fn new(blueprint: impl Into<String>) -> Self {
        Self {
            blueprint: blueprint.into(),
            identifiers: None,
            include: Vec::new(),
        }
    }

    /// Only these identifiers.
    #[must_use]
    pub fn identifiers(mut self, identifiers: Vec<String>) -> Self {
        self.identifiers = Some(identifiers);
        self
    }

    /// With these fields.
    #[must_use]
    pub fn include(mut self, fields: Vec<String>) -> Self {
        self.include = fields;
        self
    }
}

/// The catalog could not do what was asked, after all retries.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CatalogError {
    class: ErrorClass,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CatalogError {
    /// An error of this class, with what was being done as its message.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether it may pass, stays, or means that the credentials were refused.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.class
    }
}
