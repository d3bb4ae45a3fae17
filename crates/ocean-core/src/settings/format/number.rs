//! Numbers: counts and durations.

use std::fmt::Display;
use std::time::Duration;

use serde_json::Value;

use super::Format;
use crate::settings::node::Given;

/// A whole number in the range of its type, above a minimum.
pub(in crate::settings) fn at_least<N: Whole>(minimum: N) -> Format<N> {
    let expected = format!("a whole number from {minimum}");
    let parse = move |given: &Given| whole(given).filter(|number: &N| *number >= minimum);
    Format::new(expected, parse, N::to_string)
}

/// A whole number between two bounds, both included.
pub(in crate::settings) fn within<N: Whole>(minimum: N, maximum: N) -> Format<N> {
    let expected = format!("a whole number from {minimum} to {maximum}");
    let parse =
        move |given: &Given| whole(given).filter(|number: &N| (minimum..=maximum).contains(number));
    Format::new(expected, parse, N::to_string)
}

/// Any whole number.
pub(in crate::settings) fn integer() -> Format<i64> {
    Format::new("a whole number", whole, i64::to_string)
}

/// The integer types of settings.
pub(in crate::settings) trait Whole:
    Copy + PartialOrd + ToString + Display + TryFrom<i64> + 'static
{
}

impl<N: Copy + PartialOrd + Display + TryFrom<i64> + 'static> Whole for N {}

fn whole<N: Whole>(given: &Given) -> Option<N> {
    let number = match &given.value {
        Value::Number(number) => number.as_i64().or_else(|| whole_text(&given.text()?)),
        Value::String(text) => whole_text(text),
        _ => None,
    }?;
    N::try_from(number).ok()
}

/// An optional sign, digits with `_` between them, and a fraction of zeros.
fn whole_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (digits, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_zero = !fraction.is_empty() && fraction.chars().all(|digit| digit == '0');
    let between = |part: &str| !part.is_empty() && part.chars().all(|digit| digit.is_ascii_digit());
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if !is_zero || !unsigned.split('_').all(between) {
        return None;
    }
    digits.replace('_', "").parse().ok()
}

/// A number of seconds, fractions included; zero only where `minimum` is zero.
pub(in crate::settings) fn seconds(zero: bool) -> Format<Duration> {
    let expected = if zero {
        "a number of seconds from 0"
    } else {
        "a number of seconds above 0"
    };
    let parse = move |given: &Given| {
        let seconds = match &given.value {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().replace('_', "").parse().ok()?,
            _ => return None,
        };
        let duration = Duration::try_from_secs_f64(seconds).ok()?;
        (zero || !duration.is_zero()).then_some(duration)
    };
    Format::new(expected, parse, show_seconds)
}

/// A number above zero, fractions included.
pub(in crate::settings) fn above_zero() -> Format<f64> {
    let parse = |given: &Given| {
        let number: f64 = given.text()?.trim().replace('_', "").parse().ok()?;
        (number.is_finite() && number > 0.0).then_some(number)
    };
    Format::new("a number above 0", parse, f64::to_string)
}

/// A whole number of seconds.
pub(in crate::settings) fn whole_seconds(minimum: u32) -> Format<Duration> {
    let mut format = at_least(minimum).map(
        |seconds| Duration::from_secs(u64::from(seconds)),
        show_seconds,
    );
    format.expected = format!("a whole number of seconds from {minimum}");
    format
}

fn show_seconds(duration: &Duration) -> String {
    duration.as_secs_f64().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn integers_take_signs_blanks_underscores_and_a_zero_fraction() {
        check(
            &integer(),
            [
                ("5", Some(5)),
                (" +1_000 ", Some(1000)),
                ("-5", Some(-5)),
                ("007", Some(7)),
                ("5.0", Some(5)),
                ("5.5", None),
                ("5.", None),
                ("_5", None),
                ("5_", None),
                ("1__0", None),
                ("0x10", None),
                ("1e3", None),
                ("null", None),
                ("99999999999999999999", None),
            ]
            .map(|(text, value)| (json!(text), value)),
        );
        check(
            &integer(),
            [(json!(5), Some(5)), (json!(5.5), None), (json!(true), None)],
        );
        check(
            &within(1_u32, 10),
            [(json!(0), None), (json!(10), Some(10)), (json!(11), None)],
        );
        check(&at_least(1_u16), [(json!(-1), None), (json!(70_000), None)]);
    }

    #[test]
    fn seconds_may_have_a_fraction_and_never_a_sign() {
        let some = |seconds| Some(Duration::from_secs_f64(seconds));
        check(
            &seconds(true),
            [
                (json!("0.5"), some(0.5)),
                (json!(90), some(90.0)),
                (json!("0"), some(0.0)),
                (json!("-1"), None),
                (json!("nan"), None),
                (json!("soon"), None),
            ],
        );
        check(
            &seconds(false),
            [(json!(0), None), (json!("0.1"), some(0.1))],
        );
        check(
            &above_zero(),
            [
                (json!("1.5"), Some(1.5)),
                (json!("0"), None),
                (json!("inf"), None),
            ],
        );
    }
}
