//! Which known key did the author mean?

/// The known key that is closest to `written`, if one is close.
pub(crate) fn did_you_mean<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = plain(written);
    let nearest = known
        .iter()
        .map(|key| (distance(&plain, &self::plain(key)), *key))
        .min()?;
    let tolerated = (plain.chars().count() / 3).max(1);
    (nearest.0 <= tolerated).then_some(nearest.1)
}

/// Spelling conventions do not count: `items_to_parse` is `itemsToParse`.
fn plain(key: &str) -> String {
    key.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// How many letters must be added, removed or changed to make one text of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), index + 1);
        let mut before = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let change = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            before = change.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["identifier", "blueprint", "itemsToParse", "icon"];

    #[test]
    fn a_typo_and_another_spelling_are_recognised() {
        assert_eq!(did_you_mean("identifer", &KNOWN), Some("identifier"));
        assert_eq!(did_you_mean("items_to_parse", &KNOWN), Some("itemsToParse"));
        assert_eq!(did_you_mean("icno", &KNOWN), None);
        assert_eq!(did_you_mean("Icons", &KNOWN), Some("icon"));
    }

    #[test]
    fn something_else_is_not_guessed() {
        assert_eq!(did_you_mean("colour", &KNOWN), None);
        assert_eq!(did_you_mean("anything", &[]), None);
    }

    #[test]
    fn the_distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
