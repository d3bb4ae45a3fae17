//! When do scheduled resyncs run? [`Schedule`], as it is told to Port.

use std::time::{Duration, SystemTime};

/// Resyncs at equal distances, counted from the start of the process or from another moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    since: SystemTime,
    every: Duration,
}

impl Schedule {
    /// A schedule that begins now; `None` when the interval is none.
    #[must_use]
    pub fn starting_now(every: Duration) -> Option<Self> {
        Self::counted_from(SystemTime::now(), every)
    }

    /// A schedule that counts from another moment, such as the one in which somebody set it.
    #[must_use]
    pub fn counted_from(since: SystemTime, every: Duration) -> Option<Self> {
        (!every.is_zero()).then_some(Self { since, every })
    }

    /// When the next one after `now` begins.
    pub(super) fn next(&self, now: SystemTime) -> Option<SystemTime> {
        let passed = now.duration_since(self.since).unwrap_or_default();
        let beats = passed.as_secs() / self.every.as_secs().max(1) + 1;
        let distance = self.every.checked_mul(u32::try_from(beats).ok()?)?;
        self.since.checked_add(distance)
    }

    pub(super) const fn minutes(&self) -> u64 {
        self.every.as_secs() / 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_always_in_the_future() {
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let schedule = Schedule {
            since,
            every: Duration::from_secs(600),
        };
        assert_eq!(schedule.minutes(), 10);
        for (now, next) in [(0, 600), (599, 600), (600, 1200), (601, 1200), (6001, 6600)] {
            let now = since + Duration::from_secs(now);
            assert_eq!(schedule.next(now), Some(since + Duration::from_secs(next)));
        }
        // The clock was put back; the beat is the same.
        let before = since - Duration::from_secs(5);
        assert_eq!(
            schedule.next(before),
            Some(since + Duration::from_secs(600))
        );
    }

    #[test]
    fn an_interval_of_nothing_is_no_schedule() {
        assert_eq!(Schedule::starting_now(Duration::ZERO), None);
    }
}
