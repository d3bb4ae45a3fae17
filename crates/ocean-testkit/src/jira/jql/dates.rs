//! Which instant does the text of a date mean?

use jiff::{
    civil::{Date, Time},
    fmt::strtime,
    tz::Offset,
};

use super::{JqlError, ast::Field};

const MINUTE: i64 = 60_000;

/// Reads a date, relative ones from `now`; both in milliseconds since the epoch.
pub(super) fn instant(text: &str, now: i64, field: Field) -> Result<i64, JqlError> {
    relative(text)
        .map(|offset| now.saturating_add(offset))
        .or_else(|| absolute(text))
        .ok_or_else(|| {
            JqlError::new(format!(
                "Date value '{text}' for field '{}' is invalid. Valid formats include: \
                 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a \
                 period format e.g. '-5d', '4w 2d'.",
                field.name()
            ))
        })
}

/// Reads `-1w`, `-2d`, `3h` or several of them, as in `-1w 2d`.
fn relative(text: &str) -> Option<i64> {
    let trimmed = text.trim();
    let (sign, periods) = match trimmed.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    if periods.is_empty() {
        return None;
    }
    let mut sum = 0_i64;
    for period in periods.split_whitespace() {
        let (digits, unit) = period.split_at_checked(period.len() - 1)?;
        let unit = match unit {
            "w" => 7 * 24 * 60 * MINUTE,
            "d" => 24 * 60 * MINUTE,
            "h" => 60 * MINUTE,
            "m" => MINUTE,
            _ => return None,
        };
        let count: u32 = digits.parse().ok()?;
        sum = sum.checked_add(i64::from(count).checked_mul(unit)?)?;
    }
    Some(sign * sum)
}

fn absolute(text: &str) -> Option<i64> {
    let text = text.trim().replace('/', "-");
    let moment = strtime::parse("%Y-%m-%d %H:%M", &text)
        .and_then(|parts| parts.to_datetime())
        .or_else(|_| Ok::<_, jiff::Error>(text.parse::<Date>()?.to_datetime(Time::midnight())))
        .ok()?;
    let instant = Offset::UTC.to_timestamp(moment).ok()?;
    Some(instant.as_millisecond())
}
