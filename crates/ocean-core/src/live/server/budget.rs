//! How many bytes of bodies are held at a time? As many as the [`Budget`] has.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every body may have without asking. Usual events are smaller, so a few senders of large
/// bodies cannot keep them out.
pub(super) const FREE: usize = 64 << 10;

/// Permits stand for this many bytes, since there are fewer permits than bytes in a large budget.
const UNIT: usize = 1024;

/// Bytes for bodies that are larger than [`FREE`].
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(units)))
    }

    /// The share of one request, which holds nothing yet.
    pub(super) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
            held: None,
        }
    }

    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.available_permits() * UNIT
    }
}

/// What one request holds of the budget; it is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    bytes: usize,
    held: Option<OwnedSemaphorePermit>,
}

/// The budget is spent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spent;

impl Share {
    /// Takes some more bytes.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Spent> {
        let bytes = self.bytes.saturating_add(bytes);
        let wanted = bytes.saturating_sub(FREE).div_ceil(UNIT);
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted > held {
            self.take(wanted - held)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    fn take(&mut self, units: usize) -> Result<(), Spent> {
        let units = u32::try_from(units).map_err(|_too_many| Spent)?;
        let more = Arc::clone(&self.budget.0)
            .try_acquire_many_owned(units)
            .map_err(|_none_left| Spent)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_free_and_large_ones_give_back_what_they_took() {
        let budget = Budget::new(8 * UNIT);
        let mut small = budget.share();
        let mut large = budget.share();

        assert_eq!(small.grow(FREE), Ok(()));
        assert_eq!(budget.left(), 8 * UNIT);

        assert_eq!(large.grow(FREE + 1), Ok(()));
        assert_eq!(large.grow(4 * UNIT), Ok(()));
        assert_eq!(budget.left(), 3 * UNIT);
        assert_eq!(large.grow(4 * UNIT), Err(Spent));
        assert_eq!(small.grow(FREE), Err(Spent));

        drop(large);
        assert_eq!(budget.left(), 8 * UNIT);
    }
}
