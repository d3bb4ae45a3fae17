//! How are numbers and times written for people?

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time with as many digits as matter.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// How many of something there were in each second.
pub(super) fn per_second(count: usize, time: Duration) -> String {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    let rate = (count as f64 / time.as_secs_f64().max(0.001)) as usize;
    grouped(rate)
}

/// `1 issue`, `2 issues`.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let written = [0, 7, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn times_have_a_unit_that_fits() {
        let written = [0, 42, 999, 1_000, 59_940, 61_000].map(|ms| time(Duration::from_millis(ms)));
        assert_eq!(
            written,
            ["0 ms", "42 ms", "999 ms", "1.0 s", "59.9 s", "1 min 1 s"]
        );
    }

    #[test]
    fn a_run_that_took_no_time_still_has_a_rate() {
        assert_eq!(per_second(10, Duration::ZERO), "10,000");
    }
}
