//! Queries in Jira's language, as far as we put them together.

use ocean_core::Since;

use crate::id::JiraId;

/// A user's query, narrowed to some issues.
///
/// A trailing `ORDER BY` is left out: it must come last in Jira's language, and among a few known
/// issues the order means nothing.
pub(crate) fn narrowed(jql: &str, ids: &[JiraId]) -> String {
    let list: Vec<_> = ids.iter().map(JiraId::to_string).collect();
    let ids = format!("id in ({})", list.join(", "));
    match without_order(jql).trim() {
        "" => ids,
        jql => format!("({jql}) AND {ids}"),
    }
}

/// A user's query, narrowed to what changed since a moment; as it is when there is none.
///
/// The moment is told as minutes before now, by Jira's clock: a date would be read in the time
/// zone of our account, and only to the minute either. Those that changed first come first, so that
/// what changes while pages are read comes once more at the end and moves nothing between them.
pub(crate) fn changed(jql: &str, since: Option<Since>) -> String {
    match since {
        Some(since) => changed_within(jql, since.minutes_ago()),
        None => jql.to_owned(),
    }
}

fn changed_within(jql: &str, minutes: u64) -> String {
    let changed = format!("updated >= -{minutes}m ORDER BY updated ASC");
    match without_order(jql).trim() {
        "" => changed,
        jql => format!("({jql}) AND {changed}"),
    }
}

/// The query up to an `ORDER BY` that is not part of a quoted text.
fn without_order(jql: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in jql.char_indices() {
        match quote {
            Some(open) if character == open && before != '\\' => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if !is_word(before) => match jql.split_at_checked(at) {
                Some((query, rest)) if is_order(rest) => return query,
                _ => {}
            },
            None => {}
        }
        before = character;
    }
    jql
}

fn is_order(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let mut next_is = |word: &str| words.next().is_some_and(|it| it.eq_ignore_ascii_case(word));
    next_is("order") && next_is("by")
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_narrowed_to_what_changed_first_changes_first() {
        for (jql, expected) in [
            ("", "updated >= -17m ORDER BY updated ASC"),
            (
                "project = A OR created >= -1w ORDER BY rank",
                "(project = A OR created >= -1w) AND updated >= -17m ORDER BY updated ASC",
            ),
        ] {
            assert_eq!(changed_within(jql, 17), expected, "{jql}");
        }
        assert_eq!(changed("x ORDER BY y", None), "x ORDER BY y");
    }

    #[test]
    fn a_query_is_narrowed_to_ids_and_loses_its_order() {
        let ids = [JiraId(3), JiraId(4)];
        for (jql, expected) in [
            ("", "id in (3, 4)"),
            (" ORDER BY key", "id in (3, 4)"),
            (
                "project = A OR project = B",
                "(project = A OR project = B) AND id in (3, 4)",
            ),
            (
                "project = A order  by rank",
                "(project = A) AND id in (3, 4)",
            ),
            (
                "(project = A)ORDER\nBY rank",
                "((project = A)) AND id in (3, 4)",
            ),
            (
                r#"text ~ "in order by \" order by" AND x = 'order by' ORDER BY y"#,
                r#"(text ~ "in order by \" order by" AND x = 'order by') AND id in (3, 4)"#,
            ),
            ("reorder = by", "(reorder = by) AND id in (3, 4)"),
        ] {
            assert_eq!(narrowed(jql, &ids), expected, "{jql}");
        }
    }
}
