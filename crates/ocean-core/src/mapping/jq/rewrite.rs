//! What is rewritten in the text of a program before it is parsed?
//!
//! jq reads `"\ud83c\udf89"` as one character and a lone surrogate as U+FFFD; the lexer refuses
//! both. They are replaced in the text, and offsets of errors are translated back.

use std::borrow::Cow;

/// A program text after rewriting.
#[derive(Debug)]
pub(super) struct Rewritten<'t> {
    text: Cow<'t, str>,
    /// For each replacement that changed the length: where it ends now, and by how much the text
    /// up to there became shorter.
    shifts: Vec<(usize, usize)>,
}

impl Rewritten<'_> {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The offset in the original text of an offset in the rewritten one.
    pub(super) fn original(&self, offset: usize) -> usize {
        let passed = self
            .shifts
            .iter()
            .take_while(|(end, _)| *end <= offset)
            .last();
        offset + passed.map_or(0, |(_, shortened)| *shortened)
    }
}

/// Replaces escaped surrogates.
pub(super) fn rewrite(text: &str) -> Rewritten<'_> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Rewritten {
            text: Cow::Borrowed(text),
            shifts: Vec::new(),
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut shifts = Vec::new();
    let mut shortened = 0;
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (replacement, length) = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..)) => {
                let point = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(point), 12)
            }
            (Some(_), _) => (Some('\u{fffd}'), 6),
            // An escape is two characters at least; so an escaped backslash begins no other.
            (None, _) => (None, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)),
        };
        match replacement {
            Some(character) => {
                out.push(character);
                shortened += length - character.len_utf8();
                shifts.push((out.len(), shortened));
            }
            None => out.push_str(escape.get(..length).unwrap_or_default()),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Rewritten {
        text: Cow::Owned(out),
        shifts,
    }
}

/// The surrogate that an escape at the beginning of `text` stands for.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let point = u32::from_str_radix(digits, 16).ok()?;
    (0xD800..0xE000).contains(&point).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn surrogates_are_replaced_and_offsets_kept() {
        for (text, expected) in [
            (r#""\ud83c\udf89" | x"#, "\"\u{1f389}\" | x"),
            (r#""\ud83c" | x"#, "\"\u{fffd}\" | x"),
            (r#""\\ud83c" | x"#, r#""\\ud83c" | x"#),
            (r#""\u0041" | x"#, r#""\u0041" | x"#),
        ] {
            let rewritten = rewrite(text);
            assert_eq!(rewritten.text(), expected);
            let offset = expected.find('x').unwrap();
            assert_eq!(text.find('x'), Some(rewritten.original(offset)));
        }
    }
}
