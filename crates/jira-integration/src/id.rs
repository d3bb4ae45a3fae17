//! What names an object in Jira: ids, which never change, and keys, which do.
//!
//! Events name objects, and whoever can reach us can send events. So a name is checked when it is
//! read: what is none is refused before it comes near a query or an address.

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

/// The key of a project, such as `PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ProjectKey(String);

/// The key of an issue, such as `PORT-7`. It changes when the issue moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IssueKey(String);

impl ProjectKey {
    /// Letters, digits and underscores. What else a site allows is Jira's to say.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        (!text.is_empty() && text.chars().all(is_part)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl IssueKey {
    /// The key of a project, a hyphen and a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (project, number) = text.rsplit_once('-')?;
        ProjectKey::parse(project)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ProjectKey {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("this is not the key of a project"))
    }
}

impl<'de> Deserialize<'de> for IssueKey {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("this is not the key of an issue"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_nothing_that_a_query_or_an_address_could_mistake() {
        for (text, of_project, of_issue) in [
            ("PORT", true, false),
            ("PORT-7", false, true),
            ("A_1-20", false, true),
            ("", false, false),
            ("-7", false, false),
            ("PORT-", false, false),
            ("PORT-7 OR project=X", false, false),
            ("PORT 7", false, false),
            ("..", false, false),
            ("../PORT-7", false, false),
            ("PORT-7\"", false, false),
            ("A-B-7", false, false),
        ] {
            assert_eq!(ProjectKey::parse(text).is_some(), of_project, "{text}");
            assert_eq!(IssueKey::parse(text).is_some(), of_issue, "{text}");
        }
    }

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
