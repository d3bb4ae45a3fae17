//! One entry of a mapping as the author's function sees it: kind, selector, mapping.
//!
//! Start with [`Selector`]: the struct of what users may write under `selector:` of a kind.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app_config::EntityMapping;
use crate::reads::Reads;

/// What users may write under `selector:` of a kind, beside `query`.
///
/// Unknown keys are ignored with a warning; a value that does not fit makes the kind's resource
/// an error that names its place in the mapping.
///
/// ```
/// use ocean_core::Selector;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, JsonSchema)]
/// #[serde(rename_all = "camelCase", default)]
/// struct TicketSelector {
///     /// Only tickets with this label.
///     label: String,
/// }
///
/// impl Default for TicketSelector {
///     fn default() -> Self {
///         Self { label: "open".to_owned() }
///     }
/// }
///
/// impl Selector for TicketSelector {
///     fn validate(&self) -> Result<(), String> {
///         if self.label.is_empty() { Err("label must not be empty".to_owned()) } else { Ok(()) }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a selector",
    label = "this type must implement `ocean_core::Selector`",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` for it, then write `impl Selector for {Self} {{}}`",
    note = "a kind without selector fields takes `ResyncContext<NoSelector>`"
)]
pub trait Selector: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Checks what types cannot say; the message is shown beside the resource's place in the
    /// mapping. Called once per resource and mapping, before anything is fetched.
    ///
    /// # Errors
    ///
    /// A sentence that says which field is wrong and what would be right.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The selector of a kind that has no fields of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct NoSelector {}

impl Selector for NoSelector {}

/// Selector fields as the mapping has them, before an author's type reads them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RawSelector(pub Map<String, Value>);

/// One entry of the mapping's `resources`, with the selector as the author's type.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResourceConfig<S = RawSelector> {
    /// The kind, as the mapping spells it.
    pub kind: Arc<str>,
    /// The position in `resources`, from 0.
    pub index: usize,
    /// The jq expression that decides which raw items become entities.
    pub query: String,
    /// The author's selector fields.
    pub selector: S,
    /// How a raw item becomes an entity.
    pub mapping: Arc<EntityMapping>,
    /// What the mapping can read of a raw item.
    pub reads: Reads,
}

impl<S> ResourceConfig<S> {
    /// A resource that takes every item and maps it to nothing, to test functions that get one.
    ///
    /// ```
    /// use ocean_core::{NoSelector, ResourceConfig};
    ///
    /// let resource = ResourceConfig::new("ticket", NoSelector {});
    /// assert_eq!(resource.query, "true");
    /// ```
    pub fn new(kind: impl Into<Arc<str>>, selector: S) -> Self {
        Self {
            kind: kind.into(),
            index: 0,
            query: "true".to_owned(),
            selector,
            mapping: Arc::new(EntityMapping::new("null", "null")),
            reads: Reads::everything(),
        }
    }

    /// The same resource with a mapping that can read no more than this.
    #[must_use]
    pub fn reading(mut self, reads: Reads) -> Self {
        self.reads = reads;
        self
    }
}

impl ResourceConfig<RawSelector> {
    /// Reads the author's selector type.
    ///
    /// # Errors
    ///
    /// [`InvalidSelector`] with the path of the field that does not fit.
    pub fn with_selector<S: Selector>(&self) -> Result<ResourceConfig<S>, InvalidSelector> {
        let fields = Value::Object(self.selector.0.clone());
        let selector: S = serde_path_to_error::deserialize(fields).map_err(|error| {
            let path = error.path().to_string();
            InvalidSelector {
                path: self.selector_path(if path == "." { "" } else { &path }),
                message: error.into_inner().to_string(),
            }
        })?;
        selector.validate().map_err(|message| InvalidSelector {
            path: self.selector_path(""),
            message,
        })?;
        Ok(ResourceConfig {
            kind: Arc::clone(&self.kind),
            index: self.index,
            query: self.query.clone(),
            selector,
            mapping: Arc::clone(&self.mapping),
            reads: self.reads.clone(),
        })
    }

    fn selector_path(&self, field: &str) -> String {
        let dot = if field.is_empty() { "" } else { "." };
        format!("resources[{}].selector{dot}{field}", self.index)
    }
}

/// A selector that the kind's type does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
#[non_exhaustive]
pub struct InvalidSelector {
    /// Where in the mapping, for example `resources[2].selector.jql`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}
