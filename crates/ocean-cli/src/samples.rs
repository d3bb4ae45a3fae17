//! How are some raw items of a kind read, without reading all of them?

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use ocean_core::{RawItem, Registry, ResourceMapping, ResyncContext, RunScope, SourceError};
use tokio_util::sync::CancellationToken;

use crate::desk::Resource;
use crate::exit::Exit;
use crate::failure::Failure;

/// Some raw items of one resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    pub(crate) items: Vec<RawItem>,
    /// What could not be read although the reading went on.
    pub(crate) incomplete: Vec<String>,
    /// What ended the reading before there was enough.
    pub(crate) error: Option<Arc<SourceError>>,
}

/// Reads items until `enough` says of one that no more are needed.
///
/// Only the pages that are needed are asked for, and nothing is remembered beside what `wanted`
/// keeps.
pub(crate) async fn read(
    registry: &Registry,
    resource: Resource<'_>,
    wanted: impl FnMut(&RawItem) -> Wanted,
) -> Sample {
    read_kind(registry, resource.config, resource.index, wanted).await
}

/// The same for a resource that need not compile.
pub(crate) async fn read_kind(
    registry: &Registry,
    resource: &ResourceMapping,
    index: usize,
    mut wanted: impl FnMut(&RawItem) -> Wanted,
) -> Sample {
    let mut sample = Sample::default();
    let cancellation = CancellationToken::new();
    // Whatever the function of the kind started ends with the reading.
    let _ended = cancellation.clone().drop_guard();
    let scope = RunScope::new(cancellation);
    let cx = ResyncContext::new(resource.config(index), scope.clone());
    let streams = registry.resyncs(&resource.kind).iter();
    let mut batches = stream::iter(streams)
        .map(|resync| match resync.start(&cx) {
            Ok(batches) => batches,
            Err(error) => stream::iter([Err(SourceError::permanent(error))]).boxed(),
        })
        .flatten();
    'reading: while let Some(batch) = batches.next().await {
        match batch {
            Ok(batch) => {
                for item in batch {
                    let wanted = wanted(&item);
                    if wanted != Wanted::No {
                        sample.items.push(item);
                    }
                    if wanted == Wanted::AndNoMore {
                        break 'reading;
                    }
                }
            }
            Err(error) => {
                sample.error = Some(Arc::new(error));
                break;
            }
        }
    }
    sample.incomplete = scope.incomplete_reasons();
    sample
}

/// What becomes of an item that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// It is kept, and so may be the next ones.
    Yes,
    /// It is kept and ends the reading.
    AndNoMore,
    /// It is passed over.
    No,
}

/// Keeps the first items, at least one.
pub(crate) fn first(limit: usize) -> impl FnMut(&RawItem) -> Wanted {
    let mut kept = 0;
    move |_| {
        kept += 1;
        if kept >= limit {
            Wanted::AndNoMore
        } else {
            Wanted::Yes
        }
    }
}

impl Sample {
    /// The failure of a command that needed the items, when the reading ended with an error.
    pub(crate) fn failure(&self, kind: &str) -> Option<Failure> {
        let error = self.error.as_deref()?;
        let message = format!(
            "{kind} could not be read: {}",
            ocean_core::error_chain(error)
        );
        let refused = error.class() == ocean_core::ErrorClass::Unauthorized;
        Some(if refused {
            Failure::new(Exit::Refused, message)
                .hint("check the credentials, OCEAN__INTEGRATION__CONFIG__*")
        } else {
            Failure::new(Exit::Incomplete, message)
        })
    }
}
