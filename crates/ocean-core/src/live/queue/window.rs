//! Was this delivery accepted before? The answer of a queue in memory.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use super::{NewEvent, QueueOptions};

/// The deliveries that are known again, by the sequence numbers of their events.
#[derive(Debug, Default)]
pub(super) struct Window {
    seqs: HashMap<Delivery, u64>,
    known: BTreeMap<u64, (Delivery, SystemTime)>,
}

/// The path and the identifier.
type Delivery = (String, String);

impl Window {
    /// Whether an event repeats one that was accepted within the window.
    pub(super) fn repeats(&self, event: &NewEvent, options: &QueueOptions) -> bool {
        delivery(event)
            .and_then(|delivery| self.known.get(self.seqs.get(&delivery)?))
            .is_some_and(|(_, at)| is_recent(*at, event.received_at, options))
    }

    /// Notes an accepted event and forgets the oldest beyond the bounds.
    pub(super) fn note(&mut self, seq: u64, event: &NewEvent, options: &QueueOptions) {
        let Some(delivery) = delivery(event) else {
            return;
        };
        if let Some(old) = self.seqs.insert(delivery.clone(), seq) {
            self.known.remove(&old);
        }
        self.known.insert(seq, (delivery, event.received_at));
        while let Some(oldest) = self.known.first_entry() {
            let recent = is_recent(oldest.get().1, event.received_at, options);
            if recent && self.seqs.len() <= options.window_ids {
                break;
            }
            let (delivery, _) = oldest.remove();
            self.seqs.remove(&delivery);
        }
    }
}

/// Whether a delivery accepted `at` is still known `now`. A clock that was set back makes it
/// recent: a repetition that is handled twice costs more than one that is refused.
fn is_recent(at: SystemTime, now: SystemTime, options: &QueueOptions) -> bool {
    now.duration_since(at)
        .map_or(true, |age| age < options.window)
}

fn delivery(event: &NewEvent) -> Option<Delivery> {
    Some((event.path.clone(), event.delivery_id.clone()?))
}
