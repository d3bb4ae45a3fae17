//! What changed, according to the processors of a batch of events?
//!
//! Start with [`Handler`].

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;

use super::failure::{Failure, FailureKind};
use super::lanes::Waiting;
use crate::app_config::AppConfig;
use crate::mapping::CheckedMapping;
use crate::reads::Reads;
use crate::resource::ResourceConfig;
use crate::webhook::{Changes, ErasedProcessor, WebhookEvent};

/// Asks processors.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    pub(super) processors: Vec<ErasedProcessor>,
    /// How long one call of a processor may take.
    pub(super) timeout: Duration,
}

/// What one processor said for one resource of the mapping.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) resource: usize,
    /// The kinds that the processor feeds.
    pub(super) kinds: Vec<&'static str>,
    pub(super) changes: Changes,
}

/// What all processors said, and what went wrong with some.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) given: Vec<Answer>,
    pub(super) failure: Option<Failure>,
    /// Whether no resource of the mapping is concerned.
    pub(super) is_filtered: bool,
}

impl Handler {
    /// Asks every processor of the batch for every resource of its kinds, side by side. When
    /// others see the items, too, they have to be `whole`.
    pub(super) async fn ask(
        &self,
        batch: &[Waiting],
        mapping: &CheckedMapping,
        whole: bool,
    ) -> Answers {
        let events: Vec<WebhookEvent> = batch.iter().map(|waiting| waiting.event.clone()).collect();
        let taking_part = batch.first().map(|first| first.processors.as_slice());
        let processors = taking_part.unwrap_or_default().iter();
        let processors = processors.filter_map(|place| self.processors.get(*place));
        let pairs = processors.flat_map(|processor| {
            let resources = mapping.config.resources.iter().enumerate();
            resources
                .filter(|(_, resource)| processor.kinds().contains(&&*resource.kind))
                .map(move |(index, _)| (processor, index))
        });
        let calls = pairs.map(|(processor, index)| {
            let resource = mapping.resource(index);
            let resource = resource.map(|resource| match whole {
                true => resource.reading(Reads::everything()),
                false => resource,
            });
            self.call(processor, &events, resource)
        });
        let mut calls = join_all(calls).await;
        calls.extend(self.unfit(batch, &mapping.config).map(Err));
        let mut answers = Answers {
            is_filtered: calls.is_empty(),
            ..Answers::default()
        };
        for call in calls {
            match call {
                Ok(answer) => answers.given.push(answer),
                Err(failure) => {
                    answers.failure = Some(match answers.failure.take() {
                        Some(known) => known.beside(failure),
                        None => failure,
                    });
                }
            }
        }
        answers
    }

    /// What processors would have been asked that cannot handle an event of the batch.
    fn unfit(&self, batch: &[Waiting], config: &AppConfig) -> impl Iterator<Item = Failure> {
        let unfit = batch.iter().flat_map(|event| &event.unfit);
        let mapped = unfit.filter(|unfit| {
            let processor = self.processors.get(unfit.processor);
            let mut kinds = config.resources.iter().map(|resource| &*resource.kind);
            kinds.any(|kind| processor.is_some_and(|known| known.kinds().contains(&kind)))
        });
        mapped.map(|unfit| Failure::new(FailureKind::Permanent, &*unfit.reason))
    }

    async fn call(
        &self,
        processor: &ErasedProcessor,
        events: &[WebhookEvent],
        resource: Option<ResourceConfig>,
    ) -> Result<Answer, Failure> {
        let Some(resource) = resource else {
            return Err(Failure::new(
                FailureKind::Permanent,
                "the resource is not there",
            ));
        };
        let index = resource.index;
        let place = format!("kind {}, resource {index}", resource.kind);
        let call = AssertUnwindSafe(processor.handle(events, &resource)).catch_unwind();
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(Ok(changes))) => Ok(Answer {
                resource: index,
                kinds: processor.kinds().to_vec(),
                changes,
            }),
            Ok(Ok(Err(error))) => Err(Failure::of_source(&place, &error)),
            Ok(Err(_panic)) => Err(Failure::new(
                FailureKind::Attempt,
                format!("{place}: the processor panicked"),
            )),
            // Most likely the other side does not answer and the client still tries.
            Err(_elapsed) => Err(Failure::new(
                FailureKind::Passing,
                format!(
                    "{place}: not handled within {} s",
                    self.timeout.as_secs_f64()
                ),
            )),
        }
    }
}
