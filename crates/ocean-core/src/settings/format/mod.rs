//! How does a value become a boolean, a number, a URL, and what is said when it does not?
//!
//! A [`Format`] knows what it expects in words, how to parse it and how to show it again. Variables
//! are always text, `config.yaml` and JSON are typed; each format takes either.

mod number;
mod url;

use serde_json::{Map, Value};

use super::node::Given;

pub(super) use self::number::{above_zero, at_least, integer, seconds, whole_seconds, within};
pub(super) use self::url::{http_url, is_http, show_text, show_url, url, url_text};

/// One kind of value.
pub(super) struct Format<T> {
    /// What is expected, for "expected ...".
    pub(super) expected: String,
    /// The values of it are never shown.
    pub(super) secret: bool,
    /// An empty text is a value; else it means that the source does not give the setting.
    pub(super) keeps_empty: bool,
    parse: Parse<T>,
    show: Box<dyn Fn(&T) -> String>,
}

type Parse<T> = Box<dyn Fn(&Given) -> Option<T>>;

impl<T: 'static> Format<T> {
    pub(super) fn new(
        expected: impl Into<String>,
        parse: impl Fn(&Given) -> Option<T> + 'static,
        show: impl Fn(&T) -> String + 'static,
    ) -> Self {
        Self {
            expected: expected.into(),
            secret: false,
            keeps_empty: false,
            parse: Box::new(parse),
            show: Box::new(show),
        }
    }

    pub(super) fn parse(&self, given: &Given) -> Option<T> {
        (self.parse)(given)
    }

    /// The value as text for people, masked if it is secret.
    pub(super) fn show(&self, value: &T) -> String {
        if self.secret {
            MASK.to_owned()
        } else {
            (self.show)(value)
        }
    }

    /// The same, never shown.
    pub(super) fn secret(mut self, secret: bool) -> Self {
        self.secret = secret;
        self
    }

    /// The same, with an empty text as a value like any other.
    pub(super) fn keeping_empty(mut self) -> Self {
        self.keeps_empty = true;
        self
    }

    /// The same, turned into another type.
    pub(super) fn map<U: 'static>(
        self,
        convert: impl Fn(T) -> U + 'static,
        show: impl Fn(&U) -> String + 'static,
    ) -> Format<U> {
        let parse = self.parse;
        Format {
            expected: self.expected,
            secret: self.secret,
            keeps_empty: self.keeps_empty,
            parse: Box::new(move |given| parse(given).map(&convert)),
            show: Box::new(show),
        }
    }
}

/// What is shown instead of a secret.
pub(super) const MASK: &str = "********";

impl Given {
    /// The value as text: a text itself, or a number as it was written. Not a boolean, whose
    /// spelling is lost, and not a JSON number that the parser has rounded.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => {
                let whole = || (!number.is_f64()).then(|| number.to_string());
                self.written.clone().or_else(whole)
            }
            _ => None,
        }
    }
}

/// Any text.
pub(super) fn text() -> Format<String> {
    Format::new("text", Given::text, |text| show_text(text))
}

/// The boolean words of the original, in any case.
pub(super) fn boolean() -> Format<bool> {
    let parse = |given: &Given| match &given.value {
        Value::Bool(value) => Some(*value),
        _ => match given.text()?.to_lowercase().as_str() {
            "true" | "t" | "1" | "yes" | "y" | "on" => Some(true),
            "false" | "f" | "0" | "no" | "n" | "off" => Some(false),
            _ => None,
        },
    };
    Format::new("true or false", parse, bool::to_string)
}

/// One of a few words, exactly as spelled.
pub(super) fn choice<T: Copy + PartialEq + 'static>(
    choices: &'static [(&'static str, T)],
) -> Format<T> {
    let words: Vec<_> = choices
        .iter()
        .map(|(word, _)| format!("`{word}`"))
        .collect();
    let parse = move |given: &Given| {
        let text = given.text()?;
        let mut choices = choices.iter();
        choices.find_map(|(word, choice)| (*word == text).then_some(*choice))
    };
    let show = move |value: &T| {
        let mut choices = choices.iter();
        let word = choices.find_map(|(word, choice)| (choice == value).then_some(*word));
        word.unwrap_or_default().to_owned()
    };
    let expected = match words.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {} (case matters)", words.join(", ")),
    };
    Format::new(expected, parse, show)
}

/// A JSON object, or its text.
pub(super) fn object() -> Format<Map<String, Value>> {
    let parse = |given: &Given| match &given.value {
        Value::Object(object) => Some(object.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    Format::new("an object, or its JSON text", parse, |object| {
        Value::Object(object.clone()).to_string()
    })
}

/// A list, or its JSON text.
pub(super) fn array() -> Format<Vec<Value>> {
    let parse = |given: &Given| match &given.value {
        Value::Array(items) => Some(items.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    Format::new("a list, or its JSON text", parse, |items| {
        Value::Array(items.clone()).to_string()
    })
}

/// A text with commas, or a list of texts as JSON text.
pub(super) fn joined() -> Format<String> {
    text().map(
        |text| match serde_json::from_str::<Vec<String>>(&text) {
            Ok(items) => items.join(","),
            Err(_) => text,
        },
        Clone::clone,
    )
}

/// A list of names: a list, its JSON text, or the names with commas between them.
pub(super) fn names() -> Format<Vec<String>> {
    let parse = |given: &Given| {
        let items = match &given.value {
            Value::String(text) if !text.trim_start().starts_with('[') => {
                let names = text.split(',').map(str::trim);
                let names = names.filter(|name| !name.is_empty());
                return Some(names.map(str::to_owned).collect());
            }
            _ => array().parse(given)?,
        };
        let names = items.iter().map(|item| item.as_str().map(str::to_owned));
        names.collect()
    };
    Format::new(
        "a list of names with commas between them",
        parse,
        |names: &Vec<String>| Value::from(names.as_slice()).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::origin::Origin;

    pub(super) fn check<T: PartialEq + std::fmt::Debug + 'static>(
        format: &Format<T>,
        cases: impl IntoIterator<Item = (Value, Option<T>)>,
    ) {
        for (value, expected) in cases {
            let given = Given {
                value: value.clone(),
                written: None,
                origin: Origin::Default,
            };
            assert_eq!(format.parse(&given), expected, "{value}");
        }
    }

    #[test]
    fn booleans_are_the_words_of_the_original_in_any_case() {
        for (words, value) in [
            (
                ["true", "1", "yes", "on", "t", "Y", "TRUE", "On"],
                Some(true),
            ),
            (
                ["false", "0", "no", "off", "f", "N", "FALSE", "Off"],
                Some(false),
            ),
            (["", "maybe", "2", "null", "ja", "tru", "01", "1.0"], None),
        ] {
            check(&boolean(), words.map(|word| (json!(word), value)));
        }
        check(
            &boolean(),
            [
                (json!(true), Some(true)),
                (json!(0), Some(false)),
                (json!(null), None),
            ],
        );
    }

    #[test]
    fn texts_stay_as_they_are() {
        check(
            &text(),
            [
                (json!("007"), Some("007".to_owned())),
                (json!(" a "), Some(" a ".to_owned())),
                (json!(123), Some("123".to_owned())),
                (json!(true), None),
                (json!(1.5), None),
                (json!({}), None),
            ],
        );
    }

    #[test]
    fn lists_of_names_are_json_or_have_commas() {
        let two = || Some(vec!["a".to_owned(), "b".to_owned()]);
        check(
            &names(),
            [
                (json!("a, b"), two()),
                (json!("[\"a\", \"b\"]"), two()),
                (json!(["a", "b"]), two()),
                (json!([1]), None),
                (json!(1), None),
            ],
        );
    }
}
