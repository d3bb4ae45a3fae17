//! When is a request sent again, and after how long? [`RetryPolicy`] decides, without doing it.

use std::time::Duration;

use http::{Method, Request, StatusCode};

/// What the builder of a request knows about sending it twice; put it into the request's
/// extensions.
///
/// Without it the method decides: `GET`, `HEAD`, `PUT`, `DELETE`, `OPTIONS` and `TRACE` are
/// idempotent; a `POST` or `PATCH` is sent again only if it certainly was not executed (no
/// connection, or refused with 429).
///
/// ```
/// use bytes::Bytes;
/// use ocean_core::http::Retry;
///
/// let search = http::Request::post("https://tracker.example/rest/search")
///     .extension(Retry::Idempotent)
///     .body(Bytes::new());
/// # assert!(search.is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Executing it twice does no harm, whatever its method.
    Idempotent,
    /// Send it once. (A refused token is still renewed once: a 401 was not executed.)
    Never,
}

/// How often and after which delays a client sends a request again.
///
/// The delay before attempt *n* is a random time up to `base_delay * 2^(n-1)`, at most `max_delay`
/// (full jitter: workers that failed together do not come back together). What a server announces
/// wins over the computed delay, and is not cut.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Requests sent for one call, the first included.
    pub max_attempts: u32,
    /// The same for a plain 500, which more often than not repeats itself.
    pub server_error_attempts: u32,
    /// The bound of the delay before the second attempt.
    pub base_delay: Duration,
    /// The bound of every computed delay.
    pub max_delay: Duration,
    /// The statuses, beside 500, that may pass.
    pub statuses: Vec<StatusCode>,
}

impl Default for RetryPolicy {
    /// 11 attempts (4 for a plain 500), from 0.1 s to 60 s.
    fn default() -> Self {
        Self {
            max_attempts: 11,
            server_error_attempts: 4,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(60),
            statuses: vec![
                StatusCode::REQUEST_TIMEOUT,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ],
        }
    }
}

impl RetryPolicy {
    /// For a system that is worth waiting for: from 0.3 s to 300 s.
    #[must_use]
    pub fn patient() -> Self {
        Self {
            base_delay: Duration::from_millis(300),
            max_delay: Duration::from_secs(300),
            ..Self::default()
        }
    }

    /// One attempt, for calls that must not hold anything up.
    #[must_use]
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            server_error_attempts: 1,
            ..Self::default()
        }
    }

    /// Changes [`RetryPolicy::max_attempts`] (at least one is made).
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Changes both ends of the computed delays.
    #[must_use]
    pub const fn delays(mut self, base: Duration, max: Duration) -> Self {
        self.base_delay = base;
        self.max_delay = max;
        self
    }

    /// Whether a call that failed like this for the `attempts`-th time is tried again.
    pub(super) fn allows(&self, mode: Mode, attempts: u32, failure: Failure) -> bool {
        let most = match failure {
            Failure::Status(StatusCode::INTERNAL_SERVER_ERROR) => {
                self.server_error_attempts.min(self.max_attempts)
            }
            _ => self.max_attempts,
        };
        attempts < most
            && match mode {
                Mode::Never => false,
                Mode::IfNotExecuted => failure.was_not_executed(),
                Mode::Always => self.may_pass(failure),
            }
    }

    fn may_pass(&self, failure: Failure) -> bool {
        match failure {
            Failure::Status(status) => {
                status == StatusCode::INTERNAL_SERVER_ERROR || self.statuses.contains(&status)
            }
            Failure::NotConnected | Failure::Interrupted => true,
        }
    }

    /// The delay after the `attempts`-th failure; `random` lies between 0 and 1.
    pub(super) fn delay(&self, attempts: u32, random: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let bound = self
            .base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// Which failures of a request may be answered by sending it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Always,
    IfNotExecuted,
    Never,
}

impl Mode {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        match request.extensions().get::<Retry>() {
            Some(Retry::Idempotent) => Self::Always,
            Some(Retry::Never) => Self::Never,
            None if *request.method() != Method::CONNECT && request.method().is_idempotent() => {
                Self::Always
            }
            None => Self::IfNotExecuted,
        }
    }
}

/// A failed attempt, as far as the policy is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// An answer with this status.
    Status(StatusCode),
    /// No connection, so nothing was sent.
    NotConnected,
    /// The connection broke or a deadline passed after something may have been sent.
    Interrupted,
}

impl Failure {
    fn was_not_executed(self) -> bool {
        matches!(
            self,
            Self::NotConnected | Self::Status(StatusCode::TOO_MANY_REQUESTS)
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(method: Method, retry: Option<Retry>) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        if let Some(retry) = retry {
            request.extensions_mut().insert(retry);
        }
        request
    }

    #[test]
    fn the_method_decides_unless_the_builder_knows_better() {
        for (method, retry, mode) in [
            (Method::GET, None, Mode::Always),
            (Method::PUT, None, Mode::Always),
            (Method::DELETE, None, Mode::Always),
            (Method::POST, None, Mode::IfNotExecuted),
            (Method::PATCH, None, Mode::IfNotExecuted),
            (Method::POST, Some(Retry::Idempotent), Mode::Always),
            (Method::GET, Some(Retry::Never), Mode::Never),
        ] {
            assert_eq!(Mode::of(&request(method.clone(), retry)), mode, "{method}");
        }
    }

    #[test]
    fn a_post_is_repeated_only_if_it_was_not_executed() {
        let policy = RetryPolicy::default();
        let allows = |failure| policy.allows(Mode::IfNotExecuted, 1, failure);
        assert!(allows(Failure::NotConnected));
        assert!(allows(Failure::Status(StatusCode::TOO_MANY_REQUESTS)));
        assert!(!allows(Failure::Status(StatusCode::BAD_GATEWAY)));
        assert!(!allows(Failure::Interrupted));
    }

    #[test]
    fn f01_a_plain_500_is_tried_a_few_times_only() {
        let policy = RetryPolicy::default();
        let failure = Failure::Status(StatusCode::INTERNAL_SERVER_ERROR);
        assert!(policy.allows(Mode::Always, 3, failure));
        assert!(!policy.allows(Mode::Always, 4, failure));
    }

    #[test]
    fn a_refusal_is_never_repeated() {
        let policy = RetryPolicy::default();
        for status in [400, 403, 404, 409, 413, 422] {
            let failure = Failure::Status(StatusCode::from_u16(status).unwrap());
            assert!(!policy.allows(Mode::Always, 1, failure), "{status}");
        }
    }

    proptest! {
        #[test]
        fn the_bound_of_the_delay_grows_and_is_capped(attempt in 1_u32..200, random in 0.0..=1.0) {
            let policy = RetryPolicy::default();
            prop_assert!(policy.delay(attempt, 1.0) <= policy.delay(attempt + 1, 1.0));
            prop_assert!(policy.delay(attempt, random) <= policy.max_delay);
        }
    }
}
