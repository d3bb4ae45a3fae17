//! How are the words of others printed, so that they cannot pass for ours?
//!
//! A title may hold line ends, escape sequences of terminals and characters that turn the direction
//! of a text. With those a source could hide lines of a plan that somebody is about to approve, or
//! add some. [`plain`] is for everything that stands within a line of ours; [`guarded`] has a last
//! look at whatever is printed and lets line ends and our own colours through.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The colours of [`Paint`](super::Paint), behind the escape character.
const COLOURS: [&str; 6] = ["[0m", "[1m", "[2m", "[31m", "[32m", "[33m"];

/// Words of others, with everything that could move the cursor, change colours or directions, or
/// not be seen at all, written out.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len());
    for character in text.chars() {
        told_of(&mut told, character);
    }
    Cow::Owned(told)
}

/// A whole output, in which only line ends, tabs and our own colours do something.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    let is_harmless = |character: char| matches!(character, '\n' | '\t');
    if !text.contains(|character| acts(character) && !is_harmless(character)) {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        let rest = text.get(place + character.len_utf8()..).unwrap_or_default();
        let is_colour = character == '\u{1b}' && COLOURS.iter().any(|code| rest.starts_with(code));
        if is_colour || is_harmless(character) {
            told.push(character);
        } else {
            told_of(&mut told, character);
        }
    }
    Cow::Owned(told)
}

/// JSON in which nothing acts on a terminal that shows it; whoever reads it reads the same.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(told, "\\u{unit:04x}");
            }
        } else {
            told.push(character);
        }
    }
    Cow::Owned(told)
}

fn told_of(told: &mut String, character: char) {
    if acts(character) {
        told.extend(character.escape_default());
    } else {
        told.push(character);
    }
}

/// Whether a character does something to the text around it instead of being seen.
///
/// The joiners of emoji and of some scripts (U+200C, U+200D) are needed and stay.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // Without width.
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::Paint;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        let forged = "ok\n  + NOT-1\r\u{1b}[8mhidden\u{9b}2J \u{202e}txt\u{2066}\u{200b}\u{7f}";
        let told = plain(forged);
        assert_eq!(
            told,
            "ok\\n  + NOT-1\\r\\u{1b}[8mhidden\\u{9b}2J \\u{202e}txt\\u{2066}\\u{200b}\\u{7f}"
        );
        assert!(!told.contains(acts));
    }

    #[test]
    fn words_of_any_language_stay_as_they_are() {
        for words in ["Größe", "日本語", "שלום", "👩\u{200d}🔧", "می\u{200c}خواهم"]
        {
            assert!(matches!(plain(words), Cow::Borrowed(_)), "{words}");
            assert!(matches!(guarded(words), Cow::Borrowed(_)), "{words}");
        }
    }

    #[test]
    fn our_own_lines_and_colours_pass_the_last_look_and_nothing_else_does() {
        let paint = Paint::always();
        let ours = [
            paint.bold("a"),
            paint.dim("b"),
            paint.good("c"),
            paint.bad("d"),
            paint.notable("e"),
        ];
        let ours = format!("{}\n\tend\n", ours.join("\n"));
        assert_eq!(guarded(&format!("\u{7}{ours}")), format!("\\u{{7}}{ours}"));
        assert_eq!(
            guarded("\u{1b}[8mx\u{1b}]0;t\u{7}"),
            "\\u{1b}[8mx\\u{1b}]0;t\\u{7}"
        );
        assert_eq!(guarded("a\rb\u{202e}"), "a\\rb\\u{202e}");
    }

    #[test]
    fn json_means_the_same_as_before() {
        let value = serde_json::json!({"a": "\u{9b}2J\u{202e}\u{e0041}\n"});
        let told = value.to_string();
        let told = json(&told);
        assert!(!told.contains(acts), "{told}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&told).unwrap(),
            value
        );
    }
}
