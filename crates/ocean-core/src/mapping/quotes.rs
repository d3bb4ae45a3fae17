//! How do single-quoted texts of a mapping become jq texts?
//!
//! Mappings may write `'text'` for `"text"`. The rule knows nothing of jq: it looks only at the
//! characters beside a quote, so it misses some quotes and hits some inside of texts. Mappings in
//! use rely on exactly this rule, so it is kept with its faults.

use std::borrow::Cow;

/// Replaces the single quotes that open or close a text by double quotes.
pub(crate) fn rewrite_quotes(expression: &str) -> Cow<'_, str> {
    if !expression.contains('\'') {
        return Cow::Borrowed(expression);
    }
    let mut out = String::with_capacity(expression.len());
    let mut before: Option<char> = None;
    // The space after a closing quote is used up by it and opens nothing.
    let mut space_is_used = false;
    let mut rest = expression.chars().peekable();
    while let Some(current) = rest.next() {
        let after = rest.peek().copied();
        if current != '\'' {
            out.push(current);
        } else if opens(before, after) && !space_is_used {
            out.push('"');
        } else if closes(before, after) {
            out.push('"');
            before = rest.next();
            out.extend(before);
            space_is_used = true;
            continue;
        } else {
            out.push('\'');
        }
        before = Some(current);
        space_is_used = false;
    }
    Cow::Owned(out)
}

fn opens(before: Option<char>, after: Option<char>) -> bool {
    before.is_none_or(is_space) && !after.is_some_and(|next| is_space(next) || next == '"')
}

fn closes(before: Option<char>, after: Option<char>) -> bool {
    after.is_none_or(is_space) && !before.is_some_and(|last| is_space(last) || last == '"')
}

/// White space as regular expressions of the original count it.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_rewritten_by_their_neighbours() {
        for (before, after) in [
            ("'a'", r#""a""#),
            ("'a' + 'b'", r#""a" + "b""#),
            (".x // 'none'", r#".x // "none""#),
            ("f('x')", "f('x')"),
            ("['a','b']", "['a','b']"),
            ("(.a)|'x'", r#"(.a)|'x""#),
            ("''", r#""""#),
            ("'it''s'", r#""it''s""#),
            (r#""a ' b""#, r#""a ' b""#),
            ("[ 'a', 'b' ]", r#"[ "a', "b" ]"#),
            (r#"" 'a' ""#, r#"" "a" ""#),
            ("x '", r#"x ""#),
        ] {
            assert_eq!(rewrite_quotes(before), after, "{before}");
        }
    }

    #[test]
    fn the_space_after_a_closing_quote_does_not_open_the_next_one() {
        assert_eq!(rewrite_quotes("'a' 'b'"), r#""a" 'b""#);
    }

    #[test]
    fn text_without_single_quotes_is_not_copied() {
        assert!(matches!(rewrite_quotes(r#".a // "b""#), Cow::Borrowed(_)));
    }
}
