//! When the next request may go to Jira, learnt from the headers of its answers.
//!
//! Start with [`RateLimiter`]. It looks ahead: it holds requests back before Jira has to refuse
//! them, those of a resync earlier than those of live events. What to do about a request that was
//! refused (429) is the HTTP client's business.
//!
//! Header names and their meaning:
//! <https://developer.atlassian.com/cloud/jira/platform/rate-limiting/>.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use ocean_core::http::{Priority, Throttle};
use tokio::time::Instant;

/// How many requests of a window are left alone, as those in flight are not counted yet.
const RESERVE: u64 = 1;

/// How long a window lasts when Jira names no end that we can read. Two ends that are closer
/// together than this are the same one, as Jira rounds them to seconds.
const SHORT_WINDOW: Duration = Duration::from_secs(1);

/// The end of a window is believed up to here. Then requests show whether it still lasts, since a
/// wrong end would hold them back for ever.
const LONGEST_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The budget that all requests of one client share.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    budget: Mutex<Option<Budget>>,
}

impl Throttle for RateLimiter {
    fn admit(&self, priority: Priority) -> Option<Duration> {
        let now = Instant::now();
        let until = self.lock().as_mut()?.take(now, priority)?;
        Some(until.duration_since(now))
    }

    fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        let now = Instant::now();
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        let Some(told) = Budget::told(headers, refused, Timestamp::now()) else {
            return;
        };
        let mut budget = self.lock();
        *budget = Some(match *budget {
            Some(known) if known.resets_at > now => known.merged(told),
            _ => told,
        });
    }
}

impl RateLimiter {
    fn lock(&self) -> MutexGuard<'_, Option<Budget>> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of the current window.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Budget {
    limit: u64,
    remaining: u64,
    /// Jira says that little is left, a fifth at most.
    near_limit: bool,
    resets_at: Instant,
}

impl Budget {
    /// The budget that an answer speaks of; `None` when it speaks of none.
    ///
    /// A refusal means that nothing is left, whatever its count says, and that the window ends
    /// when its `Retry-After` does.
    fn told(headers: &HeaderMap, refused: bool, wall_clock: Timestamp) -> Option<Self> {
        let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
        let number = |name| text(name)?.parse::<u64>().ok();
        let seconds = text("retry-after").and_then(|seconds| seconds.parse::<f64>().ok());
        let retry_after = seconds.filter(|_| refused).and_then(|seconds| {
            Duration::try_from_secs_f64(seconds.min(LONGEST_WINDOW.as_secs_f64())).ok()
        });
        let reset = text("x-ratelimit-reset").and_then(|reset| reset.parse::<Timestamp>().ok());
        let window = match (retry_after, reset) {
            (Some(wait), _) => wait,
            (None, Some(reset)) => {
                Duration::try_from(reset.duration_since(wall_clock)).unwrap_or_default()
            }
            (None, None) => SHORT_WINDOW,
        };
        let remaining = number("x-ratelimit-remaining")?;
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: if refused { 0 } else { remaining },
            near_limit: text("x-ratelimit-nearlimit") == Some("true"),
            resets_at: Instant::now() + window.min(LONGEST_WINDOW),
        })
    }

    /// Takes one request off the budget, or says when to ask again.
    ///
    /// The rest that Jira warns of is left to live events.
    fn take(&mut self, now: Instant, priority: Priority) -> Option<Instant> {
        if self.resets_at <= now {
            // The next answer tells when the new window ends.
            self.remaining = self.limit;
            self.near_limit = false;
            return None;
        }
        let is_left_to_others = self.near_limit && priority == Priority::Normal;
        if is_left_to_others || self.remaining <= RESERVE {
            return Some(self.resets_at);
        }
        self.remaining -= 1;
        None
    }

    /// What is known after an answer. Answers overtake each other: within one window the smaller
    /// count is the newer one, and a later end is that of a newer window.
    fn merged(self, told: Self) -> Self {
        if told.resets_at > self.resets_at + SHORT_WINDOW {
            return told;
        }
        Self {
            remaining: self.remaining.min(told.remaining),
            near_limit: self.near_limit || told.near_limit,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: StatusCode = StatusCode::OK;

    fn observe(limiter: &RateLimiter, status: StatusCode, remaining: u64, window: Duration) {
        observe_near(limiter, status, remaining, window, false);
    }

    fn observe_near(
        limiter: &RateLimiter,
        status: StatusCode,
        remaining: u64,
        window: Duration,
        near_limit: bool,
    ) {
        let reset = (Timestamp::now() + window).to_string();
        let headers = [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", &remaining.to_string()),
            ("x-ratelimit-reset", &reset),
            ("x-ratelimit-nearlimit", &near_limit.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
        limiter.observe(status, &headers);
    }

    fn admitted(limiter: &RateLimiter) -> usize {
        admitted_as(limiter, Priority::Normal)
    }

    fn admitted_as(limiter: &RateLimiter, priority: Priority) -> usize {
        (0..1_000)
            .take_while(|_| limiter.admit(priority).is_none())
            .count()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held_back_before_jira_speaks_of_a_limit() {
        let limiter = RateLimiter::default();
        limiter.observe(OK, &HeaderMap::new());
        assert_eq!(admitted(&limiter), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_admits_what_is_left_of_it_less_the_reserve() {
        let limiter = RateLimiter::default();
        observe(&limiter, OK, 5, MINUTE);
        assert_eq!(admitted(&limiter), 4);
        let wait = limiter.admit(Priority::Normal).unwrap();
        assert!(wait > Duration::from_secs(59) && wait <= MINUTE, "{wait:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn within_a_window_the_smaller_count_holds() {
        let limiter = RateLimiter::default();
        observe(&limiter, OK, 20, MINUTE);
        observe(&limiter, OK, 5, MINUTE);
        observe(&limiter, OK, 15, MINUTE);
        assert_eq!(admitted(&limiter), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_a_newer_window_replaces_what_is_known() {
        let limiter = RateLimiter::default();
        observe(&limiter, OK, 1, MINUTE);
        observe(&limiter, OK, 50, 2 * MINUTE);
        assert_eq!(admitted(&limiter), 49);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_leaves_nothing_of_the_window() {
        let limiter = RateLimiter::default();
        observe(&limiter, StatusCode::TOO_MANY_REQUESTS, 30, MINUTE);
        assert_eq!(admitted(&limiter), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn near_its_end_a_window_is_left_to_live_events() {
        let limiter = RateLimiter::default();
        observe_near(&limiter, OK, 19, MINUTE, true);
        observe(&limiter, OK, 20, MINUTE);
        assert_eq!(admitted(&limiter), 0);
        assert_eq!(admitted_as(&limiter, Priority::Urgent), 18);
        tokio::time::advance(MINUTE).await;
        assert_eq!(limiter.admit(Priority::Normal), None);
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_go_on_when_the_window_ends() {
        let limiter = RateLimiter::default();
        observe(&limiter, OK, 0, MINUTE);
        let waits: Vec<_> = (0..3)
            .map(|_| limiter.admit(Priority::Normal).unwrap())
            .collect();
        assert!(waits.iter().all(|wait| *wait == waits[0]), "{waits:?}");
        tokio::time::advance(MINUTE).await;
        assert_eq!(limiter.admit(Priority::Normal), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_ends_in_the_far_future_holds_back_for_a_quarter_of_an_hour() {
        let limiter = RateLimiter::default();
        let headers = [
            ("x-ratelimit-limit", "9".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("retry-after", u64::MAX.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
        limiter.observe(StatusCode::TOO_MANY_REQUESTS, &headers);
        assert_eq!(limiter.admit(Priority::Normal), Some(LONGEST_WINDOW));
        tokio::time::advance(LONGEST_WINDOW).await;
        assert_eq!(limiter.admit(Priority::Normal), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_whose_end_cannot_be_read_is_a_second_long() {
        let limiter = RateLimiter::default();
        let headers = [("x-ratelimit-limit", "9"), ("x-ratelimit-remaining", "0")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        limiter.observe(OK, &headers);
        assert_eq!(limiter.admit(Priority::Normal), Some(SHORT_WINDOW));
    }
}
