//! Times as Port writes them: `2026-11-23T11:53:16.887175+00:00`.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};

/// ISO 8601 in UTC with microseconds; what is finer is cut off.
pub(crate) fn timestamp(time: SystemTime) -> Result<String> {
    let time = Timestamp::try_from(time).map_err(Error::invalid_request)?;
    let utc = time.to_zoned(TimeZone::UTC);
    Ok(utc.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string())
}

/// A time that Port tells; `None` when it cannot be read, which is logged. What is told without an
/// offset is in UTC.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let told = text.parse::<Timestamp>().or_else(|_| {
        let told = text.parse::<DateTime>()?;
        Ok::<_, jiff::Error>(told.to_zoned(TimeZone::UTC)?.timestamp())
    });
    match told {
        Ok(told) => Some(told.into()),
        Err(error) => {
            tracing::warn!(%error, "port told a time that cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn microseconds_are_always_written_and_never_rounded_up() {
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_795_434_796, 887_175_999);
        assert_eq!(timestamp(time).unwrap(), "2026-11-23T11:53:16.887175+00:00");
        let whole = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_434_796);
        assert_eq!(
            timestamp(whole).unwrap(),
            "2026-11-23T11:53:16.000000+00:00"
        );
    }

    #[test]
    fn times_are_read_in_every_form_that_port_and_the_original_write() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_435_200);
        for text in [
            "2026-11-23T12:00:00.000Z",
            "2026-11-23T12:00:00+00:00",
            "2026-11-23T14:00:00.000000+02:00",
            "2026-11-23T12:00:00",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("soon"), None);
    }
}
