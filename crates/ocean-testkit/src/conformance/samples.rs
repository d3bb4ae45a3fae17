//! What does only the author know? Live events to try, and listings that come whole: [`Samples`].

use crate::deliver::Webhook;

/// Live events about objects that the simulated source has, and which of its listings have no pages.
#[derive(Default)]
#[must_use]
pub struct Samples<'a> {
    pub(super) whole: Vec<String>,
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
            .field("events", &self.events.len())
            .field("late_deletions", &self.late_deletions.len())
            .field("deletion", &self.deletion.is_some())
            .finish()
    }
}
