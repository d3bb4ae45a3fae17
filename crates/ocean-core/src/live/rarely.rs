//! How often is something said that a stranger can cause at will? At most once a minute.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(60);

/// Lets one message a minute through and counts the others.
#[derive(Debug)]
pub(in crate::live) struct Rarely {
    since: Instant,
    /// Milliseconds after `since` at which the next message may pass.
    next: AtomicU64,
    suppressed: AtomicU64,
}

impl Rarely {
    pub(in crate::live) fn new() -> Self {
        Self {
            since: Instant::now(),
            next: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// How many messages were held back since the last one that passed; nothing when this one is
    /// held back, too.
    pub(in crate::live) fn pass(&self) -> Option<u64> {
        self.pass_at(self.since.elapsed())
    }

    fn pass_at(&self, age: Duration) -> Option<u64> {
        let due = self.next.load(Ordering::Relaxed);
        let following = millis(age.saturating_add(QUIET));
        let passes = millis(age) >= due
            && self
                .next
                .compare_exchange(due, following, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if passes {
            Some(self.suppressed.swap(0, Ordering::Relaxed))
        } else {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

fn millis(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_a_minute_passes_and_tells_how_many_did_not() {
        let said = Rarely::new();
        let at = |seconds| said.pass_at(Duration::from_secs(seconds));

        assert_eq!(
            [at(0), at(1), at(59), at(60), at(61)],
            [Some(0), None, None, Some(2), None]
        );
    }
}
