//! The resyncs of a process that stays up: the engine's runs, told to Port and to whoever watches.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::runs::Runs;
use super::status::Status;
use super::told::ToldResyncs;
use super::trigger::Trigger;
use crate::error::error_chain;
use crate::live::LiveEngine;
use crate::sync::{Progress, ResyncError, ResyncReport};

/// A resync of a process that stays up has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResyncEnd<'r> {
    /// Why it ran.
    pub trigger: Trigger,
    /// What it had done.
    pub progress: &'r Progress,
    /// As [`ToldResyncs::run`] returned it.
    pub ended: &'r Result<Option<ResyncReport>, ResyncError>,
}

/// What is called at the end of each resync, and awaited before the next one begins.
#[derive(Clone)]
pub(super) struct Observer(Arc<Observe>);

type Observe = dyn for<'e> Fn(&'e ResyncEnd<'e>) -> BoxFuture<'e, ()> + Send + Sync;

impl Observer {
    pub(super) fn new(
        observe: impl for<'e> Fn(&'e ResyncEnd<'e>) -> BoxFuture<'e, ()> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(observe))
    }

    /// Tells of an end, and waits for what is made of it unless the process is to stop.
    async fn tell(&self, end: &ResyncEnd<'_>, stop: &CancellationToken) {
        tokio::select! {
            biased;
            () = (self.0)(end) => {}
            () = stop.cancelled() => {}
        }
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new(|_| Box::pin(std::future::ready(())))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// The runs of one process.
#[derive(Debug)]
pub(super) struct Resyncs<'r> {
    pub(super) told: &'r ToldResyncs,
    pub(super) status: &'r Status,
    pub(super) observer: &'r Observer,
    /// What has to know that the mapping may have changed.
    pub(super) live: &'r LiveEngine,
    pub(super) stop: &'r CancellationToken,
    /// The progress of the present run, or of the last one.
    pub(super) present: Mutex<Progress>,
}

impl Resyncs<'_> {
    /// Runs one incremental sync. Port is not told of it.
    pub(super) async fn sync_incrementally(&self, interval: Duration) {
        let progress = Progress::default();
        let told = self.told;
        let ended = told.sync_incrementally(interval, &progress, self.stop, self.stop);
        let ended = Box::pin(ended).await;
        self.status
            .incremental_ended(ended.as_ref().map(Option::as_ref));
        let end = ResyncEnd {
            trigger: Trigger::Incremental,
            progress: &progress,
            ended: &ended,
        };
        self.observer.tell(&end, self.stop).await;
    }

    /// Port asks for a resync when somebody saved the mapping.
    fn refresh_mapping(&self) {
        self.live.refresh_mapping();
    }
}

impl Runs for Resyncs<'_> {
    async fn run(&self, trigger: Trigger, cancel: &CancellationToken) {
        let progress = Progress::default();
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = progress.clone();
        self.status.resync_began(trigger);
        tracing::info!(?trigger, "a resync was asked for");
        self.refresh_mapping();
        let ended = Box::pin(self.told.run(&progress, cancel, self.stop)).await;
        match &ended {
            Err(error @ ResyncError::Catalog(_)) => self.status.port_failed(error_chain(error)),
            _ => self.status.port_answered(),
        }
        self.status.resync_ended(ended.as_ref().map(Option::as_ref));
        let end = ResyncEnd {
            trigger,
            progress: &progress,
            ended: &ended,
        };
        self.observer.tell(&end, self.stop).await;
    }

    async fn is_outdated(&self) -> bool {
        self.refresh_mapping();
        let present = self
            .present
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.told.engine().is_outdated(&present).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn tell(observer: &Observer, stop: &CancellationToken) {
        let end = ResyncEnd {
            trigger: Trigger::Start,
            progress: &Progress::default(),
            ended: &Ok(None),
        };
        observer.tell(&end, stop).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_resync_waits_for_what_is_made_of_the_last_one() {
        let observer = Observer::new(|_| Box::pin(tokio::time::sleep(Duration::from_secs(60))));
        let began = tokio::time::Instant::now();
        tell(&observer, &CancellationToken::new()).await;
        assert_eq!(began.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_to_stop_tells_of_the_end_and_waits_for_nothing() {
        let (told, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        stop.cancel();
        let count = Arc::clone(&told);
        let observer = Observer::new(move |_| {
            let count = Arc::clone(&count);
            Box::pin(async move {
                count.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            })
        });
        tell(&observer, &stop).await;
        assert_eq!(told.load(Ordering::SeqCst), 1);
    }
}
