//! Times as Port writes them: `2026-11-23T11:53:16.887175+00:00`.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};

/// ISO 8601 in UTC with microseconds; what is finer is cut off.
pub(crate) fn timestamp(time: SystemTime) -> Result<String> {
    let time = Timestamp::try_from(time).map_err(Error::invalid_request)?;
    let utc = time.to_zoned(TimeZone::UTC);
    Ok(utc.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string())
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
}
