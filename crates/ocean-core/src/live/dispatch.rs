//! From the queue to the catalog: loads events, hands out batches, decides what comes of each.
//!
//! Start with [`Dispatcher::run`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::apply::Applier;
use super::concern::{Concern, guarded};
use super::entities::map_answers;
use super::failure::{Failure, FailureKind, Outage};
use super::forward::RawSide;
use super::handle::{Answers, Handler};
use super::lanes::{Lanes, Next, Waiting};
use super::mapping::LiveMapping;
use super::queue::{Ending, EventQueue, NewEvent, QueuedEvent};
use crate::fingerprint::Fingerprint;
use crate::lake::Routing;
use crate::mapping::MapperPool;
use crate::webhook::WebhookEvent;

/// Events in memory; the others stay in the queue. Enough to merge what one burst repeats.
const MAX_EVENTS: usize = 4096;
/// Bytes of bodies in memory.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long to wait before the queue is asked again after it failed.
pub(super) const QUEUE_PAUSE: Duration = Duration::from_secs(1);

/// Everything that batches are handled with.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) queue: Arc<dyn EventQueue>,
    pub(super) arrived: Arc<Notify>,
    pub(super) handler: Handler,
    pub(super) mapping: Arc<LiveMapping>,
    pub(super) pool: Arc<MapperPool>,
    pub(super) raw: RawSide,
    pub(super) applier: Applier,
    /// Batches that are handled side by side.
    pub(super) workers: usize,
    /// Batches that ended well; failures that happen while it grows are not those of an outage.
    pub(super) successes: AtomicU64,
}

/// A batch that was handled, well or not.
pub(super) struct Handled {
    pub(super) batch: Vec<Waiting>,
    pub(super) outcome: Result<Ending, Failure>,
    /// Whether another batch ended well since this one failed last, so that the other side is
    /// there.
    pub(super) others_succeeded: bool,
}

/// What the loop of [`Dispatcher::run`] knows.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) lanes: Lanes,
    /// The last sequence number that was loaded.
    loaded: u64,
    /// Whether the queue may hold more than was loaded.
    more: bool,
    /// Ended events that the queue has not taken note of.
    pub(super) ended: Vec<(u64, Ending)>,
    pub(super) outage: Outage,
    /// The queue is not asked before this moment.
    pub(super) pause: Option<Instant>,
}

impl Progress {
    /// A pause that is over would wake the loop again and again.
    fn end_pause(&mut self) {
        self.pause = self.pause.filter(|pause| *pause > Instant::now());
    }
}

impl Dispatcher {
    /// Handles events until it is stopped; then those under way are handled to their end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops batches where they are; their events stay in the queue.
    pub(super) async fn run(self: &Arc<Self>, stop: &CancellationToken) {
        let mut progress = Progress {
            more: true,
            ..Progress::default()
        };
        let mut batches = JoinSet::new();
        while !stop.is_cancelled() {
            progress.end_pause();
            self.note_ended(&mut progress).await;
            self.load(&mut progress).await;
            let wake = self.start_batches(&mut progress, &mut batches);
            let wake = wake.into_iter().chain(progress.pause).min();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(handled) = batches.join_next() => self.settle(&mut progress, handled).await,
                () = self.arrived.notified() => progress.more = true,
                () = tokio::time::sleep_until(wake.unwrap_or_else(far)), if wake.is_some() => {}
            }
        }
        while let Some(handled) = batches.join_next().await {
            self.settle(&mut progress, handled).await;
        }
        // There is no later time to note it.
        progress.pause = None;
        self.note_ended(&mut progress).await;
    }

    fn start_batches(
        self: &Arc<Self>,
        progress: &mut Progress,
        batches: &mut JoinSet<Handled>,
    ) -> Option<Instant> {
        while batches.len() < self.workers {
            let now = Instant::now();
            let next = match progress.outage.until() {
                Some(until) if until > now => return Some(until),
                Some(_) if !batches.is_empty() => return None,
                Some(_) => progress.lanes.probe(now),
                None => progress.lanes.next(now),
            };
            match next {
                Next::Batch(batch) => {
                    let dispatcher = Arc::clone(self);
                    batches.spawn(async move { dispatcher.process(batch).await });
                }
                Next::At(moment) => return Some(moment),
                Next::Nothing => return None,
            }
        }
        None
    }

    /// Fills the memory from the queue.
    async fn load(&self, progress: &mut Progress) {
        loop {
            let (events, bytes) = progress.lanes.size();
            if !progress.more
                || progress.pause.is_some()
                || events >= MAX_EVENTS
                || bytes >= MAX_BYTES
            {
                return;
            }
            let room = (MAX_EVENTS - events).min(512);
            match self
                .queue
                .load(progress.loaded, room, MAX_BYTES - bytes)
                .await
            {
                Ok(loaded) => {
                    progress.more = !loaded.is_empty();
                    for queued in loaded {
                        progress.loaded = queued.seq;
                        self.take_in(progress, queued);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "waiting live events cannot be read");
                    progress.pause = Some(Instant::now() + QUEUE_PAUSE);
                }
            }
        }
    }

    fn take_in(&self, progress: &mut Progress, queued: QueuedEvent) {
        let seq = queued.seq;
        match self.waiting(queued) {
            Ok(Some(waiting)) => {
                progress
                    .lanes
                    .add(waiting, |newer, older| self.supersedes(newer, older));
            }
            Ok(None) => progress.ended.push((seq, Ending::Filtered)),
            Err(reason) => {
                let attempts = 0;
                progress
                    .ended
                    .push((seq, Ending::Dead { reason, attempts }));
            }
        }
    }

    /// The event with who handles it; `None` when nobody does.
    fn waiting(&self, queued: QueuedEvent) -> Result<Option<Waiting>, String> {
        let QueuedEvent {
            seq,
            attempts,
            event,
        } = queued;
        let NewEvent {
            path,
            headers,
            body,
            received_at,
            ..
        } = event;
        let mut event = WebhookEvent::new(header_map(headers), body)
            .map_err(|error| format!("the body is not JSON: {error}"))?;
        let Concern {
            processors,
            lanes,
            max_batch,
            unfit,
        } = Concern::of(&self.handler.processors, &path, &event);
        if processors.is_empty() {
            let unfit = unfit.into_iter().next();
            return unfit.map_or(Ok(None), |unfit| Err(unfit.reason));
        }
        event.forget_payload();
        Ok(Some(Waiting {
            seq,
            carried: Vec::new(),
            event,
            path: path.into(),
            received_at,
            processors,
            unfit,
            max_batch,
            lanes,
            attempts,
            delays: 0,
            failed_at: None,
            due: None,
            since: Instant::now(),
            order: seq,
        }))
    }

    fn supersedes(&self, newer: &Waiting, older: &Waiting) -> bool {
        let mut processors = newer
            .processors
            .iter()
            .filter_map(|place| self.handler.processors.get(*place));
        // What a processor cannot handle must not end as if it had been handled.
        older.unfit.is_empty()
            && processors.all(|processor| {
                guarded(|| processor.supersedes(&newer.event, &older.event)) == Some(true)
            })
    }

    async fn process(&self, mut batch: Vec<Waiting>) -> Handled {
        let now = self.successes.load(Ordering::Relaxed);
        let before = batch.iter().map(|event| event.failed_at.unwrap_or(now));
        let before = before.max().unwrap_or(now);
        let handled = AssertUnwindSafe(self.handle(&batch)).catch_unwind().await;
        let outcome = handled.unwrap_or_else(|_panic| {
            let reason = "handling it panicked";
            Err(Failure::new(FailureKind::Attempt, reason))
        });
        let now = self.successes.load(Ordering::Relaxed);
        let others_succeeded = now > before;
        for event in &mut batch {
            event.failed_at = Some(now);
        }
        if outcome.is_ok() {
            self.successes.fetch_add(1, Ordering::Relaxed);
        }
        Handled {
            batch,
            outcome,
            others_succeeded,
        }
    }

    /// What the events of a batch write is about the same fields as what others write that concern
    /// the same processors.
    fn writer(&self, batch: &[Waiting]) -> Fingerprint {
        let processors = batch.first().map(|event| &event.processors);
        let prints = self.applier.fence.prints();
        prints.of("", &format!("{processors:?}"))
    }

    async fn handle(&self, batch: &[Waiting]) -> Result<Ending, Failure> {
        // Before anything is asked: mapping and content are at least as new as the ticket.
        let ticket = self.applier.fence.ticket(self.writer(batch));
        let routing = self.raw.routing().await;
        let Some(checked) = self.mapping.get(self.applier.fence.last_run()).await? else {
            return Ok(Ending::Filtered);
        };
        let Answers {
            given,
            failure,
            is_filtered,
        } = self
            .handler
            .ask(batch, &checked, routing.shows_raw_items())
            .await;
        if is_filtered {
            return Ok(Ending::Filtered);
        }
        // While it may pass, nothing is applied by halves.
        if let Some(failure) = failure
            .clone()
            .filter(|failure| failure.kind < FailureKind::Permanent)
        {
            return Err(failure);
        }
        let received_at = batch.iter().map(|event| event.received_at).min();
        let received_at = received_at.unwrap_or_else(SystemTime::now);
        match routing {
            Routing::Local => {}
            Routing::Copied => self.raw.copy(&checked.config, &given, received_at).await,
            Routing::Forwarded => {
                let write = self.raw.write(&checked.config, &given, received_at);
                write.await?;
                return failure.map_or(Ok(Ending::Applied), Err);
            }
        }
        let mut wanted = map_answers(&self.pool, &checked, given).await;
        wanted.failure = Failure::either(failure, wanted.failure);
        self.applier.apply(&checked.config, &ticket, wanted).await?;
        Ok(Ending::Applied)
    }
}

fn header_map(headers: Vec<(String, String)>) -> HeaderMap {
    let headers = headers.into_iter().filter_map(|(name, value)| {
        Some((
            HeaderName::try_from(name).ok()?,
            HeaderValue::try_from(value).ok()?,
        ))
    });
    headers.collect()
}

/// A moment that never comes; only asked for when there is nothing to wait for.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
