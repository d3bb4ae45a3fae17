//! How does a value look as text?

use std::fmt::{self, Write};

use super::budget;
use super::value::Val;

/// How many characters of a value an error message shows.
const SHOWN: usize = 30;

/// The compact JSON text that `tojson` gives.
pub(super) fn to_json_text(value: &Val) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if write_json(&mut text, value).is_err() {
        text.clear();
    }
    text
}

/// The text that `tostring` and string interpolation give: texts as they are, all else as JSON.
pub(super) fn to_text(value: &Val) -> Val {
    match value {
        Val::Str(_) => value.clone(),
        other => {
            let text = to_json_text(other);
            if budget::allocate(text.len()).is_err() {
                return Val::Null;
            }
            Val::from(text)
        }
    }
}

/// A value in an error message: its kind and the beginning of its text.
pub(super) fn describe(value: &Val) -> String {
    format!("{} ({})", value.kind(), excerpt(value))
}

/// The beginning of the text of a value, as jq cuts it for its messages.
pub(super) fn excerpt(value: &Val) -> String {
    let mut text = to_json_text(value);
    if text.len() < SHOWN {
        return text;
    }
    let closing = match value {
        Val::Str(_) => "...\"",
        Val::Arr(_) => "...]",
        Val::Obj(_) => "...}",
        _ => "...",
    };
    let kept = SHOWN - 1 - closing.len();
    let boundary = (0..=kept).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(boundary.unwrap_or(0));
    text + closing
}

fn write_json(out: &mut impl Write, value: &Val) -> fmt::Result {
    match value {
        Val::Null => out.write_str("null"),
        Val::Bool(value) => write!(out, "{value}"),
        Val::Num(number) => out.write_str(&number.text()),
        Val::Str(text) => write_quoted(out, text),
        Val::Arr(array) => {
            out.write_char('[')?;
            for (position, item) in array.iter().enumerate() {
                if position > 0 {
                    out.write_char(',')?;
                }
                write_json(out, item)?;
            }
            out.write_char(']')
        }
        Val::Obj(object) => {
            out.write_char('{')?;
            for (position, (key, item)) in object.iter().enumerate() {
                if position > 0 {
                    out.write_char(',')?;
                }
                write_quoted(out, key)?;
                out.write_char(':')?;
                write_json(out, item)?;
            }
            out.write_char('}')
        }
    }
}

fn write_quoted(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            control if control < ' ' || control == '\u{7f}' => {
                write!(out, "\\u{:04x}", u32::from(control))?;
            }
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            other => write_json(f, other),
        }
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}
