//! Which waiting events may be handled now, and which together?
//!
//! Start with [`Lanes`]. An event waits in the lane of its subject behind everything that came
//! before it, so that one subject's events are handled in order whatever happens to the others.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::concern::Unfit;
use crate::webhook::WebhookEvent;

/// How long a batch that is not full waits for more, while events keep coming.
pub(super) const LINGER: Duration = Duration::from_millis(100);

/// Where an event waits: a subject, or the serial lane of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lane(pub(super) String);

/// An event between the queue and the catalog.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) seq: u64,
    /// The sequence numbers of older events that this one stands for, too.
    pub(super) carried: Vec<u64>,
    pub(super) event: WebhookEvent,
    pub(super) path: Arc<str>,
    /// When it arrived.
    pub(super) received_at: SystemTime,
    /// The processors that take part, by their place in the registration.
    pub(super) processors: Vec<usize>,
    /// Others that accept the event and cannot handle it.
    pub(super) unfit: Vec<Unfit>,
    /// The most events that it may be handled with.
    pub(super) max_batch: usize,
    pub(super) lanes: Vec<Lane>,
    /// How many attempts were spent.
    pub(super) attempts: u32,
    /// How often it was put off because the other side was not there.
    pub(super) delays: u32,
    /// How many batches had succeeded when it failed last.
    pub(super) failed_at: Option<u64>,
    /// It is not handled before this moment.
    pub(super) due: Option<Instant>,
    /// Since when it waits here.
    pub(super) since: Instant,
    /// Its place in the order; that of the oldest event it carries.
    pub(super) order: u64,
}

impl Waiting {
    /// The sequence numbers of everything whose outcome this decides.
    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> + '_ {
        self.carried.iter().copied().chain([self.seq])
    }
}

/// What can be done next.
#[derive(Debug)]
pub(super) enum Next {
    /// Handle these together.
    Batch(Vec<Waiting>),
    /// Nothing before this moment, unless something else happens.
    At(Instant),
    /// Nothing until something happens.
    Nothing,
}

/// The events in memory, in their lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    events: BTreeMap<u64, Waiting>,
    lanes: HashMap<Lane, VecDeque<u64>>,
    /// Events at the head of all their lanes that are not being handled, in order.
    ready: BTreeSet<(u64, u64)>,
    bytes: usize,
    last_arrival: Option<Instant>,
    /// Whether events came so closely that it is worth waiting for more.
    is_busy: bool,
}

impl Lanes {
    /// How many events wait or are being handled, and the bytes of their bodies.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.events.len(), self.bytes)
    }

    /// Adds an event behind all others of its lanes. Those directly before it that it supersedes
    /// go, and share its outcome.
    pub(super) fn add(
        &mut self,
        mut event: Waiting,
        supersedes: impl Fn(&Waiting, &Waiting) -> bool,
    ) {
        let gap = self.last_arrival.map(|last| event.since - last);
        self.is_busy = gap.is_some_and(|gap| gap < LINGER);
        self.last_arrival = Some(event.since);
        while let Some(older) = self.last_before(&event)
            && supersedes(&event, older)
        {
            let older = older.seq;
            let Some(older) = self.remove(older) else {
                break;
            };
            event.order = older.order;
            event.since = older.since;
            event.due = older.due;
            event.delays = older.delays;
            event.failed_at = older.failed_at;
            // The longer list stays where it is: a flood about one subject costs no time.
            let mut carried = older.carried;
            carried.push(older.seq);
            carried.append(&mut event.carried);
            event.carried = carried;
        }
        for lane in &event.lanes {
            self.lanes
                .entry(lane.clone())
                .or_default()
                .push_back(event.seq);
        }
        let seq = event.seq;
        self.bytes += event.event.body().len();
        self.events.insert(seq, event);
        self.note_ready(seq);
    }

    /// The event that waits directly before this one in its lane, when it has one lane and the
    /// older one the same, the same processors, and is not being handled.
    fn last_before(&self, event: &Waiting) -> Option<&Waiting> {
        let [lane] = event.lanes.as_slice() else {
            return None;
        };
        let older = self.events.get(self.lanes.get(lane)?.back()?)?;
        let same = older.lanes == event.lanes
            && older.path == event.path
            && older.processors == event.processors;
        (same && !self.is_running(older)).then_some(older)
    }

    /// At the head of its lanes but not ready: somebody handles it.
    fn is_running(&self, event: &Waiting) -> bool {
        self.is_head(event) && !self.ready.contains(&(event.order, event.seq))
    }

    fn is_head(&self, event: &Waiting) -> bool {
        let is_first = |lane| self.lanes.get(lane).and_then(VecDeque::front) == Some(&event.seq);
        event.lanes.iter().all(is_first)
    }

    fn note_ready(&mut self, seq: u64) {
        if let Some(event) = self.events.get(&seq)
            && self.is_head(event)
        {
            self.ready.insert((event.order, seq));
        }
    }

    /// Takes the oldest event that may be handled now, with others that may be handled in the same
    /// batch. They stay at the head of their lanes until they are [done](Self::done) or
    /// [put back](Self::put_back).
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let mut wake: Option<Instant> = None;
        let mut tried: Vec<(Arc<str>, Vec<usize>)> = Vec::new();
        for (_, seq) in &self.ready {
            let Some(event) = self.events.get(seq) else {
                continue;
            };
            if let Some(due) = event.due.filter(|due| *due > now) {
                wake = earlier(wake, due);
                continue;
            }
            if tried
                .iter()
                .any(|(path, processors)| *path == event.path && *processors == event.processors)
            {
                continue;
            }
            let batch = self.batch_around(event, now);
            match self.lingers_until(event, batch.len(), now) {
                Some(until) => {
                    wake = earlier(wake, until);
                    tried.push((Arc::clone(&event.path), event.processors.clone()));
                }
                None => return Next::Batch(self.take(&batch)),
            }
        }
        wake.map_or(Next::Nothing, Next::At)
    }

    /// Takes one batch to try whether the other side is there again: of those events that were put
    /// off least. Otherwise a few that fail by themselves would be all that is ever tried.
    pub(super) fn probe(&mut self, now: Instant) -> Next {
        let waiting = || {
            self.ready
                .iter()
                .filter_map(|(_, seq)| self.events.get(seq))
        };
        let due = waiting().filter(|event| event.due.is_none_or(|due| due <= now));
        let Some(first) = due.min_by_key(|event| event.delays) else {
            let wake = waiting().filter_map(|event| event.due).min();
            return wake.map_or(Next::Nothing, Next::At);
        };
        let mut batch = self.batch_around(first, now);
        batch.retain(|(_, seq)| {
            let event = self.events.get(seq);
            event.is_some_and(|event| event.delays <= first.delays)
        });
        Next::Batch(self.take(&batch))
    }

    /// The oldest events that may be handled together with this one.
    fn batch_around(&self, first: &Waiting, now: Instant) -> Vec<(u64, u64)> {
        let mut batch = Vec::new();
        let mut max = first.max_batch;
        for (order, seq) in &self.ready {
            let Some(event) = self.events.get(seq) else {
                continue;
            };
            let fits = event.path == first.path
                && event.processors == first.processors
                && event.due.is_none_or(|due| due <= now);
            if !fits || (*order < first.order) {
                continue;
            }
            if batch.len() >= max.min(event.max_batch) {
                break;
            }
            max = max.min(event.max_batch);
            batch.push((*order, *seq));
        }
        batch
    }

    /// Until when a batch that is not full waits: while events keep coming, and never longer than
    /// its oldest event may.
    fn lingers_until(&self, oldest: &Waiting, size: usize, now: Instant) -> Option<Instant> {
        let last = self.last_arrival?;
        if size >= oldest.max_batch || !self.is_busy || now >= last + LINGER {
            return None;
        }
        let until = oldest.since + LINGER;
        (until > now).then_some(until)
    }

    fn take(&mut self, batch: &[(u64, u64)]) -> Vec<Waiting> {
        for key in batch {
            self.ready.remove(key);
        }
        let events = batch.iter().filter_map(|(_, seq)| self.events.get(seq));
        events.cloned().collect()
    }

    /// The event ended: what waits behind it comes next.
    pub(super) fn done(&mut self, seq: u64) {
        self.remove(seq);
    }

    /// The event was handled in vain and waits again, where it was.
    pub(super) fn put_back(&mut self, event: Waiting) {
        let seq = event.seq;
        self.events.insert(seq, event);
        self.note_ready(seq);
    }

    fn remove(&mut self, seq: u64) -> Option<Waiting> {
        let event = self.events.remove(&seq)?;
        self.bytes -= event.event.body().len();
        self.ready.remove(&(event.order, seq));
        for lane in &event.lanes {
            let Some(queue) = self.lanes.get_mut(lane) else {
                continue;
            };
            queue.retain(|waiting| *waiting != seq);
            let next = queue.front().copied();
            if next.is_none() {
                self.lanes.remove(lane);
            }
            if let Some(next) = next {
                self.note_ready(next);
            }
        }
        Some(event)
    }
}

fn earlier(known: Option<Instant>, other: Instant) -> Option<Instant> {
    Some(known.map_or(other, |known| known.min(other)))
}
