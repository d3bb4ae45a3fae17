//! From one resource's functions to the lake.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures::{FutureExt as _, TryStreamExt as _};
use serde_json::Value;

use super::Reading;
use crate::app_config::ResourceMapping;
use crate::batch::{Batch, BatchStream, RawItem};
use crate::error::{ErrorClass, error_chain};
use crate::lake::{LakeError, RawBuffer, RawEntry};
use crate::resync::{ResyncContext, Since};
use crate::sync::fetch::keep_examples;
use crate::sync::progress::Phase;
use crate::sync::report::ResourceReport;

/// What is being read, and what waits to be sent.
struct Kind<'r> {
    resource: &'r ResourceMapping,
    buffer: RawBuffer,
    report: &'r mut ResourceReport,
    examples: Vec<Value>,
    /// How many functions failed.
    failed: usize,
}

impl Reading<'_> {
    /// Reads a resource and forwards what its functions yield, with what is wrong in the report.
    /// Returns how many of its functions failed.
    pub(super) async fn read(&self, report: &mut ResourceReport, since: Option<Since>) -> usize {
        let began = Instant::now();
        let Some(resource) = self.sync.config.resources.get(report.index) else {
            return 0;
        };
        self.sync
            .progress
            .resource(report.index)
            .enter(Phase::Running);
        let mut kind = Kind {
            resource,
            buffer: RawBuffer::new(
                Arc::clone(self.sync.lake),
                self.sync.options.lake_buffer,
                self.id,
                Arc::clone(&resource.kind),
                self.sync.origin(),
            ),
            report: &mut *report,
            examples: Vec::new(),
            failed: 0,
        };
        let read = AssertUnwindSafe(self.run_functions(&mut kind, since));
        let panicked = read.catch_unwind().await.is_err();
        let (sent, examples) = (kind.buffer.sent(), std::mem::take(&mut kind.examples));
        let failed = kind.failed + usize::from(panicked);
        if panicked {
            let reason = "its resync function panicked".to_owned();
            report.incomplete.push(reason);
        }
        report.counts.forwarded = sent;
        report.duration = began.elapsed();
        if !examples.is_empty() && !self.stop.is_cancelled() {
            let store = self.sync.store;
            self.background
                .send_examples(store, &resource.kind, examples);
        }
        tracing::info!(
            kind = %resource.kind,
            index = report.index,
            fetched = report.counts.fetched,
            forwarded = sent,
            complete = report.incomplete.is_empty(),
            "resource forwarded"
        );
        failed
    }

    async fn run_functions(&self, kind: &mut Kind<'_>, since: Option<Since>) {
        let scope = self.scope.for_resource().since(since);
        // Nobody here knows what the other side reads of an item, so that all of it is asked for.
        let config = kind.resource.config(kind.report.index);
        let cx = ResyncContext::new(config, scope.clone());
        let functions = self.sync.registry.resyncs(&kind.resource.kind);
        if functions.is_empty() {
            kind.incomplete("no function of this integration reads the kind");
        }
        for function in functions {
            let stream = match function.start(&cx) {
                Ok(stream) => stream,
                Err(error) => {
                    kind.incomplete(error.to_string());
                    continue;
                }
            };
            if let Err(error) = self.forward(kind, stream).await {
                return self.not_arrived(kind, &error);
            }
        }
        if self.stop.is_cancelled() {
            return;
        }
        if let Err(error) = kind.buffer.flush().await {
            self.not_arrived(kind, &error);
        }
        for reason in scope.incomplete_reasons() {
            kind.incomplete(reason);
        }
    }

    async fn forward(&self, kind: &mut Kind<'_>, mut stream: BatchStream) -> Result<(), LakeError> {
        loop {
            let next = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                next = stream.try_next() => next,
            };
            match next {
                Ok(Some(batch)) => self.take(kind, batch).await?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    let is_refused = error.class() == ErrorClass::Unauthorized;
                    self.unauthorized.fetch_or(is_refused, Ordering::Relaxed);
                    kind.failed += 1;
                    kind.incomplete(error_chain(&error));
                    return Ok(());
                }
            }
        }
    }

    async fn take(&self, kind: &mut Kind<'_>, batch: Batch) -> Result<(), LakeError> {
        let options = self.sync.options;
        if options.send_examples {
            keep_examples(&mut kind.examples, &batch);
        }
        let all = batch.len();
        let items: Vec<RawItem> = batch.into_iter().filter(RawItem::is_object).collect();
        kind.report.counts.fetched += all;
        kind.report.counts.failed_to_map += all - items.len();
        if items.len() < all {
            kind.incomplete("some items are not objects");
        }
        let progress = self.sync.progress.resource(kind.report.index);
        progress.add_fetched(all);
        let index = kind.report.index;
        let entry = RawEntry::new(kind.resource, index, items, &options.environment);
        let before = kind.buffer.sent();
        let added = kind.buffer.add(entry).await;
        progress.add_written(kind.buffer.sent() - before);
        added
    }

    fn not_arrived(&self, kind: &mut Kind<'_>, error: &LakeError) {
        match error {
            LakeError::Stale => self.ended_by_other_side(),
            LakeError::Failed(_) => {
                self.note_refusal(error);
                kind.incomplete(format!("raw items did not arrive: {}", error_chain(error)));
            }
        }
    }
}

impl Kind<'_> {
    fn incomplete(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if !self.report.incomplete.contains(&reason) {
            self.report.incomplete.push(reason);
        }
    }
}
