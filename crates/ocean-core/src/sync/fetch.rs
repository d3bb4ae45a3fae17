//! Reading and mapping one resource, ahead of its writing.
//!
//! Start with [`Fetcher`], which yields mapped batches in the order in which they were read.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::copies::ResourceCopies;
use super::run::Run;
use crate::batch::{Batch, BatchStream, RawItem};
use crate::error::{ErrorClass, SourceError, error_chain};
use crate::http::sizes_of;
use crate::mapping::{MapError, MapOptions, Mapped, ResourceMapper};
use crate::resync::ResyncContext;

/// Batches that are mapped at the same time; the mapper has a thread per core.
const MAPPED_AHEAD: usize = 2;
/// Mapped batches that wait for the writer.
const QUEUE: usize = 1;
/// Raw items of a kind that are shown to the people who write mappings.
const EXAMPLES: usize = 5;

/// Batches of one resource, read and mapped by a task that this value owns.
#[derive(Debug)]
pub(super) struct Fetcher {
    batches: mpsc::Receiver<Result<Mapped, MapError>>,
    task: JoinSet<Fetched>,
}

/// How the reading ended.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Why it is not complete; empty when it is.
    pub(super) incomplete: Vec<String>,
    /// Whether the third-party system refused the credentials.
    pub(super) unauthorized: bool,
    /// How many functions failed.
    pub(super) failed: usize,
    /// The first raw items.
    pub(super) examples: Vec<Value>,
}

impl Fetcher {
    /// Begins to read a resource of the mapping.
    pub(super) fn start(run: &Arc<Run>, resource: usize) -> Self {
        let (sender, batches) = mpsc::channel(QUEUE);
        let mut task = JoinSet::new();
        let reading = read(Arc::clone(run), resource, sender).in_current_span();
        task.spawn(sizes_of(run.metrics.note_sizes(resource), reading));
        Self { batches, task }
    }

    /// The next mapped batch; `None` when there is no more, for whatever reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Result<Mapped, MapError>> {
        self.batches.recv().await
    }

    /// Stops reading and says how far it came.
    pub(super) async fn finish(mut self) -> Fetched {
        self.batches.close();
        match self.task.join_next().await {
            Some(Ok(fetched)) => fetched,
            Some(Err(error)) if error.is_panic() => Fetched {
                incomplete: vec![format!("its resync function panicked: {error}")],
                failed: 1,
                ..Fetched::default()
            },
            Some(Err(_)) | None => Fetched {
                incomplete: vec!["it was stopped".to_owned()],
                ..Fetched::default()
            },
        }
    }
}

async fn read(
    run: Arc<Run>,
    resource: usize,
    sender: mpsc::Sender<Result<Mapped, MapError>>,
) -> Fetched {
    let mut fetched = Fetched::default();
    let (Some(config), Some(mapper)) = (
        run.config.resources.get(resource),
        run.mapping.resources().get(resource),
    ) else {
        return fetched;
    };
    let scope = run.scope.for_resource().since(run.since(resource));
    let copies = run.copies.as_ref();
    let mut copies = copies.map(|copies| copies.of_resource(config.clone(), resource));
    let config = match copies {
        // Nobody here knows what the other side reads of an item.
        Some(_) => config.config(resource),
        None => config.config(resource).reading(mapper.reads()),
    };
    let cx = ResyncContext::new(config, scope.clone());
    for resync in run.registry.resyncs(&cx.resource().kind) {
        let stream = match resync.start(&cx) {
            Ok(stream) => stream,
            Err(error) => {
                fetched.incomplete.push(error.to_string());
                break;
            }
        };
        let source = Source {
            run: &run,
            mapper,
            sender: &sender,
            copies: copies.as_mut(),
            examples: &mut fetched.examples,
        };
        match source.forward(stream).await {
            End::OfData => {}
            End::Failed(error) => {
                fetched.failed += 1;
                fetched.unauthorized |= error.class() == ErrorClass::Unauthorized;
                fetched.incomplete.push(error_chain(&error));
            }
            End::Stopped => {
                fetched.incomplete.push("it was stopped".to_owned());
                break;
            }
        }
    }
    if let Some(copies) = &mut copies
        && copies.flush().await.is_err()
    {
        run.taken_over();
    }
    fetched.incomplete.extend(scope.incomplete_reasons());
    fetched
}

/// How one stream ended.
enum End {
    OfData,
    Failed(SourceError),
    Stopped,
}

/// What the batches of one stream are mapped with, and where they go.
struct Source<'s> {
    run: &'s Run,
    mapper: &'s Arc<ResourceMapper>,
    sender: &'s mpsc::Sender<Result<Mapped, MapError>>,
    copies: Option<&'s mut ResourceCopies>,
    examples: &'s mut Vec<Value>,
}

impl Source<'_> {
    /// Maps the batches of a stream and hands them on, until it ends, fails or the run stops.
    async fn forward(mut self, stream: BatchStream) -> End {
        let (run, mapper, examples) = (self.run, self.mapper, &mut *self.examples);
        let is_copied = self.copies.is_some();
        let is_split = is_copied && mapper.uses_items_to_parse();
        let mut options = MapOptions::default();
        if is_split {
            options = options.keep_parts();
        }
        let mut failed = None;
        let raw = stream.scan((), |(), batch| {
            let batch = batch.map_err(|error| failed = Some(error)).ok();
            if let (Some(batch), true) = (&batch, run.send_examples) {
                keep_examples(examples, batch);
            }
            std::future::ready(batch)
        });
        {
            let mapped = raw.map(|batch| async {
                let items = if is_copied && !is_split {
                    batch.iter().cloned().collect()
                } else {
                    Vec::new()
                };
                let mapped = run.pool.map(Arc::clone(mapper), batch, options).await;
                (items, mapped)
            });
            let mapped = mapped.buffered(MAPPED_AHEAD);
            futures::pin_mut!(mapped);
            loop {
                let next = tokio::select! {
                    biased;
                    () = run.stop.cancelled() => return End::Stopped,
                    next = mapped.next() => next,
                };
                let Some((items, mut batch)) = next else {
                    break;
                };
                if let Some(copies) = &mut self.copies
                    && copies.add(parts_or(items, &mut batch)).await.is_err()
                {
                    run.taken_over();
                }
                if self.sender.send(batch).await.is_err() {
                    return End::Stopped;
                }
            }
        }
        failed.map_or(End::OfData, End::Failed)
    }
}

/// The parts that `itemsToParse` made of a batch, or its items.
fn parts_or(items: Vec<RawItem>, batch: &mut Result<Mapped, MapError>) -> Vec<RawItem> {
    match batch {
        Ok(mapped) if !mapped.parts.is_empty() => std::mem::take(&mut mapped.parts)
            .into_iter()
            .map(RawItem::from)
            .collect(),
        _ => items,
    }
}

pub(super) fn keep_examples(examples: &mut Vec<Value>, batch: &Batch) {
    let missing = EXAMPLES.saturating_sub(examples.len());
    examples.extend(
        batch
            .iter()
            .take(missing)
            .filter_map(|item| item.to_value().ok()),
    );
}
