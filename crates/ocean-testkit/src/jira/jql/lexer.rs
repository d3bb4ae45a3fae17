//! Cuts the text of a query into words, quoted values and signs.

use super::JqlError;

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word: a field, a keyword or a value.
    Word(String),
    /// A value in quotes, which is never a keyword.
    Quoted(String),
    Open,
    Close,
    Comma,
    /// `=`, `!=`, `>=`, `<=`, `>` or `<`, and the signs the twin refuses later.
    Sign(&'static str),
}

/// Longest signs first, so that `>=` is not read as `>`.
const SIGNS: [&str; 8] = [">=", "<=", "!=", "!~", "=", ">", "<", "~"];

pub(super) fn tokens(jql: &str) -> Result<Vec<Token>, JqlError> {
    let mut found = Vec::new();
    let mut rest = jql.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, skip(rest, 1)),
            ')' => (Token::Close, skip(rest, 1)),
            ',' => (Token::Comma, skip(rest, 1)),
            '"' | '\'' => quoted(skip(rest, 1), first)?,
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Token::Sign(sign), skip(rest, sign.len())),
                None => word(rest),
            },
        };
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn skip(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

fn word(text: &str) -> (Token, &str) {
    let ends = |c: char| c.is_whitespace() || "(),=!<>~\"'".contains(c);
    // A lone `!` starts no sign; taking it as a word lets the parser name it in its refusal.
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| ends(*c))
        .map_or(text.len(), |(at, _)| at);
    let (word, rest) = text.split_at(end);
    (Token::Word(word.to_owned()), rest)
}

fn quoted(text: &str, quote: char) -> Result<(Token, &str), JqlError> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ if c == quote => return Ok((Token::Quoted(value), skip(text, at + 1))),
            _ => value.push(c),
        }
    }
    Err(JqlError::new(
        "Error in the JQL Query: The quoted string has not been completed.",
    ))
}
