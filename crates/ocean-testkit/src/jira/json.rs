//! How does the twin write a million answers without building a tree for each?
//!
//! [`Json`] appends JSON text to one byte buffer. Commas are decided by looking at the byte written
//! last, so callers name keys and values and nothing else.

use jiff::{Timestamp, tz::Offset};

/// A JSON text under construction.
#[derive(Debug, Default)]
pub(crate) struct Json {
    bytes: Vec<u8>,
}

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes the comma that separates this value or key from the one before it, if there is one.
    pub(crate) fn separate(&mut self) -> &mut Self {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.bytes.push(b',');
        }
        self
    }

    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.separate().raw("\"").raw(name).raw("\":")
    }

    /// Writes `{ ... }` around what `fill` writes.
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.separate().raw("{");
        fill(self);
        self.raw("}")
    }

    /// Writes `[ ... ]` around what `fill` writes.
    pub(crate) fn array(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.separate().raw("[");
        fill(self);
        self.raw("]")
    }

    /// Appends text that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.bytes.extend_from_slice(json.as_bytes());
        self
    }

    /// Appends one whole value that was rendered before.
    pub(crate) fn fragment(&mut self, json: &[u8]) -> &mut Self {
        self.separate().bytes.extend_from_slice(json);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.separate().raw("\"").continue_text(text).raw("\"")
    }

    /// Writes a text made of several parts, which saves callers from joining them first.
    pub(crate) fn joined(&mut self, parts: &[&str]) -> &mut Self {
        self.separate().raw("\"");
        for part in parts {
            self.continue_text(part);
        }
        self.raw("\"")
    }

    /// Writes a number as a text, which is how Jira sends most of its ids.
    pub(crate) fn quoted(&mut self, number: u64) -> &mut Self {
        self.separate().raw("\"").digits(number, 1).raw("\"")
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.separate().digits(number, 1)
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.separate().raw(if value { "true" } else { "false" })
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.separate().raw("null")
    }

    /// Writes milliseconds since the epoch as the platform API does: `2026-01-26T01:39:12.062+0000`.
    pub(crate) fn time(&mut self, millis: i64) -> &mut Self {
        self.separate().raw("\"").instant(millis).raw("+0000\"")
    }

    /// Writes milliseconds since the epoch as the agile API does: `2026-01-26T01:39:12.062Z`.
    pub(crate) fn agile_time(&mut self, millis: i64) -> &mut Self {
        self.separate().raw("\"").instant(millis).raw("Z\"")
    }

    /// Writes the day of an instant: `2026-01-26`.
    pub(crate) fn day(&mut self, millis: i64) -> &mut Self {
        self.separate().raw("\"").date(millis).raw("\"")
    }

    fn instant(&mut self, millis: i64) -> &mut Self {
        let of_day = millis.rem_euclid(86_400_000).unsigned_abs();
        self.date(millis)
            .raw("T")
            .digits(of_day / 3_600_000, 2)
            .raw(":")
            .digits(of_day / 60_000 % 60, 2)
            .raw(":")
            .digits(of_day / 1_000 % 60, 2)
            .raw(".")
            .digits(of_day % 1_000, 3)
    }

    fn date(&mut self, millis: i64) -> &mut Self {
        let instant = Timestamp::from_millisecond(millis).unwrap_or_default();
        let date = Offset::UTC.to_datetime(instant).date();
        self.digits(u64::from(date.year().unsigned_abs()), 4)
            .raw("-")
            .digits(u64::from(date.month().unsigned_abs()), 2)
            .raw("-")
            .digits(u64::from(date.day().unsigned_abs()), 2)
    }

    /// Appends a number with at least `width` digits.
    pub(crate) fn digits(&mut self, number: u64, width: usize) -> &mut Self {
        let from = self.bytes.len();
        let mut rest = number;
        while rest > 0 || self.bytes.len() < from + width {
            // A digit always fits a byte.
            self.bytes.push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        if let Some(written) = self.bytes.get_mut(from..) {
            written.reverse();
        }
        self
    }

    /// Appends escaped text inside of an open string.
    pub(crate) fn continue_text(&mut self, text: &str) -> &mut Self {
        if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
            return self.raw(text);
        }
        for byte in text.bytes() {
            match byte {
                b'"' => self.bytes.extend_from_slice(b"\\\""),
                b'\\' => self.bytes.extend_from_slice(b"\\\\"),
                b'\n' => self.bytes.extend_from_slice(b"\\n"),
                0..0x20 => self
                    .bytes
                    .extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.bytes.push(byte),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(fill: impl FnOnce(&mut Json)) -> String {
        let mut out = Json::default();
        fill(&mut out);
        String::from_utf8(out.into_bytes()).expect("text")
    }

    #[test]
    fn commas_stand_between_keys_and_between_elements_only() {
        let text = written(|out| {
            out.object(|o| {
                o.key("a").number(0);
                o.key("b").array(|a| {
                    a.text("x").null().flag(true);
                    a.object(|_| {}).array(|_| {});
                });
                o.key("c").quoted(42);
            });
        });
        assert_eq!(text, r#"{"a":0,"b":["x",null,true,{},[]],"c":"42"}"#);
    }

    #[test]
    fn any_text_survives_a_round_trip() {
        let nasty = "quote \" slash \\ line\nbell\u{7} emoji 🌊 ü";
        let text = written(|out| {
            out.text(nasty);
        });
        let parsed: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(parsed, json!(nasty));
    }

    #[test]
    fn times_are_written_in_both_of_the_forms_jira_uses() {
        let millis = "2026-01-06T01:09:02.007Z"
            .parse::<Timestamp>()
            .expect("time")
            .as_millisecond();
        assert_eq!(
            written(|o| {
                o.time(millis);
            }),
            r#""2026-01-06T01:09:02.007+0000""#
        );
        assert_eq!(
            written(|o| {
                o.agile_time(millis);
            }),
            r#""2026-01-06T01:09:02.007Z""#
        );
        assert_eq!(
            written(|o| {
                o.day(millis);
            }),
            r#""2026-01-06""#
        );
    }
}
