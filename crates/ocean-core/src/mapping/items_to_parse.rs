//! Which part of an item does `itemsToParse` take its list from?
//!
//! With the top-level transform that part is deleted from the copies of the item. It is read off
//! the text of the expression, by rules that mappings in use depend on.

/// The path whose value the copies of an item go without; [`None`] when the text does not say,
/// in which case the copies keep everything.
pub(super) fn deletion_path(expression: &str) -> Option<&str> {
    let expression = expression.trim();
    let chain = match expression.strip_prefix('(') {
        Some(inner) => inner.split_once(')')?.0,
        None => expression,
    };
    chain
        .split('|')
        .map(str::trim)
        .filter(|segment| !names_only(segment))
        .find_map(path_at_start)
}

/// Whether a segment of the chain only passes its input on, or reads a variable.
fn names_only(segment: &str) -> bool {
    let binds = segment.strip_prefix('.').is_some_and(|rest| {
        let name = rest.trim_start();
        name.len() < rest.len()
            && name.strip_prefix("as").is_some_and(|rest| {
                rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('$')
            })
    });
    binds || segment == "." || segment.starts_with('$')
}

fn path_at_start(segment: &str) -> Option<&str> {
    let mut end = field(segment).or_else(|| dotted_index(segment))?;
    while let Some(step) = segment.get(end..).and_then(|rest| {
        field(rest)
            .or_else(|| index(rest))
            .or_else(|| dotted_index(rest))
    }) {
        end += step;
    }
    segment.get(..end)
}

/// The length of a leading `.name`.
fn field(text: &str) -> Option<usize> {
    let name = text.strip_prefix('.')?;
    let length = name
        .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .unwrap_or(name.len());
    (length > 0).then_some(length + 1)
}

/// The length of a leading `[...]` that is not empty.
fn index(text: &str) -> Option<usize> {
    let close = text.strip_prefix('[')?.find(']')?;
    (close > 0).then_some(close + 2)
}

fn dotted_index(text: &str) -> Option<usize> {
    index(text.strip_prefix('.')?).map(|length| length + 1)
}

#[cfg(test)]
mod tests {
    use super::deletion_path;

    #[test]
    fn the_path_is_the_first_one_in_the_chain() {
        for (expressions, path) in [
            (&[".items"][..], ".items"),
            (&[".a.b"], ".a.b"),
            (&[".a[0].b"], ".a[0].b"),
            (&[".[0]"], ".[0]"),
            (&[r#".["k"]"#], r#".["k"]"#),
            (&[r#".a.["k"]"#], r#".a.["k"]"#),
            (&[".a[]", ".a[].b", ".a?", ".a-b", r#".a."b""#], ".a"),
            (
                &["(.a | .b)", "(.a) | .b", ".a // []", ".a | map(.b)"],
                ".a",
            ),
            (&[".a as $i | $i", ". as $r | .a", r#""x" | .a"#], ".a"),
            (&["$x | .y"], ".y"),
            (&[".file.content.raw | fromjson"], ".file.content.raw"),
            (&[".a[1:3]"], ".a[1:3]"),
            (&[r#".a["x"].b"#], r#".a["x"].b"#),
            (&["(.a[0] // (.b))"], ".a[0]"),
            (&["select(.x) | .a", ".. | .a", "{a: .b} | .a"], ".a"),
            (&[".ünïcode_1"], ".ünïcode_1"),
        ] {
            for expression in expressions {
                assert_eq!(deletion_path(expression), Some(path), "{expression}");
            }
        }
    }

    #[test]
    fn some_expressions_name_no_path() {
        for expression in [
            "map(.x)",
            "[.a[]]",
            "if .a then .b else .c end",
            ".",
            "..",
            "((.a) | .b)",
            ".[]",
            r#"."a""#,
            "try .a",
            r#".["a|b"]"#,
            "(.a",
            "",
        ] {
            assert_eq!(deletion_path(expression), None, "{expression}");
        }
    }
}
