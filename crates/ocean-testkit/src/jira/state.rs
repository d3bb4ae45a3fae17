//! What do the answering side and the steering side of the twin share?

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use super::{
    api::{Snapshots, Webhooks, Window},
    change::{Change, ChangeError, Changed},
    config::{Rules, SiteConfig},
    courier::{Delivery, Parcel},
    site::Site,
};

/// Events that wait to be delivered; more are dropped and counted as failed. A random change of a
/// whole demo site stays far below.
pub(super) const WAITING_EVENTS: usize = 65_536;

/// Everything that changes while the twin runs.
#[derive(Debug)]
pub(crate) struct Shared {
    site: RwLock<Site>,
    rules: RwLock<Rules>,
    webhooks: Mutex<Webhooks>,
    snapshots: Mutex<Snapshots>,
    window: Mutex<Window>,
    deliveries: Mutex<Vec<Delivery>>,
    outbox: tokio::sync::mpsc::Sender<Parcel>,
}

impl Shared {
    pub(super) fn new(
        config: SiteConfig,
        rules: Rules,
        outbox: tokio::sync::mpsc::Sender<Parcel>,
    ) -> Self {
        Self {
            site: RwLock::new(Site::new(config)),
            rules: RwLock::new(rules),
            webhooks: Mutex::default(),
            snapshots: Mutex::default(),
            window: Mutex::default(),
            deliveries: Mutex::default(),
            outbox,
        }
    }

    pub(super) fn with_site<T>(&self, read: impl FnOnce(&Site) -> T) -> T {
        read(&self.site.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn with_site_mut<T>(&self, write: impl FnOnce(&mut Site) -> T) -> T {
        write(&mut self.site.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn rules(&self) -> Rules {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.clone()
    }

    pub(super) fn change_rules(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn webhooks(&self) -> MutexGuard<'_, Webhooks> {
        lock(&self.webhooks)
    }

    pub(super) fn snapshots(&self) -> MutexGuard<'_, Snapshots> {
        lock(&self.snapshots)
    }

    pub(super) fn window(&self) -> MutexGuard<'_, Window> {
        lock(&self.window)
    }

    pub(super) fn deliveries(&self) -> MutexGuard<'_, Vec<Delivery>> {
        lock(&self.deliveries)
    }

    /// Makes a change and hands its events to the courier, if webhooks are delivered.
    pub(super) fn apply(&self, change: &Change) -> Result<Vec<Changed>, ChangeError> {
        let deliver = self.rules().deliver_webhooks;
        // Events enter the outbox under the site's lock, so they leave in the order of the changes.
        self.with_site_mut(|site| {
            let outcome = site.apply(change)?;
            for event in outcome.events.into_iter().filter(|_| deliver) {
                for url in self.webhooks().urls(&event.name) {
                    self.post(Parcel {
                        url,
                        event: event.name.clone(),
                        body: event.body.clone(),
                    });
                }
            }
            Ok(outcome.changed)
        })
    }

    fn post(&self, parcel: Parcel) {
        if let Err(refused) = self.outbox.try_send(parcel) {
            let parcel = refused.into_inner();
            self.deliveries().push(Delivery {
                url: parcel.url,
                event: parcel.event,
                status: None,
            });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
