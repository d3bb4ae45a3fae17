//! What does only the author know? Live events to try, and habits of the source: [`Samples`].

use crate::deliver::Webhook;

/// Live events about objects that the simulated source has, and what is right with this source only.
#[derive(Default)]
#[must_use]
pub struct Samples<'a> {
    pub(super) whole: Vec<String>,
    pub(super) gone: Option<String>,
    pub(super) events: Vec<Webhook>,
    pub(super) late_deletions: Vec<Webhook>,
    pub(super) deletion: Option<(Webhook, Box<dyn Fn() + Send + Sync + 'a>)>,
}

impl<'a> Samples<'a> {
    /// No live events.
    pub fn none() -> Self {
        Self::default()
    }

    /// The system gives the listing at this path at once, whatever its length, so that there is no
    /// second page to be seen. It stands for all paths that are as long and begin and end alike.
    pub fn whole(mut self, path: impl Into<String>) -> Self {
        self.whole.push(path.into());
        self
    }

    /// The integration takes a 404 without a word for "this is gone", and this is why that is right.
    ///
    /// What a 404 hides is then deleted, be it that of a proxy or of a permission that was lost, so
    /// prefer what the source says in its answer, or
    /// [`ResyncContext::incomplete`](ocean_core::ResyncContext::incomplete).
    pub fn missing_is_gone(mut self, reason: impl Into<String>) -> Self {
        self.gone = Some(reason.into());
        self
    }

    /// A genuine event about an object that exists, such as an update of it.
    pub fn event(mut self, webhook: Webhook) -> Self {
        self.events.push(webhook);
        self
    }

    /// An event that says that an object is gone, which exists all the same: events can be late.
    pub fn late_deletion(mut self, webhook: Webhook) -> Self {
        self.late_deletions.push(webhook);
        self
    }

    /// How an object is deleted in the source, and the event that then comes.
    pub fn deletion(mut self, webhook: Webhook, delete: impl Fn() + Send + Sync + 'a) -> Self {
        self.deletion = Some((webhook, Box::new(delete)));
        self
    }
}

impl std::fmt::Debug for Samples<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Samples")
            .field("whole", &self.whole)
            .field("gone", &self.gone)
            .field("events", &self.events.len())
            .field("late_deletions", &self.late_deletions.len())
            .field("deletion", &self.deletion.is_some())
            .finish()
    }
}
