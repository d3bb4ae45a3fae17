//! What does a page say about further pages? [`Marks`], found under the [`Names`] that its pager
//! was told.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What the fields are called that tell of further pages.
///
/// Each is a path from the outside of the page in, with dots between its names. A name that has a
/// dot itself is found, too: a key that is the whole of what is left of a path ends it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    pub(super) total: Option<&'static str>,
    /// Whether there are more pages, or none: the pager knows which.
    pub(super) flag: Option<&'static str>,
    pub(super) token: Option<&'static str>,
    pub(super) other_token: Option<&'static str>,
}

/// What a page has under these names.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) total: Option<u64>,
    pub(super) flag: Option<bool>,
    pub(super) token: Token,
    pub(super) other_token: Token,
}

/// The field that names the next page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// It is not there.
    #[default]
    Absent,
    /// It is there and empty: there is no next page.
    Empty,
    /// It names the next page.
    Named(String),
}

/// Splits the object around the items under `key` in one pass.
pub(super) fn envelope<'de, D: Deserializer<'de>>(
    key: &'static str,
    names: Names,
    json: D,
) -> Result<(Vec<&'de RawValue>, Marks), D::Error> {
    let mut found = Found::default();
    let level = Level {
        items: Some(key),
        names,
        found: &mut found,
    };
    json.deserialize_map(level)?;
    // An answer without items is a protocol error, never an empty listing.
    let missing = || Error::custom("the items are missing");
    Ok((found.items.ok_or_else(missing)?, found.marks))
}

#[derive(Default)]
struct Found<'de> {
    items: Option<Vec<&'de RawValue>>,
    marks: Marks,
}

/// An object on the way to what is looked for; the names begin here.
struct Level<'a, 'de> {
    items: Option<&'static str>,
    names: Names,
    found: &'a mut Found<'de>,
}

/// What is left of a path behind this key; nothing when it leads elsewhere or ends here.
fn below(path: Option<&'static str>, key: &str) -> Option<&'static str> {
    path?.strip_prefix(key)?.strip_prefix('.')
}

impl Names {
    fn below(self, key: &str) -> Self {
        Self {
            total: below(self.total, key),
            flag: below(self.flag, key),
            token: below(self.token, key),
            other_token: below(self.other_token, key),
        }
    }

    const fn is_empty(self) -> bool {
        let none = (self.total, self.flag, self.token, self.other_token);
        matches!(none, (None, None, None, None))
    }
}

/// The fields that say whether more follows, for a message.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [self.token, self.flag, self.other_token];
        for (index, name) in names.into_iter().flatten().enumerate() {
            let and = if index > 0 { " and no " } else { "" };
            write!(f, "{and}`{name}`")?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Level<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.items {
            Some(items) => write!(f, "an object with the items under `{items}`"),
            None => f.write_str("an object that tells of the next page"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self {
            items,
            names,
            found,
        } = self;
        while let Some(key) = map.next_key::<String>()? {
            let is = |name: Option<&str>| name == Some(key.as_str());
            if is(items) {
                if found.items.replace(map.next_value()?).is_some() {
                    return Err(Error::custom("the items are there twice"));
                }
            } else if is(names.total) {
                found.marks.total = map.next_value()?;
            } else if is(names.flag) {
                found.marks.flag = map.next_value()?;
            } else if is(names.token) {
                found.marks.token = map.next_value_seed(TokenSeed)?;
            } else if is(names.other_token) {
                found.marks.other_token = map.next_value_seed(TokenSeed)?;
            } else {
                map.next_value_seed(Level {
                    items: below(items, &key),
                    names: names.below(&key),
                    found,
                })?;
            }
        }
        Ok(())
    }

    /// `null` has no fields.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.items.is_none() && self.names.is_empty() {
            return json.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        json.deserialize_any(self)
    }
}

/// Reads a token: a text, or the number of the next page.
struct TokenSeed;

impl<'de> DeserializeSeed<'de> for TokenSeed {
    type Value = Token;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Token, D::Error> {
        json.deserialize_any(self)
    }
}

impl Visitor<'_> for TokenSeed {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of the next page, or nothing")
    }

    fn visit_str<E: Error>(self, token: &str) -> Result<Token, E> {
        Ok(match token {
            "" => Token::Empty,
            token => Token::Named(token.to_owned()),
        })
    }

    fn visit_u64<E: Error>(self, token: u64) -> Result<Token, E> {
        Ok(Token::Named(token.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Token, E> {
        Ok(Token::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names {
        total: Some("meta.count"),
        flag: Some("meta.page.more"),
        token: Some("meta.page.next"),
        other_token: Some("@odata.nextLink"),
    };

    fn split(json: &str) -> Result<(Vec<String>, Marks), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(json);
        let (items, marks) = envelope("data.items", NAMES, &mut json)?;
        Ok((items.iter().map(ToString::to_string).collect(), marks))
    }

    #[test]
    fn fields_are_found_inside_others_and_under_names_with_dots() {
        let page = r#"{"meta":{"count":7,"other":{"next":"x"},"page":{"next":"b","more":true}},
            "next":"y","@odata.nextLink":12,"data":{"items":[1,{"meta":{"count":9}}]}}"#;
        let (items, marks) = split(page).unwrap();
        assert_eq!(items, ["1", r#"{"meta":{"count":9}}"#]);
        assert_eq!((marks.total, marks.flag), (Some(7), Some(true)));
        assert_eq!(marks.token, Token::Named("b".to_owned()));
        assert_eq!(marks.other_token, Token::Named("12".to_owned()));
    }

    #[test]
    fn null_and_an_empty_text_are_there_and_empty() {
        let page = r#"{"meta":{"page":{"next":null}},"@odata.nextLink":"","data":{"items":[]}}"#;
        let (_, marks) = split(page).unwrap();
        assert_eq!(
            (marks.token, marks.other_token),
            (Token::Empty, Token::Empty)
        );
        let (_, marks) = split(r#"{"meta":null,"data":{"items":[]}}"#).unwrap();
        assert_eq!((marks.token, marks.flag), (Token::Absent, None));
    }

    #[test]
    fn what_is_not_a_mark_is_refused() {
        for odd in [
            r#""next":true"#,
            r#""next":{}"#,
            r#""next":[1]"#,
            r#""more":"no""#,
        ] {
            let page = format!(r#"{{"data":{{"items":[]}},"meta":{{"page":{{{odd}}}}}}}"#);
            assert!(split(&page).is_err(), "{page}");
        }
        for page in [
            r#"{"data":{"items":[]},"meta":[]}"#,
            r#"{"data":null}"#,
            r#"{"items":[]}"#,
        ] {
            assert!(split(page).is_err(), "{page}");
        }
    }
}
