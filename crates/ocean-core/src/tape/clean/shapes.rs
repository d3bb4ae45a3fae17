//! What does a credential look like in a text that is not understood otherwise?

use std::sync::LazyLock;

use fancy_regex::{Captures, Regex};

use super::REDACTED;

/// Tokens that nobody configured, such as those that a token endpoint gives.
pub(super) static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*",
        r"|(?i:\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{20,})",
    ))
});

/// A name and its value in a query or a form.
pub(super) static PAIR: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?:^|[?&;])([A-Za-z0-9_.%\[\]\-]{1,64})=([^&;#\s"'<>\\]+)"#));

/// A name and its value in JSON, even where the text as a whole is none.
pub(super) static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#""((?:[^"\\]|\\.){1,64})"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?[0-9][0-9.eE+\-]*))"#)
});

/// A name and its value in XML.
pub(super) static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"<([A-Za-z_][A-Za-z0-9_:.\-]{0,63})>([^<]+)</"));

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, compiled by the tests"
)]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is valid")
}

/// Replaces the value of each pair that has a credential for a name, and nothing else of it.
pub(super) fn replace_values(
    text: &str,
    pairs: &Regex,
    is_credential: impl Fn(&str) -> bool,
    stand_in: impl Fn(&str) -> String,
) -> String {
    replace(text, pairs, |found| {
        let whole = found.get(0)?;
        let value = found.get(2).or_else(|| found.get(3))?;
        is_credential(found.get(1)?.as_str()).then(|| {
            let before = text.get(whole.start()..value.start()).unwrap_or_default();
            let after = text.get(value.end()..whole.end()).unwrap_or_default();
            format!("{before}{}{after}", stand_in(value.as_str()))
        })
    })
}

/// Replaces what is found; `None` leaves it. A search that gives up (it has a step limit) must not
/// show what it could not search.
pub(super) fn replace(
    text: &str,
    shape: &Regex,
    with: impl Fn(&Captures<'_>) -> Option<String>,
) -> String {
    let replacement = |found: &Captures<'_>| {
        with(found).unwrap_or_else(|| {
            let whole = found.get(0);
            whole.map_or_else(String::new, |whole| whole.as_str().to_owned())
        })
    };
    let replaced = shape.try_replacen(text, 0, replacement);
    replaced.map_or_else(|_| REDACTED.to_owned(), std::borrow::Cow::into_owned)
}
