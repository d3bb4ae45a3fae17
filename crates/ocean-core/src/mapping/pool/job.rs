//! A batch on its way through the pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::places::Place;
use crate::batch::Batch;
use crate::mapping::evaluation::{Progress, Refusal, STUCK};
use crate::mapping::mapped::{ItemErrorKind, Mapped};
use crate::mapping::resource::{MapOptions, ResourceMapper, Subject};
use crate::mapping::tally::Tally;

/// What to map, how far that has come, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    task: Arc<Task>,
    tally: Tally,
    /// The item at hand, or the next one.
    position: usize,
    /// When the item at hand was begun.
    pub(super) since: Instant,
    reply: oneshot::Sender<Mapped>,
    /// Free again when the job is done, and not only when its asker looks at the answer: askers
    /// that wait for each other must not keep the threads idle.
    _place: Place,
}

/// What a thread needs to work on a job without holding it, so that the watchdog can take it.
#[derive(Debug)]
pub(super) struct Task {
    mapper: Arc<ResourceMapper>,
    batch: Batch,
    options: MapOptions,
    progress: Progress,
}

impl Job {
    pub(super) fn new(
        mapper: Arc<ResourceMapper>,
        batch: Batch,
        options: MapOptions,
        reply: oneshot::Sender<Mapped>,
        place: Place,
    ) -> Self {
        let tally = mapper.tally();
        let task = Task {
            mapper,
            batch,
            options,
            progress: Progress::default(),
        };
        Self {
            task: Arc::new(task),
            tally,
            position: 0,
            since: Instant::now(),
            reply,
            _place: place,
        }
    }

    pub(super) const fn task(&self) -> &Arc<Task> {
        &self.task
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// Whether there is an item left that somebody waits for; if so, its time begins.
    pub(super) fn begin_item(&mut self) -> bool {
        self.since = Instant::now();
        self.position < self.task.batch.len() && !self.reply.is_closed()
    }

    /// Takes over what came of the item at hand.
    pub(super) fn end_item(&mut self, result: &mut Tally) {
        self.tally.absorb(result);
        self.position += 1;
    }

    /// Gives the item at hand up because its thread does not come back from it.
    pub(super) fn abandon_item(&mut self) {
        let mut lost = self.task.mapper.tally();
        let expressions = self.task.mapper.expressions();
        if let Some(expression) = expressions.get(self.task.progress.current()) {
            expression.mark_stuck();
        }
        self.task
            .fail(self.position, ItemErrorKind::Stuck, STUCK, &mut lost);
        self.end_item(&mut lost);
        // The thread that is lost still writes to the progress of the old task.
        self.task = Arc::new(Task {
            mapper: Arc::clone(&self.task.mapper),
            batch: self.task.batch.clone(),
            options: self.task.options,
            progress: Progress::default(),
        });
    }

    /// Answers whoever waits; that they are gone is no matter.
    pub(super) fn finish(self) {
        drop(self.reply.send(self.task.mapper.report(self.tally)));
    }
}

impl Task {
    pub(super) fn tally(&self) -> Tally {
        self.mapper.tally()
    }

    /// Maps one item; a panic is an error of that item.
    pub(super) fn map_item(&self, position: usize, tally: &mut Tally) {
        let Some(item) = self.batch.iter().nth(position) else {
            return;
        };
        let subject = Subject { item, position };
        let mapped = catch_unwind(AssertUnwindSafe(|| {
            self.mapper
                .map_item(subject, self.options, &self.progress, tally);
        }));
        if mapped.is_err() {
            self.fail(
                position,
                ItemErrorKind::Panicked,
                "made the mapper panic",
                tally,
            );
        }
    }

    fn fail(&self, position: usize, kind: ItemErrorKind, message: &str, tally: &mut Tally) {
        let expression = self.mapper.expressions().get(self.progress.current());
        let path = expression
            .map_or("item", |expression| &expression.path)
            .to_owned();
        if let Some(item) = self.batch.iter().nth(position) {
            let refusal = Refusal {
                path,
                kind,
                message: message.to_owned(),
            };
            tally.error(|| Subject { item, position }.error(None, refusal));
        }
    }
}
