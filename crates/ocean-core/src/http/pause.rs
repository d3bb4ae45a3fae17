//! Who has to wait because a server asked for it? Everybody who talks to that host: [`Pauses`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A pause is kept for no longer than this: then a request shows whether it still holds, since a
/// clock or a header may be wrong and a host would be left alone for ever.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Waiters come back spread over this time, so that a pause does not end in a stampede.
const SPREAD: Duration = Duration::from_millis(200);

/// The pauses that servers announced, by host and port.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    until: Mutex<HashMap<String, Instant>>,
}

/// A pause that is longer than the caller is willing to wait.
#[derive(Debug)]
pub(super) struct TooLong {
    pub(super) left: Duration,
}

impl Pauses {
    /// Nothing is sent to `host` for this long, within limits. A shorter announcement never ends a longer one.
    pub(super) fn announce(&self, host: &str, wait: Duration) {
        let now = Instant::now();
        let until = now + wait.min(LONGEST_PAUSE);
        let mut pauses = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.retain(|_, until| *until > now);
        let entry = pauses.entry(host.to_owned()).or_insert(until);
        *entry = (*entry).max(until);
    }

    /// What is left of the pause of `host`, if there is one.
    pub(super) fn left(&self, host: &str) -> Option<Duration> {
        let pauses = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = pauses.get(host)?.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then_some(left)
    }

    /// Returns when `host` is not paused; an announcement made meanwhile is waited for as well.
    pub(super) async fn wait(
        &self,
        host: &str,
        longest: Duration,
        random: impl Fn() -> f64,
    ) -> Result<(), TooLong> {
        while let Some(left) = self.left(host) {
            if left > longest {
                return Err(TooLong { left });
            }
            tokio::time::sleep(left + SPREAD.mul_f64(random())).await;
        }
        Ok(())
    }
}
