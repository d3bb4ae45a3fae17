//! How many jobs the pool holds at most.
//!
//! Start with [`Places`].

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places for jobs, at work or waiting.
///
/// A place that becomes free is offered to everybody who waits, in no order. A fair queue would
/// hand it to the one who waited longest, who may be a future that nobody polls because its owner
/// waits for another job of this very pool.
#[derive(Debug, Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    freed: Arc<Notify>,
}

impl Places {
    pub(super) fn new(number: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(number)),
            freed: Arc::default(),
        }
    }

    pub(super) async fn take(&self) -> Place {
        loop {
            // Made before the look, so that a place freed in between is not missed.
            let freed = self.freed.notified();
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Place {
                    permit: Some(permit),
                    freed: Arc::clone(&self.freed),
                };
            }
            freed.await;
        }
    }
}

/// One place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit.take();
        self.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_waiter_that_nobody_polls_does_not_keep_a_place_from_others() {
        let places = Places::new(1);
        let taken = places.take().await;
        let forgotten = places.take();
        futures::pin_mut!(forgotten);
        assert!(forgotten.as_mut().now_or_never().is_none());
        let other = places.take();
        futures::pin_mut!(other);
        assert!(other.as_mut().now_or_never().is_none());
        drop(taken);
        assert!(other.now_or_never().is_some());
    }
}
