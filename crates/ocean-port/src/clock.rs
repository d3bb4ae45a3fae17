//! What time it is at Port.
//!
//! Every answer carries Port's time in its `Date` header. The last one is kept together with the
//! moment it arrived, on a clock that nobody can set, so that `now` can be told without asking
//! again for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::time::Instant;

/// How long one answer tells the time. Several machines answer for Port, and their clocks differ
/// by less than this.
const FRESH: Duration = Duration::from_secs(60);

static HTTP_DATE: DateTimeParser = DateTimeParser::new();

/// Port's clock, as its answers showed it.
///
/// # Guarantees
///
/// The time told is never later than Port's own: a `Date` is cut to the second, was written
/// before the answer arrived, and what passed since is measured and cut to the second again. An
/// entity that Port updates after the call has a later time.
///
/// # Assumptions
///
/// That `Date` was written by Port and not kept by a cache in between.
#[derive(Debug, Default)]
pub(crate) struct PortClock {
    last: Mutex<Option<(Instant, SystemTime)>>,
}

impl PortClock {
    /// Takes note of an answer that has just arrived.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        if let Some(date) = date(headers) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now(), date));
        }
    }

    /// Port's time in whole seconds; `None` when no answer told it lately.
    pub(crate) fn now(&self) -> Option<SystemTime> {
        let (arrived, date) = (*self.last.lock().unwrap_or_else(PoisonError::into_inner))?;
        let passed = arrived.elapsed();
        (passed < FRESH).then(|| date + Duration::from_secs(passed.as_secs()))
    }
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = HTTP_DATE.parse_timestamp(text).ok()?;
    let seconds = u64::try_from(date.as_second()).ok()?;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ANSWERED: u64 = 1_795_434_796;

    fn headers(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))])
    }

    fn seconds(clock: &PortClock) -> Option<u64> {
        Some(clock.now()?.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_in_whole_seconds_until_it_is_old() {
        let clock = PortClock::default();
        clock.observe(&headers("Mon, 23 Nov 2026 11:53:16 GMT"));
        assert_eq!(seconds(&clock), Some(ANSWERED));
        tokio::time::advance(Duration::from_millis(1999)).await;
        assert_eq!(seconds(&clock), Some(ANSWERED + 1));
        tokio::time::advance(FRESH).await;
        assert_eq!(seconds(&clock), None);
    }

    #[test]
    fn an_answer_without_a_readable_date_tells_nothing() {
        let clock = PortClock::default();
        clock.observe(&HeaderMap::new());
        clock.observe(&headers("yesterday"));
        assert_eq!(clock.now(), None);
    }
}
