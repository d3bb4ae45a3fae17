//! Raw items that are mapped here and copied to the lake as well.
//!
//! Start with [`Copies`]. A copy that does not arrive is dropped: the catalog does not depend on it.

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use crate::app_config::ResourceMapping;
use crate::batch::RawItem;
use crate::error::error_chain;
use crate::lake::{BufferLimits, Lake, LakeError, RawBuffer, RawEntry, RawOrigin};
use crate::mapping::Environment;

/// Where the copies of a run go.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    pub(super) lake: Arc<dyn Lake>,
    pub(super) limits: BufferLimits,
    pub(super) environment: Environment,
    pub(super) sync: Uuid,
    /// When the full resync began; `None` for an incremental sync.
    pub(super) began: Option<SystemTime>,
}

impl Copies {
    /// The copies of one resource.
    pub(super) fn of_resource(&self, resource: ResourceMapping, index: usize) -> ResourceCopies {
        let origin = self
            .began
            .map_or(RawOrigin::IncrementalSync, RawOrigin::Resync);
        let kind = Arc::clone(&resource.kind);
        let lake = Arc::clone(&self.lake);
        ResourceCopies {
            buffer: RawBuffer::new(lake, self.limits, self.sync, kind, origin),
            resource,
            index,
            environment: self.environment.clone(),
        }
    }
}

/// The copies of one resource that wait to be sent.
#[derive(Debug)]
pub(super) struct ResourceCopies {
    buffer: RawBuffer,
    resource: ResourceMapping,
    index: usize,
    environment: Environment,
}

/// The other side says that another sync has taken over.
#[derive(Debug)]
pub(super) struct TakenOver;

impl ResourceCopies {
    pub(super) async fn add(&mut self, items: Vec<RawItem>) -> Result<(), TakenOver> {
        let items = items.into_iter().filter(RawItem::is_object).collect();
        let entry = RawEntry::new(&self.resource, self.index, items, &self.environment);
        let added = self.buffer.add(entry).await;
        self.settle(added)
    }

    pub(super) async fn flush(&mut self) -> Result<(), TakenOver> {
        let flushed = self.buffer.flush().await;
        self.settle(flushed)
    }

    fn settle(&self, sent: Result<(), LakeError>) -> Result<(), TakenOver> {
        match sent {
            Ok(()) => Ok(()),
            Err(LakeError::Stale) => Err(TakenOver),
            Err(error @ LakeError::Failed(_)) => {
                let error = error_chain(&error);
                tracing::warn!(kind = %self.resource.kind, error, "copies of raw items are dropped");
                Ok(())
            }
        }
    }
}
