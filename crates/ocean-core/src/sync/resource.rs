//! One resource of the mapping, from its first request to its last answer.
//!
//! Start with [`sync_resource`].

use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;

use super::content::MappedFields;
use super::fetch::{Fetched, Fetcher};
use super::load::Loader;
use super::plan::Target;
use super::progress::Phase;
use super::report::{NullField, ResourceReport};
use super::run::{Run, Tally};
use crate::catalog::Blueprint;
use crate::mapping::{self, MapError, Mapped};

/// Reads, maps and writes one resource. Its errors are in the report and bar deletions; they never
/// stop another resource.
pub(super) async fn sync_resource(run: Arc<Run>, index: usize) -> ResourceReport {
    let started = Instant::now();
    // Whatever happens here, even a panic: those who wait for their turn go on.
    let _loaded = run
        .loaded
        .get(index)
        .cloned()
        .map(tokio_util::sync::CancellationToken::drop_guard);
    let Some(config) = run.config.resources.get(index) else {
        return ResourceReport::default();
    };
    let progress = run.progress.resource(index);
    progress.enter(Phase::Running);
    run.metrics.resource_began(index);
    let mut sync = ResourceSync::new(Arc::clone(&run), index);
    if run.registry.resyncs(&config.kind).is_empty() {
        let known: Vec<&str> = run.registry.kinds().collect();
        sync.loader.tally.incomplete.push(format!(
            "kind `{}` is not known to this integration, which knows {}",
            config.kind,
            known.join(", ")
        ));
    } else {
        sync.run_to_end().await;
    }
    let failed_reads = sync.failed_reads;
    let mut report = sync.report().await;
    report.duration = started.elapsed();
    run.metrics.resource_ended(&report.measured(failed_reads));
    let done = report.incomplete.is_empty();
    progress.enter(if done { Phase::Done } else { Phase::Incomplete });
    tracing::info!(
        kind = %config.kind,
        index,
        fetched = report.counts.fetched,
        created = report.counts.created,
        updated = report.counts.updated,
        unchanged = report.counts.unchanged,
        complete = done,
        "resource loaded"
    );
    report
}

struct ResourceSync {
    run: Arc<Run>,
    index: usize,
    loader: Loader,
    keys: Keys,
    misconfigured: NullFields,
    failed_reads: usize,
}

/// How many items gave no key, and why.
#[derive(Default)]
struct Keys {
    mapped: usize,
    missing: usize,
    failed: usize,
}

/// Fields that were null, over all batches.
#[derive(Default)]
struct NullFields(IndexMap<String, mapping::Misconfigured>);

impl NullFields {
    fn note(&mut self, found: mapping::Misconfigured) {
        match self.0.get_mut(&found.path) {
            Some(known) => {
                known.count += found.count;
                known.failed += found.failed;
                known.error = known.error.take().or(found.error);
            }
            None => {
                self.0.insert(found.path.clone(), found);
            }
        }
    }

    /// For the report; `known` says which fields the blueprint requires.
    fn into_report(self, known: Option<&Blueprint>) -> Vec<NullField> {
        self.0
            .into_values()
            .map(|found| NullField {
                required: known.is_some_and(|known| known.requires(&found.path)),
                field: found.path,
                expression: found.expression,
                items: found.count,
                failed: found.failed,
                error: found.error,
            })
            .collect()
    }
}

impl ResourceSync {
    fn new(run: Arc<Run>, index: usize) -> Self {
        let fields = run
            .config
            .resources
            .get(index)
            .map(|resource| MappedFields::of(&resource.mapping))
            .unwrap_or_default();
        let loader = Loader::new(Arc::clone(&run), index, fields);
        Self {
            run,
            index,
            loader,
            keys: Keys::default(),
            misconfigured: NullFields::default(),
            failed_reads: 0,
        }
    }

    async fn run_to_end(&mut self) {
        let run = Arc::clone(&self.run);
        let mut batches = Fetcher::start(&run, self.index);
        tokio::select! {
            biased;
            () = run.stop.cancelled() => {}
            () = run.turn_of(self.index) => {}
        }
        loop {
            let next = tokio::select! {
                biased;
                () = run.stop.cancelled() => None,
                next = batches.next() => next,
            };
            match next {
                Some(Ok(mapped)) => self.take(mapped).await,
                Some(Err(error)) => self.unmapped_batch(&error),
                None => break,
            }
        }
        self.loader.finish().await;
        if run.stop.is_cancelled() {
            self.loader.tally.incomplete("it was stopped");
        }
        let fetched = batches.finish().await;
        self.end_of_data(fetched);
    }

    async fn take(&mut self, mapped: Mapped) {
        let tally = &mut self.loader.tally;
        let failed = mapped.errors.total + mapped.unsplit.failed + mapped.unsplit.not_a_list;
        tally.counts.fetched += mapped.raw;
        tally.counts.filtered += mapped.filtered;
        tally.counts.unmapped += mapped.skipped.items + mapped.unsplit.null;
        tally.counts.failed_to_map += failed;
        self.keys.mapped += mapped.passed.len();
        self.keys.missing += mapped.skipped.items + mapped.unsplit.null;
        self.keys.failed += mapped.skipped.identifier.failed + mapped.skipped.blueprint.failed;
        for error in &mapped.errors.samples {
            tally
                .errors
                .add(&format!("{}: {}", error.path, error.message), &error.item);
        }
        if mapped.unsplit.not_a_list > 0 {
            let count = mapped.unsplit.not_a_list;
            tally
                .errors
                .add_many("itemsToParse gave something else than a list", count, []);
        }
        let unlisted =
            failed.saturating_sub(mapped.errors.samples.len() + mapped.unsplit.not_a_list);
        if unlisted > 0 {
            tally
                .errors
                .add_many("other items that could not be mapped", unlisted, []);
        }
        for found in mapped.misconfigured {
            self.misconfigured.note(found);
        }
        let progress = self.run.progress.resource(self.index);
        progress.add_fetched(mapped.raw);
        progress.add_failed(failed);
        self.loader.load(mapped.passed).await;
    }

    fn unmapped_batch(&mut self, error: &MapError) {
        self.loader
            .tally
            .incomplete(format!("a batch could not be mapped: {error}"));
    }

    fn end_of_data(&mut self, fetched: Fetched) {
        if fetched.unauthorized {
            self.run.source_refused();
        }
        self.failed_reads = fetched.failed;
        let tally = &mut self.loader.tally;
        for reason in fetched.incomplete {
            tally.incomplete(reason);
        }
        let errors = tally.counts.failed_to_map;
        if errors > 0 {
            tally.incomplete(format!("{errors} items could not be mapped"));
        }
        if self.keys.failed > 0 {
            tally.incomplete(format!(
                "the identifier or blueprint expression failed for {} items",
                self.keys.failed
            ));
        }
        if self.keys.missing > 0 && self.keys.mapped == 0 {
            tally.incomplete(format!(
                "the identifier or blueprint is null for all {} items",
                self.keys.missing
            ));
        }
        self.send_examples(fetched.examples);
    }

    /// On the side: it neither delays nor fails the run.
    fn send_examples(&self, examples: Vec<serde_json::Value>) {
        let Some(config) = self.run.config.resources.get(self.index) else {
            return;
        };
        if examples.is_empty() || self.run.stop.is_cancelled() {
            return;
        }
        self.run
            .background
            .send_examples(&self.run.store, &config.kind, examples);
    }

    async fn report(self) -> ResourceReport {
        let Self {
            run,
            index,
            loader,
            misconfigured,
            ..
        } = self;
        let Tally {
            counts,
            errors,
            incomplete,
        } = loader.tally;
        let target = run.plan.target(index);
        let blueprint = match target {
            Some(Target::Blueprint(blueprint)) => Some(blueprint.clone()),
            Some(Target::Any) | None => None,
        };
        let known = match &blueprint {
            Some(blueprint) if !misconfigured.0.is_empty() => run.blueprint(blueprint).await,
            _ => None,
        };
        let kind = run
            .config
            .resources
            .get(index)
            .map_or_else(String::new, |r| r.kind.to_string());
        let misconfigured = misconfigured.into_report(known.as_deref());
        let report = ResourceReport {
            kind,
            index,
            blueprint,
            incomplete,
            counts,
            errors: errors.into_groups(),
            misconfigured,
            ..ResourceReport::default()
        };
        for reason in &report.incomplete {
            if let Some(target) = target {
                run.bars()
                    .target(target, format!("{}: {reason}", report.name()));
            }
        }
        report
    }
}
