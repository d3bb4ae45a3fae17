//! Which processors does an event concern, and in which lanes does it wait?
//!
//! Start with [`Concern::of`]. What authors wrote is asked here for every event that is loaded, so
//! it may do anything, panic included, and the engine goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::lanes::Lane;
use crate::webhook::{ErasedProcessor, WebhookEvent};

/// What the processors of a path say about an event.
#[derive(Debug)]
pub(super) struct Concern {
    /// Those that take part, by their place in the registration.
    pub(super) processors: Vec<usize>,
    pub(super) lanes: Vec<Lane>,
    /// The most events that it may be handled with.
    pub(super) max_batch: usize,
    /// Those that accept the event and cannot handle it, and why.
    pub(super) unfit: Vec<Unfit>,
}

/// A processor whose change would be lost if the others decided about the event alone.
#[derive(Debug, Clone)]
pub(super) struct Unfit {
    /// Its place in the registration.
    pub(super) processor: usize,
    pub(super) reason: String,
}

impl Concern {
    /// Asks the processors of the event's path.
    pub(super) fn of(processors: &[ErasedProcessor], path: &str, event: &WebhookEvent) -> Self {
        let mut concern = Self {
            processors: Vec::new(),
            lanes: Vec::new(),
            max_batch: usize::MAX,
            unfit: Vec::new(),
        };
        for (place, processor) in processors.iter().enumerate() {
            // A panic counts as a refusal, as it does when the event comes in.
            let accepts = || processor.path() == path && processor.accepts(event);
            if guarded(accepts) != Some(true) {
                continue;
            }
            match subject_lane(processor, path, event) {
                Ok(lane) => {
                    concern.lanes.push(lane);
                    concern.max_batch = concern.max_batch.min(processor.max_batch());
                    concern.processors.push(place);
                }
                Err(reason) => concern.unfit.push(Unfit {
                    processor: place,
                    reason,
                }),
            }
        }
        if !concern.unfit.is_empty() {
            // It is going to fail, and should take no others along.
            concern.max_batch = 1;
        }
        concern.lanes.sort_unstable();
        concern.lanes.dedup();
        concern
    }
}

/// Where events of the same subject wait, too; the serial lane of the path when there is none.
fn subject_lane(
    processor: &ErasedProcessor,
    path: &str,
    event: &WebhookEvent,
) -> Result<Lane, String> {
    let place = || format!("kind {}", processor.kinds().join(", "));
    match guarded(|| processor.subject(event)) {
        Some(Ok(Some(subject))) => Ok(Lane(format!("subject {}", subject.as_str()))),
        Some(Ok(None)) => Ok(Lane(format!("path {path}"))),
        Some(Err(error)) => Err(format!(
            "{}: the payload is not understood: {}",
            place(),
            crate::error_chain(&error)
        )),
        None => Err(format!("{}: the processor panicked", place())),
    }
}

/// What an author's function says; `None` when it panics.
pub(super) fn guarded<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}
