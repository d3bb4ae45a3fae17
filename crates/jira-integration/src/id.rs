//! The id of an object in Jira.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// An integer that never changes, unlike keys. Jira writes it as text in its REST answers and
/// sometimes as a number in its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct JiraId(pub(crate) u64);

impl fmt::Display for JiraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for JiraId {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        let id = match Written::deserialize(value) {
            Ok(Written::Number(id)) => Some(id),
            Ok(Written::Text(text)) => text.parse().ok(),
            Err(_) => None,
        };
        id.map(Self)
            .ok_or_else(|| D::Error::custom("an id must be an integer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_an_integer_written_as_number_or_text() {
        for (json, id) in [
            ("7", Some(7)),
            (r#""7""#, Some(7)),
            (r#""7 OR key = A-1""#, None),
        ] {
            let read = serde_json::from_str::<JiraId>(json).ok().map(|id| id.0);
            assert_eq!(read, id, "{json}");
        }
    }

    #[test]
    fn another_value_is_refused_with_a_message() {
        let error = serde_json::from_str::<JiraId>("null").unwrap_err();
        assert!(error.to_string().starts_with("an id must be an integer"));
    }
}
