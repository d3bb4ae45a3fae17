//! How is a plan performed, exactly and only to the catalog that it was made for?
//!
//! Start with [`ResyncPlan::apply`].
//!
//! # Guarantees
//!
//! - Nothing is written when the catalog moved since the plan was made.
//! - An entity that is there already is written whole or left as it is. One that is new is written
//!   without relations only on the way around a cycle, and told as such when it stays so.
//! - Nothing is deleted unless everything was written, and never what was updated since the plan
//!   was made.
//! - Whatever ends it, the result tells what was written until then.

mod delete;
mod moved;
mod write;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::moved::moved;
use self::write::Writing;
use super::ResyncPlan;
use crate::app_config::AppConfig;
use crate::catalog::{Catalog, CatalogError, Entity, WriteContext, WriteEvent};
use crate::error::{ErrorClass, error_chain};

/// Said of what comes after an end; why it ended is told once.
const NOT_TRIED: &str = "not tried, because it ended before";

/// What became of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Entities that were created.
    pub created: usize,
    /// Entities that were changed.
    pub changed: usize,
    /// Entities that were deleted.
    pub deleted: usize,
    /// What was not done, or not whole. When an entity was not written, nothing is deleted.
    pub unwritten: Vec<Unwritten>,
    /// Whether it came to its end.
    pub end: ApplyEnd,
}

/// A part of a plan that was not performed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwritten {
    /// The entity, as `blueprint/identifier`, or how many of them.
    pub entity: String,
    /// Why.
    pub reason: String,
}

/// How applying a plan ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApplyEnd {
    /// Everything was tried.
    #[default]
    Reached,
    /// It was stopped from outside.
    Stopped,
    /// The catalog did not answer several times in a row.
    Unanswered,
    /// The catalog refused to go on.
    Refused {
        /// Whether it refused the credentials.
        class: ErrorClass,
        /// What it said.
        reason: String,
    },
}

impl ApplyEnd {
    fn refused(error: &CatalogError) -> Self {
        Self::Refused {
            class: error.class(),
            reason: error_chain(error),
        }
    }

    /// Why the rest was not tried; `None` when there is no rest.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Reached => None,
            Self::Stopped => Some("it was stopped"),
            Self::Unanswered => Some("Port did not answer several times in a row"),
            Self::Refused { reason, .. } => Some(reason),
        }
    }
}

/// A plan that could not be applied. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The catalog is not what it was when the plan was made.
    #[error("the catalog moved since the plan was made:\n{}", .0.join("\n"))]
    Moved(Vec<String>),
    /// The catalog could not tell whether it moved.
    #[error("the plan was not applied")]
    Catalog(#[source] CatalogError),
}

impl From<CatalogError> for ApplyError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl ResyncPlan {
    /// Writes what is planned, in its order, and deletes what is planned once all is written.
    ///
    /// When `cancellation` is cancelled, what is under way is awaited and nothing else is begun.
    ///
    /// # Errors
    ///
    /// When the catalog moved since the plan was made, or cannot tell. Once something was written
    /// there is always a result, which says how it ended and what the catalog refused.
    pub async fn apply(
        &self,
        catalog: &dyn Catalog,
        cancellation: &CancellationToken,
    ) -> Result<Applied, ApplyError> {
        let moved = moved(self, catalog).await?;
        if !moved.is_empty() {
            return Err(ApplyError::Moved(moved));
        }
        let cx = self.write_context();
        let writing = Writing::new(catalog, &cx, cancellation, &self.writes);
        let mut applied = writing.run().await;
        delete::delete(self, catalog, &cx, cancellation, &mut applied).await;
        Ok(applied)
    }

    fn write_context(&self) -> WriteContext {
        let config = AppConfig {
            enable_merge_entity: self.context.merge,
            create_missing_related_entities: self.context.create_missing_related,
            delete_dependent_entities: self.context.delete_dependents,
            ..AppConfig::default()
        };
        WriteContext::new(&config, WriteEvent::Resync { id: Uuid::new_v4() })
    }
}

impl Applied {
    fn unwritten(&mut self, entity: impl Into<String>, reason: impl Into<String>) {
        self.unwritten.push(Unwritten {
            entity: entity.into(),
            reason: reason.into(),
        });
    }
}

/// The entity in messages.
fn name(entity: &Entity) -> String {
    entity.key().map_or_else(
        || "an entity with a search identifier".to_owned(),
        |key| key.to_string(),
    )
}
