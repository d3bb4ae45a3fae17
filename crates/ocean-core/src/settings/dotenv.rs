//! What does a `.env` file set?
//!
//! # Rules
//!
//! - One `NAME=value` per line; blanks around the name and the value do not count, neither does a
//!   leading `export`. Lines that are empty or start with `#` are comments.
//! - An unquoted value ends at the end of its line, or before a `#` that follows a blank.
//! - In single quotes a value is taken as it is; in double quotes `\n`, `\r`, `\t`, `\"` and `\\`
//!   are escapes. Both may span lines.
//! - `$` has no meaning: `${OTHER}` is not expanded, but reported.
//! - Of two lines with the same name the later one counts.
//! - A line that follows none of this is skipped and reported by its number, never by its text.

/// One variable of the file.
#[derive(PartialEq, Eq, Clone)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: String,
    /// The line of the name, from 1.
    pub(super) line: u64,
}

/// What the file says, and what of it makes no sense, by line.
#[derive(Default)]
pub(super) struct DotEnv {
    pub(super) lines: Vec<Line>,
    pub(super) problems: Vec<(u64, &'static str)>,
}

/// Reads a whole file.
pub(super) fn parse(text: &str) -> DotEnv {
    let mut file = DotEnv::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number: u64 = 1;
    while !rest.is_empty() {
        let after = statement(&mut file, number, rest);
        let breaks = |text: &str| text.matches('\n').count();
        number += (breaks(rest) - breaks(after)) as u64;
        rest = after;
    }
    file
}

/// Reads one statement from the start of `text` and returns what follows it.
fn statement<'a>(file: &mut DotEnv, number: u64, text: &'a str) -> &'a str {
    let (line, after) = split_line(text);
    let content = line.trim();
    if content.is_empty() || content.starts_with('#') {
        return after;
    }
    let assigned = line.split_once('=').zip(text.split_once('='));
    let Some(((name, plain), (_, value))) = assigned else {
        file.problems
            .push((number, "not a NAME=value line, ignored"));
        return after;
    };
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    if name.is_empty() || name.contains(char::is_whitespace) {
        file.problems
            .push((number, "not a NAME=value line, ignored"));
        return after;
    }
    let value = value.trim_start_matches([' ', '\t']);
    let quote = value.chars().next().filter(|first| "'\"".contains(*first));
    let (value, after) = match quote {
        None => (unquoted(plain).to_owned(), after),
        Some(quote) => match quoted(value, quote) {
            Some((value, rest)) => (value, split_line(rest).1),
            None => {
                file.problems
                    .push((number, "the quote is never closed, line ignored"));
                return after;
            }
        },
    };
    if quote != Some('\'') && value.contains("${") {
        file.problems
            .push((number, "`${...}` is not expanded, it is taken as it is"));
    }
    file.lines.push(Line {
        name: name.to_owned(),
        value,
        line: number,
    });
    after
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The value up to a comment, without the blanks around it.
fn unquoted(value: &str) -> &str {
    let end = value
        .char_indices()
        .zip(std::iter::once(' ').chain(value.chars()))
        .find(|((_, letter), before)| *letter == '#' && before.is_whitespace())
        .map_or(value.len(), |((at, _), _)| at);
    value.get(..end).unwrap_or(value).trim()
}

/// The value between the quote that `text` starts with and the one that closes it, and what
/// follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        if letter == quote {
            return Some((value, letters.as_str()));
        }
        if letter != '\\' || quote == '\'' {
            value.push(letter);
            continue;
        }
        match letters.next()? {
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            escaped @ ('"' | '\\') => value.push(escaped),
            other => value.extend(['\\', other]),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, u64)]) {
        let file = parse(text);
        let found: Vec<_> = file
            .lines
            .iter()
            .map(|line| (line.name.as_str(), line.value.as_str(), line.line))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn each_rule_of_the_format_holds() {
        check(
            "A=1\nB = two words \n",
            &[("A", "1", 1), ("B", "two words", 2)],
        );
        check("# note\n\nexport A=1\r\n", &[("A", "1", 3)]);
        check(
            "A=x # note\nB=x#y\nC=#\n",
            &[("A", "x", 1), ("B", "x#y", 2), ("C", "", 3)],
        );
        check(
            "A='it\\n # is'\nB=\"a\\n\\\"b\\\"\" # c",
            &[("A", "it\\n # is", 1), ("B", "a\n\"b\"", 2)],
        );
        check(
            "A=\"one\ntwo\"\nB=3",
            &[("A", "one\ntwo", 1), ("B", "3", 3)],
        );
        check("A=\nB=a=b", &[("A", "", 1), ("B", "a=b", 2)]);
        check("A={\"x\": 1}", &[("A", "{\"x\": 1}", 1)]);
    }

    #[test]
    fn what_makes_no_sense_is_reported_by_line() {
        let file = parse("what is this\nA=\"b${A}\"\nC='${A}'\n");
        assert_eq!(
            file.problems,
            [
                (1, "not a NAME=value line, ignored"),
                (2, "`${...}` is not expanded, it is taken as it is"),
            ]
        );
        assert_eq!(
            parse("A='open\nB=1").problems,
            [(1, "the quote is never closed, line ignored")]
        );
        assert_eq!(
            parse("B=${A}").problems,
            [(1, "`${...}` is not expanded, it is taken as it is")]
        );
    }
}
