//! What comes of a batch that was handled: the end of its events, another attempt, or a wait.
//!
//! Start with [`Dispatcher::settle`].

use std::time::SystemTime;

use tokio::task::JoinError;
use tokio::time::Instant;

use super::dispatch::{Dispatcher, Handled, Progress, QUEUE_PAUSE};
use super::failure::{Failure, FailureKind, MAX_ATTEMPTS, delay_before, delay_in_outage};
use super::lanes::Waiting;
use super::queue::Ending;

impl Dispatcher {
    /// Decides what comes of the events of a batch.
    pub(super) async fn settle(
        &self,
        progress: &mut Progress,
        handled: Result<Handled, JoinError>,
    ) {
        let Ok(handled) = handled else {
            // Panics were caught; the runtime is going down, and the events stay in the queue.
            return;
        };
        let Handled {
            batch,
            outcome,
            others_succeeded,
        } = handled;
        match outcome {
            Ok(ending) => {
                progress.outage.note_success();
                for event in batch {
                    end(progress, &event, &ending);
                }
            }
            Err(failure) => {
                self.settle_failed(progress, batch, &failure, others_succeeded)
                    .await;
            }
        }
    }

    async fn settle_failed(
        &self,
        progress: &mut Progress,
        batch: Vec<Waiting>,
        failure: &Failure,
        others_succeeded: bool,
    ) {
        let counts = match failure.kind {
            FailureKind::Again => return put_back(progress, batch, |event| event.due = None),
            FailureKind::Passing => others_succeeded && failure.not_before.is_none(),
            FailureKind::Attempt | FailureKind::Permanent => true,
        };
        if !counts {
            return put_off(progress, batch, failure);
        }
        if failure.kind > FailureKind::Passing {
            progress.outage.note_other_failure();
        }
        if batch.len() > 1 {
            // One of them is to blame: it is found by halves, before attempts count.
            let half = batch.len().div_ceil(2);
            tracing::debug!(
                events = batch.len(),
                error = failure.reason,
                "a batch of live events is split"
            );
            return put_back(progress, batch, |event| {
                event.max_batch = event.max_batch.min(half);
            });
        }
        for event in batch {
            self.settle_alone(progress, event, failure).await;
        }
    }

    /// An event that failed by itself: another attempt, or the end.
    async fn settle_alone(&self, progress: &mut Progress, mut event: Waiting, failure: &Failure) {
        event.attempts += 1;
        if failure.kind == FailureKind::Permanent || event.attempts >= MAX_ATTEMPTS {
            tracing::error!(
                seq = event.seq,
                attempts = event.attempts,
                error = failure.reason,
                "a live event became a dead letter"
            );
            let ending = Ending::Dead {
                reason: failure.reason.clone(),
                attempts: event.attempts,
            };
            end(progress, &event, &ending);
            return;
        }
        tracing::warn!(
            seq = event.seq,
            attempts = event.attempts,
            error = failure.reason,
            "a live event is tried again"
        );
        if let Err(error) = self.queue.note_attempts(event.seq, event.attempts).await {
            tracing::warn!(%error, "the attempts of a live event could not be noted");
        }
        event.due = Some(Instant::now() + delay_before(event.attempts));
        progress.lanes.put_back(event);
    }

    /// Tells the queue what ended. Until it knows, the events would be handled again after a
    /// restart, which does no harm.
    pub(super) async fn note_ended(&self, progress: &mut Progress) {
        if progress.ended.is_empty() || progress.pause.is_some() {
            return;
        }
        match self.queue.end(progress.ended.clone()).await {
            Ok(()) => progress.ended.clear(),
            Err(error) => {
                tracing::error!(%error, "the end of live events could not be noted");
                progress.pause = Some(Instant::now() + QUEUE_PAUSE);
            }
        }
    }
}

fn end(progress: &mut Progress, event: &Waiting, ending: &Ending) {
    let seqs = event.seqs();
    progress.ended.extend(seqs.map(|seq| (seq, ending.clone())));
    progress.lanes.done(event.seq);
}

fn put_back(progress: &mut Progress, batch: Vec<Waiting>, change: impl Fn(&mut Waiting)) {
    for mut event in batch {
        change(&mut event);
        progress.lanes.put_back(event);
    }
}

/// The other side is not there: the events wait for it, and spend nothing.
fn put_off(progress: &mut Progress, batch: Vec<Waiting>, failure: &Failure) {
    tracing::warn!(
        events = batch.len(),
        error = failure.reason,
        "live events wait for the other side"
    );
    if let Some(first) = batch.first() {
        progress.outage.note_failure(first.seq);
    }
    let announced = failure
        .not_before
        .and_then(|at| at.duration_since(SystemTime::now()).ok());
    put_back(progress, batch, |event| {
        let delay = announced.unwrap_or_else(|| delay_in_outage(event.delays));
        event.due = Some(Instant::now() + delay);
        event.delays += 1;
    });
}
