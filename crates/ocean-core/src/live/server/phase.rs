//! What does a connection do right now, and since when? Its [`Slot`] says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Nothing came since it was opened or since the last answer.
    Idle = 0,
    /// The head of a request is coming.
    Head = 1,
    /// It is answered and closed; what is still coming is thrown away.
    Linger = 2,
    /// The body of a request is coming.
    Body = 3,
    /// A request is complete and is being answered.
    Handling = 4,
}

impl Phase {
    const BITS: u32 = 3;

    const fn of(state: u64) -> Self {
        match state & ((1 << Self::BITS) - 1) {
            0 => Self::Idle,
            1 => Self::Head,
            2 => Self::Linger,
            3 => Self::Body,
            _ => Self::Handling,
        }
    }
}

/// Set instead of a phase once a connection is to be closed.
const EVICTED: u64 = u64::MAX;

/// The state of one connection, shared by its task and by whoever makes room.
///
/// Phase and time stand in one number, so that a connection that begins to handle a request and
/// its eviction cannot both win.
#[derive(Debug)]
pub(super) struct Slot {
    start: Instant,
    state: AtomicU64,
    evicted: CancellationToken,
}

impl Slot {
    /// A connection that was just opened.
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            state: AtomicU64::new(Phase::Idle as u64),
            evicted: CancellationToken::new(),
        }
    }

    /// Notes what the connection does from now on. `false` when it is being closed.
    pub(super) fn enter(&self, phase: Phase) -> bool {
        self.enter_at(phase, self.age())
    }

    fn enter_at(&self, phase: Phase, age: u64) -> bool {
        let state = (age << Phase::BITS) | phase as u64;
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| {
                (old != EVICTED).then_some(state)
            })
            .is_ok()
    }

    /// Notes that bytes arrived: they begin a request when none is being read.
    pub(super) fn bytes_arrived(&self) {
        if self.observe().is_some_and(|seen| seen.phase == Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    /// What the connection does; nothing when it is being closed.
    pub(super) fn observe(&self) -> Option<Observed> {
        let state = self.state.load(Ordering::Acquire);
        (state != EVICTED).then(|| Observed {
            phase: Phase::of(state),
            lasting: Duration::from_millis(self.age().saturating_sub(state >> Phase::BITS)),
            state,
        })
    }

    /// Closes the connection unless it went on since it was observed.
    pub(super) fn evict(&self, observed: Observed) -> bool {
        let evicted = self
            .state
            .compare_exchange(observed.state, EVICTED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if evicted {
            self.evicted.cancel();
        }
        evicted
    }

    /// Returns when the connection has to be closed.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// A connection that has been in a phase for so long.
    #[cfg(test)]
    pub(super) fn lasting(phase: Phase, time: Duration) -> Self {
        let mut slot = Self::new();
        slot.start = slot.start.checked_sub(time).unwrap();
        slot.enter_at(phase, 0);
        slot
    }

    /// Milliseconds since the connection was opened.
    fn age(&self) -> u64 {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        millis & (u64::MAX >> (Phase::BITS + 1))
    }
}

/// What a connection did when it was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    pub(super) phase: Phase,
    pub(super) lasting: Duration,
    state: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_went_on_is_not_evicted() {
        let slot = Slot::new();
        let idle = slot.observe().unwrap();

        assert!(slot.enter(Phase::Handling));

        assert!(!slot.evict(idle));
        assert_eq!(slot.observe().unwrap().phase, Phase::Handling);
    }

    #[test]
    fn an_evicted_connection_takes_no_request() {
        let slot = Slot::new();

        assert!(slot.evict(slot.observe().unwrap()));

        assert!(!slot.enter(Phase::Handling));
        assert!(slot.observe().is_none());
    }

    #[test]
    fn bytes_begin_a_request_only_on_an_idle_connection() {
        let slot = Slot::new();
        slot.bytes_arrived();
        assert_eq!(slot.observe().unwrap().phase, Phase::Head);

        slot.enter(Phase::Body);
        slot.bytes_arrived();
        assert_eq!(slot.observe().unwrap().phase, Phase::Body);
    }
}
