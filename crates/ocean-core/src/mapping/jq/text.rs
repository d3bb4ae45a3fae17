//! How does a value look as text?

use std::fmt::{self, Write};

use super::budget::{self, Exhausted};
use super::value::Val;

/// How many characters of a value an error message shows.
const SHOWN: usize = 30;

/// How many bytes of a value that is no text an error shows which a program raised with it.
const RAISED: usize = 4 << 10;

/// How many bytes of a text are written before they are paid for.
const UNPAID: usize = 4 << 10;

/// The compact JSON text that `tojson` gives.
///
/// It is paid for while it is written: parts of a value may be shared, so that its text is far
/// longer than the memory it takes.
pub(super) fn to_json_text(value: &Val) -> Result<String, Exhausted> {
    let mut paid = Paid::default();
    match write_json(&mut paid, value) {
        Ok(()) => paid.settle()?,
        Err(fmt::Error) => return Err(paid.refusal.unwrap_or(Exhausted::Memory)),
    }
    Ok(paid.text)
}

/// A text that is paid for in portions.
#[derive(Default)]
struct Paid {
    text: String,
    settled: usize,
    refusal: Option<Exhausted>,
}

impl Paid {
    fn settle(&mut self) -> Result<(), Exhausted> {
        let open = self.text.len() - self.settled;
        self.settled = self.text.len();
        budget::allocate(open)?;
        budget::spend_steps(open as u64 / 16)
    }
}

impl Write for Paid {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.text.len() - self.settled >= UNPAID
            && let Err(limit) = self.settle()
        {
            self.refusal = Some(limit);
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The beginning of a text: refuses to go on once there are `enough` bytes.
struct Cut {
    text: String,
    enough: usize,
}

impl Cut {
    /// The beginning of the JSON of a value, and whether that is all of it.
    fn of(value: &Val, enough: usize) -> (String, bool) {
        let text = String::new();
        let mut cut = Self { text, enough };
        let complete = write_json(&mut cut, value).is_ok();
        (cut.text, complete)
    }
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.text.len() >= self.enough {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The text that `tostring` and string interpolation give: texts as they are, all else as JSON.
pub(super) fn to_text(value: &Val) -> Result<Val, Exhausted> {
    match value {
        Val::Str(_) => Ok(value.clone()),
        other => to_json_text(other).map(Val::from),
    }
}

/// A value in an error message: its kind and the beginning of its text.
pub(super) fn describe(value: &Val) -> String {
    format!("{} ({})", value.kind(), excerpt(value))
}

/// The beginning of the text of a value, as jq cuts it for its messages.
pub(super) fn excerpt(value: &Val) -> String {
    let (mut text, complete) = Cut::of(value, SHOWN);
    if complete {
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

/// How an error shows the value that it was raised with: texts whole, of all else the beginning.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            other => {
                let (text, complete) = Cut::of(other, RAISED);
                f.write_str(&text)?;
                f.write_str(if complete { "" } else { "..." })
            }
        }
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}
