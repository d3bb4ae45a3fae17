//! The `@name` formats.

use std::fmt::Write;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::native::v;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Native;
use super::control::on_input;
use crate::mapping::jq::text::{describe, to_json_text, to_text};
use crate::mapping::jq::{Outcome, Val, budget, fail};

/// What stays as it is in a URI.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Base64 of which the padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn natives() -> Vec<Native> {
    vec![
        ("@text", v(0), |cv| {
            on_input(cv, |value| Ok(to_text(value)?))
        }),
        ("@json", v(0), |cv| {
            on_input(cv, |value| Ok(Val::from(to_json_text(value)?)))
        }),
        ("@csv", v(0), |cv| on_input(cv, csv)),
        ("@tsv", v(0), |cv| on_input(cv, tsv)),
        ("@html", v(0), |cv| on_input(cv, html)),
        ("@uri", v(0), |cv| on_input(cv, uri)),
        ("@urid", v(0), |cv| on_input(cv, uri_decode)),
        ("@sh", v(0), |cv| on_input(cv, sh)),
        ("@base64", v(0), |cv| on_input(cv, base64)),
        ("@base64d", v(0), |cv| on_input(cv, base64_decode)),
    ]
}

/// The text of a value, paid for as if it grew fourfold.
fn text_of(value: &Val) -> Result<String, crate::mapping::jq::Fault> {
    let text = to_text(value)?.to_string();
    budget::allocate(text.len().saturating_mul(4))?;
    Ok(text)
}

fn csv(value: &Val) -> Outcome {
    row(value, "csv", ",", |text| {
        format!("\"{}\"", text.replace('"', "\"\""))
    })
}

fn tsv(value: &Val) -> Outcome {
    row(value, "tsv", "\t", |text| {
        let text = text.replace('\\', "\\\\").replace('\t', "\\t");
        text.replace('\n', "\\n").replace('\r', "\\r")
    })
}

fn row(value: &Val, name: &str, separator: &str, quote: fn(&str) -> String) -> Outcome {
    let Val::Arr(cells) = value else {
        return fail(format!(
            "{} cannot be {name}-formatted, only array",
            describe(value)
        ));
    };
    let mut row = String::new();
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            row.push_str(separator);
        }
        match cell {
            Val::Null => {}
            Val::Bool(_) | Val::Num(_) => row.push_str(&to_json_text(cell)?),
            Val::Str(text) => {
                budget::element(text.len().saturating_mul(2))?;
                row.push_str(&quote(text));
            }
            other => return fail(format!("{} is not valid in a csv row", describe(other))),
        }
    }
    Ok(Val::from(row))
}

fn html(value: &Val) -> Outcome {
    let mut escaped = String::new();
    for character in text_of(value)?.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    Ok(Val::from(escaped))
}

fn uri(value: &Val) -> Outcome {
    Ok(Val::from(
        utf8_percent_encode(&text_of(value)?, UNRESERVED).to_string(),
    ))
}

fn uri_decode(value: &Val) -> Outcome {
    let text = text_of(value)?;
    let escapes = text.split('%').skip(1);
    let complete = escapes
        .map(|escape| escape.as_bytes().get(..2))
        .all(|digits| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)));
    match percent_decode_str(&text).decode_utf8() {
        Ok(decoded) if complete => Ok(Val::from(decoded.as_ref())),
        _ => fail(format!("{} is not a valid uri encoding", describe(value))),
    }
}

fn sh(value: &Val) -> Outcome {
    let words = match value {
        Val::Arr(words) => words.to_vec(),
        single => vec![single.clone()],
    };
    let mut command = String::new();
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            command.push(' ');
        }
        match word {
            Val::Str(text) => {
                budget::element(text.len().saturating_mul(4))?;
                // Writing to a String cannot fail.
                let written = write!(command, "'{}'", text.replace('\'', "'\\''"));
                debug_assert!(written.is_ok());
            }
            Val::Arr(_) | Val::Obj(_) => {
                return fail(format!("{} can not be escaped for shell", describe(word)));
            }
            plain => command.push_str(&to_json_text(plain)?),
        }
    }
    Ok(Val::from(command))
}

fn base64(value: &Val) -> Outcome {
    Ok(Val::from(BASE64.encode(text_of(value)?)))
}

fn base64_decode(value: &Val) -> Outcome {
    let text = text_of(value)?;
    let digits = text.trim_end_matches('=');
    if digits.len() % 4 == 1 {
        return fail(format!("{} trailing base64 byte found", describe(value)));
    }
    match BASE64.decode(digits) {
        Ok(bytes) => Ok(Val::from(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_invalid) => fail(format!("{} is not valid base64 data", describe(value))),
    }
}
