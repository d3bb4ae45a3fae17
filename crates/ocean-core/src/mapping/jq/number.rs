//! How are numbers kept and printed?
//!
//! jq computes with doubles, but a number that was only read or written keeps the digits it came
//! with. So a number knows whether it was computed: `12345678901234567890 | tostring` keeps all
//! digits, `12345678901234567890 + 0 | tostring` does not.

use std::cmp::Ordering;
use std::sync::Arc;

/// A JSON number.
#[derive(Debug, Clone)]
pub(crate) enum Num {
    /// An integer literal, or a small count that the engine made.
    Int(i64),
    /// A literal of the input with fraction or exponent, printed as the shortest such literal.
    Decimal(f64),
    /// A literal that neither of the others can hold: its own digits are printed.
    Literal(Arc<Literal>),
    /// The result of a computation.
    Float(f64),
}

/// The digits of a literal and the double next to it.
#[derive(Debug)]
pub(crate) struct Literal {
    value: f64,
    text: Box<str>,
    digits: Digits,
}

/// `±0.d1d2d3... × 10^point`, without leading and trailing zeros.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    negative: bool,
    digits: Box<[u8]>,
    point: i64,
}

impl Num {
    /// Reads a number token of JSON or of a program; [`None`] if it is none.
    pub(crate) fn from_token(token: &str) -> Option<Self> {
        if let Ok(int) = token.parse::<i64>()
            && !token.starts_with('+')
            && token != "-0"
        {
            return Some(Self::Int(int));
        }
        let value = token.parse::<f64>().ok()?;
        let (negative, coefficient, exponent) = split(token)?;
        let text = decimal_text(negative, &coefficient, exponent).into();
        let digits = Digits::new(negative, &coefficient, exponent);
        Some(Self::Literal(Arc::new(Literal {
            value,
            text,
            digits,
        })))
    }

    /// The number as a double.
    pub(crate) fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "jq computes with doubles")]
            Self::Int(int) => *int as f64,
            Self::Decimal(value) | Self::Float(value) => *value,
            Self::Literal(literal) => literal.value,
        }
    }

    /// Whether this is NaN, which orders as null does.
    pub(crate) fn is_nan(&self) -> bool {
        self.as_f64().is_nan()
    }

    /// The negated number; of a literal the digits stay.
    pub(super) fn negate(&self) -> Self {
        match self {
            Self::Literal(literal) => {
                let token = match literal.text.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{}", literal.text),
                };
                Self::from_token(&token).unwrap_or(Self::Float(-literal.value))
            }
            Self::Int(0) => Self::Int(0),
            other => Self::Float(-other.as_f64()),
        }
    }

    /// The text that `tostring` and `tojson` give.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Int(int) => int.to_string(),
            Self::Decimal(value) => literal_text(*value),
            Self::Literal(literal) => literal.text.to_string(),
            Self::Float(value) => computed_text(*value),
        }
    }

    /// The number as the mapper sends it: integral doubles as integers, NaN as null.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Int(int) => (*int).into(),
            Self::Literal(literal) => literal
                .text
                .parse::<u64>()
                .map_or_else(|_too_big| float_to_json(literal.value), Into::into),
            Self::Decimal(value) | Self::Float(value) => float_to_json(*value),
        }
    }

    /// Orders two numbers; literals by all their digits.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            (Self::Float(_), _) | (_, Self::Float(_)) => float_order(self.as_f64(), other.as_f64()),
            (Self::Literal(_), _) | (_, Self::Literal(_)) => compare_digits(self, other),
            _ => float_order(self.as_f64(), other.as_f64()),
        }
    }
}

fn float_order(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Less)
}

fn compare_digits(left: &Num, right: &Num) -> Ordering {
    match (Digits::of(left), Digits::of(right)) {
        (Some(left), Some(right)) => left.compare(&right),
        _ => float_order(left.as_f64(), right.as_f64()),
    }
}

fn float_to_json(value: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if value.is_nan() {
        return serde_json::Value::Null;
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    if value.fract() == 0.0 && (value.abs() <= EXACT || (-I64_END..I64_END).contains(&value)) {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within range")]
        return (value as i64).into();
    }
    if value.fract() == 0.0 && (I64_END..2.0 * I64_END).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "integral and within range"
        )]
        return (value as u64).into();
    }
    value.into()
}

/// Sign, digits and exponent of a number token.
fn split(token: &str) -> Option<(bool, String, i64)> {
    let (negative, token) = match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token),
    };
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (token, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let coefficient = format!("{whole}{fraction}");
    if coefficient.is_empty() || !coefficient.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let trimmed = coefficient.trim_start_matches('0');
    let coefficient = if trimmed.is_empty() { "0" } else { trimmed };
    Some((negative, coefficient.to_owned(), exponent))
}

/// The text of an input number: the shortest double, keeping one decimal, in decimal notation.
fn literal_text(value: f64) -> String {
    if !value.is_finite() {
        return computed_text(value);
    }
    let (digits, point) = shortest(value);
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let negative = value.is_sign_negative();
    if !(-3..=16).contains(&point) {
        return decimal_text(negative, &digits, point - length);
    }
    if point >= length {
        let zeros = "0".repeat(usize::try_from(point - length).unwrap_or_default());
        return decimal_text(negative, &format!("{digits}{zeros}0"), -1);
    }
    decimal_text(negative, &digits, point - length)
}

/// The decimal arithmetic standard's text of `coefficient × 10^exponent`.
fn decimal_text(negative: bool, coefficient: &str, exponent: i64) -> String {
    let sign = if negative { "-" } else { "" };
    let length = i64::try_from(coefficient.len()).unwrap_or(i64::MAX);
    let adjusted = exponent.saturating_add(length - 1);
    if exponent <= 0 && adjusted >= -6 {
        return format!("{sign}{}", with_point(coefficient, length + exponent));
    }
    let (first, rest) = coefficient.split_at_checked(1).unwrap_or((coefficient, ""));
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{dot}{rest}E{adjusted:+}")
}

/// The text of a computed double: at most 17 digits, an exponent only when zeros would pile up.
fn computed_text(value: f64) -> String {
    if value.is_nan() {
        return "null".to_owned();
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0");
    }
    let (digits, point) = shortest(value);
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if point <= -4 || point > length + 15 {
        let exponent = point - 1;
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let dot = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{first}{dot}{rest}e{exponent_sign}{:02}",
            exponent.abs()
        );
    }
    format!("{sign}{}", with_point(&digits, point))
}

/// Places the decimal point after `point` digits, padding with zeros on either side.
fn with_point(digits: &str, point: i64) -> String {
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    if point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    if point >= length {
        return format!("{digits}{}", zeros(point - length));
    }
    let at = usize::try_from(point).unwrap_or_default();
    let (whole, fraction) = digits.split_at_checked(at).unwrap_or((digits, ""));
    format!("{whole}.{fraction}")
}

/// The shortest digits that read back as `value`, and where the point lies: `0.digits × 10^point`.
fn shortest(value: f64) -> (String, i64) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = exponent.parse::<i64>().unwrap_or_default() + 1;
    (
        mantissa.chars().filter(char::is_ascii_digit).collect(),
        point,
    )
}

impl Digits {
    fn new(negative: bool, coefficient: &str, exponent: i64) -> Self {
        let length = i64::try_from(coefficient.len()).unwrap_or(i64::MAX);
        let digits = coefficient.trim_end_matches('0');
        let negative = negative && !digits.is_empty();
        let point = if digits.is_empty() {
            0
        } else {
            exponent.saturating_add(length)
        };
        Self {
            negative,
            digits: digits.as_bytes().into(),
            point,
        }
    }

    fn of(number: &Num) -> Option<Self> {
        if let Num::Literal(literal) = number {
            let Self {
                negative,
                digits,
                point,
            } = &literal.digits;
            return Some(Self {
                negative: *negative,
                digits: digits.clone(),
                point: *point,
            });
        }
        let (negative, coefficient, exponent) = split(&number.text())?;
        Some(Self::new(negative, &coefficient, exponent))
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            _ => {}
        }
        let size = match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self
                .point
                .cmp(&other.point)
                .then_with(|| self.digits.cmp(&other.digits)),
        };
        if self.negative { size.reverse() } else { size }
    }
}

#[cfg(test)]
mod tests {
    use super::{Num, computed_text, literal_text};

    #[test]
    fn input_numbers_print_as_decimal_literals() {
        let cases = [
            (1.0, "1.0"),
            (1.5, "1.5"),
            (1e5, "100000.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1E+16"),
            (1e22, "1E+22"),
            (1e-7, "1E-7"),
            (0.00001, "0.00001"),
            (-0.0, "-0.0"),
            (1e300, "1E+300"),
            (1.5e16, "1.5E+16"),
            (0.1, "0.1"),
        ];
        for (value, text) in cases {
            assert_eq!(literal_text(value), text);
        }
    }

    #[test]
    fn computed_numbers_print_as_shortest_doubles() {
        let cases = [
            (1.0, "1"),
            (1e17, "1e+17"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (1e-7, "1e-07"),
            (0.5, "0.5"),
            (f64::NAN, "null"),
            (f64::INFINITY, "1.7976931348623157e+308"),
        ];
        for (value, text) in cases {
            assert_eq!(computed_text(value), text);
        }
    }

    #[test]
    fn program_literals_keep_their_digits() {
        for (token, text) in [
            ("1.50", "1.50"),
            ("1e18", "1E+18"),
            ("1e1000", "1E+1000"),
            ("100000000000000000000", "100000000000000000000"),
        ] {
            assert_eq!(
                Num::from_token(token)
                    .map(|number| number.text())
                    .as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn literals_compare_by_all_digits() {
        let number = |token| Num::from_token(token).unwrap();
        assert!(
            number("12345678901234567890")
                .compare(&number("12345678901234567891"))
                .is_lt()
        );
        assert!(number("1.0").compare(&number("1")).is_eq());
        assert!(number("-1e400").compare(&number("5")).is_lt());
    }
}
