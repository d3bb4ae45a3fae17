//! A connected integration without its type.

use std::sync::Arc;

use ocean_core::{EventQueue, Hooks, Integration, LiveEngine, MapperPool, SyncEngine};
use ocean_port::PortClient;

/// What the engines need of an integration.
pub(crate) struct Connected {
    pub(crate) hooks: Hooks,
    takes_events: bool,
    sync: Box<MakeSync>,
    live: Box<MakeLive>,
}

type MakeSync = dyn Fn(Arc<PortClient>, Arc<MapperPool>) -> SyncEngine + Send + Sync;
type MakeLive =
    dyn Fn(Arc<PortClient>, Arc<MapperPool>, Arc<dyn EventQueue>) -> LiveEngine + Send + Sync;

impl Connected {
    pub(super) fn new<A: Clone + Send + Sync + 'static>(integration: Integration<A>) -> Self {
        let integration = Arc::new(integration);
        let resynced = Arc::clone(&integration);
        Self {
            hooks: integration.hooks().clone(),
            takes_events: !integration.processors().is_empty(),
            sync: Box::new(move |port, pool| SyncEngine::new(&resynced, port, pool)),
            live: Box::new(move |port, pool, queue| {
                LiveEngine::new(&integration, port, pool, queue)
            }),
        }
    }

    /// Whether a processor is registered.
    pub(crate) const fn takes_events(&self) -> bool {
        self.takes_events
    }

    pub(super) fn sync(&self, port: Arc<PortClient>, pool: Arc<MapperPool>) -> SyncEngine {
        (self.sync)(port, pool)
    }

    pub(super) fn live(
        &self,
        port: Arc<PortClient>,
        pool: Arc<MapperPool>,
        queue: Arc<dyn EventQueue>,
    ) -> LiveEngine {
        (self.live)(port, pool, queue)
    }
}
