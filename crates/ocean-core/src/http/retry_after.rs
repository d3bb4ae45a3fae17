//! How long does the server want us to wait? Reads `Retry-After` and its relatives.
//!
//! Servers write the same thing as seconds, decimals, an HTTP date, an ISO-8601 date or a UNIX
//! time; all are understood. Points in time are compared with the `Date` of the same answer when it
//! has one, so that a wrong clock on either side does not matter.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A larger number is a UNIX time; as one, this lies in the year 1973. A daily quota may well
/// announce a wait of many hours, and taking that for a time long past would mean not to wait.
const LARGEST_SECONDS: f64 = 1e8;

/// A larger number is a UNIX time in milliseconds (in seconds it would lie in the year 5138).
const LARGEST_EPOCH_SECONDS: f64 = 1e11;

const RESET_HEADERS: [&str; 2] = ["x-ratelimit-reset", "ratelimit-reset"];
const REMAINING_HEADERS: [&str; 2] = ["x-ratelimit-remaining", "ratelimit-remaining"];

/// What an answer says about when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announcement {
    /// Nothing that we understand.
    Nothing,
    /// This request should wait.
    Delay(Duration),
    /// Everybody should wait.
    Pause(Duration),
}

impl Announcement {
    /// Reads an answer's headers; `now` is used when they do not say what time it is.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let now = text(headers, DATE.as_str())
            .and_then(|date| DateTimeParser::new().parse_timestamp(date).ok())
            .unwrap_or(now);
        let wait = |name| text(headers, name).and_then(|value| parse(value, now));
        let retry_after = wait(RETRY_AFTER.as_str());
        let reset = || RESET_HEADERS.into_iter().find_map(wait);
        let waits = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                retry_after.or_else(reset).map(Self::Pause)
            }
            _ if status.is_success() && is_exhausted(headers) => reset().map(Self::Pause),
            _ => retry_after.map(Self::Delay),
        };
        match waits {
            Some(Self::Pause(wait) | Self::Delay(wait)) if wait.is_zero() => Self::Nothing,
            Some(waits) => waits,
            None => Self::Nothing,
        }
    }
}

fn is_exhausted(headers: &HeaderMap) -> bool {
    REMAINING_HEADERS
        .into_iter()
        .filter_map(|name| text(headers, name))
        .any(|remaining| remaining == "0")
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The wait that a header value means; `None` when it is not understood or lies in the past.
fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    if value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return from_number(value.parse().ok()?, now);
    }
    let time = value
        .parse::<Timestamp>()
        .or_else(|_| DateTimeParser::new().parse_timestamp(value))
        .ok()
        .or_else(|| utc(value)?.timestamp().into())?;
    until(time, now)
}

/// Some servers leave the offset out and mean UTC.
fn utc(value: &str) -> Option<Zoned> {
    value.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()
}

fn from_number(number: f64, now: Timestamp) -> Option<Duration> {
    if number <= LARGEST_SECONDS {
        return Duration::try_from_secs_f64(number).ok();
    }
    let seconds = if number > LARGEST_EPOCH_SECONDS {
        number / 1000.0
    } else {
        number
    };
    let since_epoch = Duration::try_from_secs_f64(seconds).ok()?;
    let time = Timestamp::UNIX_EPOCH.checked_add(since_epoch).ok()?;
    until(time, now)
}

fn until(time: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(time.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NOON: &str = "2026-01-01T12:00:00Z";

    fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn of(status: u16, pairs: &[(&'static str, &str)]) -> Announcement {
        Announcement::of(
            StatusCode::from_u16(status).unwrap(),
            &headers(pairs),
            noon(),
        )
    }

    #[test]
    fn f03_every_notation_of_a_wait_is_understood() {
        let seven = Some(Duration::from_secs(7));
        let epoch = noon().as_second() + 7;
        for value in [
            "7",
            "7.0",
            "Thu, 01 Jan 2026 12:00:07 GMT",
            "2026-01-01T12:00:07Z",
            "2026-01-01T14:00:07+02:00",
            "2026-01-01T12:00:07",
            &epoch.to_string(),
            &format!("{epoch}000"),
        ] {
            assert_eq!(parse(value, noon()), seven, "{value}");
        }
        assert_eq!(parse("0.25", noon()), Some(Duration::from_millis(250)));
        assert_eq!(parse("100000", noon()), Some(Duration::from_secs(100_000)));
    }

    #[test]
    fn what_is_not_a_wait_is_absent() {
        for value in [
            "",
            ".",
            "1.2.3",
            "-7",
            "soon",
            "2025-01-01T00:00:00Z",
            "1700000000",
        ] {
            assert_eq!(parse(value, noon()), None, "{value}");
        }
    }

    #[test]
    fn f04_an_exhausted_window_pauses_before_the_refusal() {
        let limit = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")];
        assert_eq!(of(200, &limit), Announcement::Pause(Duration::from_secs(9)));
        let left = [("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "9")];
        assert_eq!(of(200, &left), Announcement::Nothing);
    }

    #[test]
    fn f34_retry_after_wins_over_the_reset_of_the_window() {
        let both = [("retry-after", "3"), ("x-ratelimit-reset", "9")];
        assert_eq!(of(429, &both), Announcement::Pause(Duration::from_secs(3)));
        assert_eq!(
            of(429, &[("x-ratelimit-reset", "9")]),
            Announcement::Pause(Duration::from_secs(9))
        );
    }

    #[test]
    fn other_statuses_delay_only_their_own_request() {
        let both = [("retry-after", "3"), ("x-ratelimit-reset", "9")];
        assert_eq!(of(502, &both), Announcement::Delay(Duration::from_secs(3)));
    }

    #[test]
    fn f43_a_wrong_clock_does_not_change_the_wait() {
        let skewed = [
            ("date", "Thu, 01 Jan 2026 13:00:00 GMT"),
            ("retry-after", "Thu, 01 Jan 2026 13:00:05 GMT"),
        ];
        assert_eq!(
            of(429, &skewed),
            Announcement::Pause(Duration::from_secs(5))
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(value in ".{0,40}") {
            let _wait = parse(&value, noon());
        }

        #[test]
        fn no_number_makes_it_panic(value in "[0-9.]{0,400}") {
            let _wait = parse(&value, noon());
        }
    }
}
