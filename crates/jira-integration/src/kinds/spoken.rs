//! Values of selectors, read as generously as existing mappings have always been read.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Spoken {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
}

/// `true`, and what people say for it.
pub(super) fn boolean<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    let said = match Spoken::deserialize(value) {
        Ok(Spoken::Bool(value)) => Some(value),
        Ok(Spoken::Number(number)) => parse_bool(&number.to_string()),
        Ok(Spoken::Text(text)) => parse_bool(&text.to_ascii_lowercase()),
        Ok(Spoken::Null) | Err(_) => None,
    };
    said.ok_or_else(|| D::Error::custom("expected true or false"))
}

/// An integer, also as text, or nothing.
pub(super) fn integer<'de, D: Deserializer<'de>>(value: D) -> Result<Option<i64>, D::Error> {
    let refused = || D::Error::custom("expected an integer");
    match Spoken::deserialize(value) {
        Ok(Spoken::Null) => Ok(None),
        Ok(Spoken::Number(number)) => Ok(Some(number)),
        Ok(Spoken::Text(text)) => text.trim().parse().map(Some).map_err(|_invalid| refused()),
        Ok(Spoken::Bool(_)) | Err(_) => Err(refused()),
    }
}

/// A text, also written as a number, or nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    match Spoken::deserialize(value) {
        Ok(Spoken::Null) => Ok(None),
        Ok(Spoken::Number(number)) => Ok(Some(number.to_string())),
        Ok(Spoken::Text(text)) => Ok(Some(text)),
        Ok(Spoken::Bool(_)) | Err(_) => Err(D::Error::custom("expected a text")),
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}
