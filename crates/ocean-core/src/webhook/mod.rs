//! Live events: what authors write to handle them.
//!
//! Start with [`WebhookProcessor`].

mod erased;
mod event;
mod signature;

use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;

pub use self::erased::ErasedProcessor;
pub use self::event::WebhookEvent;
pub use self::signature::Signature;
use crate::batch::RawItem;
use crate::error::SourceError;
use crate::kind::Kind;
use crate::resource::{ResourceConfig, Selector};

/// Turns the events of a webhook into changes of the catalog.
///
/// # Who calls it, when
///
/// `accepts`, `authenticate` if it is concerned, and `delivery_id` once per request, before it is
/// answered; `subject` and `supersedes` while the
/// event waits; `handle` once per matching resource of the mapping, with up to
/// [`MAX_BATCH`](Self::MAX_BATCH) waiting events of different subjects. A failed batch is split
/// before attempts count, a retryable error is tried again with backoff, a permanent one makes
/// the events dead letters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not process webhook events for `{App}`",
    label = "this type must implement `WebhookProcessor<{App}>`"
)]
pub trait WebhookProcessor<App>: Send + Sync + 'static {
    /// The integration's kinds.
    type Kind: Kind;
    /// What `handle` needs of the payload; an event that does not parse into it is refused.
    type Payload: DeserializeOwned + Send + 'static;
    /// The selector of the kinds it feeds.
    type Selector: Selector;

    /// The kinds whose resources its changes are mapped with.
    const KINDS: &'static [Self::Kind];
    /// How many events `handle` takes at once; more than one when the source can be asked for
    /// many objects in one request.
    const MAX_BATCH: usize = 1;

    /// Whether the request comes from the third-party system. There is no default on purpose.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`] with the reason; the sender gets 401 and nothing is queued.
    fn authenticate(&self, app: &App, event: &WebhookEvent) -> Result<(), Unauthenticated>;

    /// Whether this processor is concerned.
    fn accepts(&self, event: &WebhookEvent) -> bool;

    /// The source object that the event is about, by an id that never changes. Events of one
    /// subject are handled in order; events without one are handled one after another.
    fn subject(&self, payload: &Self::Payload) -> Option<Subject>;

    /// What tells one delivery of an event from its repetition, usually a header. An event whose
    /// identifier came before (within 24 hours) is answered and dropped. Without one, the default,
    /// a repetition is handled again, which changes nothing but costs a request.
    fn delivery_id(&self, _event: &WebhookEvent) -> Option<String> {
        None
    }

    /// Whether handling `newer` alone gives the same catalog as handling `older` and then `newer`.
    ///
    /// Asked of two waiting events of one subject; `true` drops the older one, which then shares
    /// the outcome of the newer. It is right when `handle` asks the source how the object is now,
    /// and wrong when `older` carries something that `newer` does not, such as the key an object
    /// had before it moved. The default is `false`: every event is handled.
    fn supersedes(&self, _newer: &Self::Payload, _older: &Self::Payload) -> bool {
        false
    }

    /// Says what changed, for one resource of the mapping. The events are of different subjects.
    ///
    /// An item that is both updated and deleted in the answer counts as updated. Dropping the
    /// future must do no harm: an event that takes too long is handled again.
    ///
    /// # Errors
    ///
    /// A retryable error is tried again for as long as it may pass, a permanent one makes the
    /// event a dead letter.
    fn handle(
        &self,
        app: &App,
        events: Vec<Self::Payload>,
        resource: &ResourceConfig<Self::Selector>,
    ) -> impl Future<Output = Result<Changes, SourceError>> + Send;
}

/// The source object of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

impl Subject {
    /// An object of some type (`issue`) with an id that never changes.
    pub fn new(object: &str, id: impl fmt::Display) -> Self {
        Self(format!("{object}:{id}"))
    }

    /// Its text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What events changed, as raw items that the mapping turns into entities.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Changes {
    /// Items as they are now.
    pub updated: Vec<RawItem>,
    /// Items that are gone, as they were.
    pub deleted: Vec<RawItem>,
}

impl Changes {
    /// Nothing changed.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These items are as given.
    pub fn updated<T: Into<RawItem>>(items: impl IntoIterator<Item = T>) -> Self {
        Self {
            updated: items.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// These items are gone.
    pub fn deleted<T: Into<RawItem>>(items: impl IntoIterator<Item = T>) -> Self {
        Self {
            deleted: items.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Both sets of changes.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.updated.extend(other.updated);
        self.deleted.extend(other.deleted);
        self
    }
}

/// The request did not prove where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unauthenticated(pub String);
