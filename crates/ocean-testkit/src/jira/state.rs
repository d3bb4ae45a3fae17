//! What do the answering side and the steering side of the twin share?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    api::{Snapshots, Webhooks, Window},
    change::{Change, ChangeError, Changed, Event},
    config::{DeliveryRules, Rules, SiteConfig},
    courier::{DeliveryLog, Parcel},
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
    deliveries: Mutex<DeliveryLog>,
    outbox: tokio::sync::mpsc::Sender<Parcel>,
    /// What the identifiers of events begin with: two twins never use the same ones, since a
    /// receiver remembers those it has seen.
    origin: i64,
    last_event: AtomicU64,
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
            origin: Timestamp::now().as_microsecond(),
            last_event: AtomicU64::new(0),
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

    pub(super) fn deliveries(&self) -> MutexGuard<'_, DeliveryLog> {
        lock(&self.deliveries)
    }

    /// Makes a change and hands its events to the courier, if webhooks are delivered.
    pub(super) fn apply(&self, change: &Change) -> Result<Vec<Changed>, ChangeError> {
        let rules = self.rules().delivery;
        // Events enter the outbox under the site's lock, so they leave in the order of the changes.
        self.with_site_mut(|site| {
            let outcome = site.apply(change)?;
            for event in outcome.events.into_iter().filter(|_| rules.enabled) {
                self.announce(site, event, &rules);
            }
            Ok(outcome.changed)
        })
    }

    fn announce(&self, site: &Site, event: Event, rules: &DeliveryRules) {
        let subscribers = self.webhooks().subscribers(&event, site);
        let body = Bytes::from(event.body);
        for (url, secret) in subscribers {
            let number = self.last_event.fetch_add(1, Ordering::Relaxed) + 1;
            let parcel = Parcel {
                url,
                event: event.name.clone(),
                identifier: format!("twin-{}-{number}", self.origin),
                secret,
                body: body.clone(),
            };
            if number.is_multiple_of(rules.duplicate_every) {
                self.post(parcel.clone());
            }
            self.post(parcel);
        }
    }

    fn post(&self, parcel: Parcel) {
        self.deliveries().accepted();
        if let Err(refused) = self.outbox.try_send(parcel) {
            self.deliveries().refused(&refused.into_inner());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
