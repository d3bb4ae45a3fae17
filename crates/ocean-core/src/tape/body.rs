//! How does a body stand on a tape?

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A body, in the form in which a person reads it best; empty without any.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Body {
    /// JSON on one line, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Body {
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::of_text(text.to_owned()),
            Err(_) => Self {
                base64: Some(STANDARD.encode(bytes)),
                ..Self::default()
            },
        }
    }

    /// A raw value is what lies between the blanks around it, so that text with blanks at its ends
    /// is kept as text.
    pub(super) fn of_text(text: String) -> Self {
        let is_plain = !text.contains(['\n', '\r']) && text.trim() == text;
        if is_plain && let Ok(json) = RawValue::from_string(text.clone()) {
            return Self {
                json: Some(json),
                ..Self::default()
            };
        }
        Self {
            text: (!text.is_empty()).then_some(text),
            ..Self::default()
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.json.is_none() && self.text.is_none() && self.base64.is_none()
    }

    /// The bytes; what is no base64 after all is taken as it stands.
    pub(super) fn to_bytes(&self) -> Bytes {
        if let Some(encoded) = &self.base64 {
            let decoded = STANDARD.decode(encoded);
            return decoded.map_or_else(|_| Bytes::from(encoded.clone()), Bytes::from);
        }
        Bytes::from(self.as_text().into_owned())
    }

    /// The text that tells this body from others.
    pub(super) fn as_text(&self) -> Cow<'_, str> {
        if let Some(json) = &self.json {
            Cow::Borrowed(json.get())
        } else if let Some(text) = &self.text {
            Cow::Borrowed(text)
        } else {
            Cow::Borrowed(self.base64.as_deref().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_byte_for_byte() {
        for bytes in [
            &b""[..],
            br#"{"a": 1.50,  "b":[1e3, "\u0041"]}"#,
            b" {\"a\": 1} ",
            b"{\n \"a\": 1\n}",
            b"<html>no\r\njson</html>",
            b"\xff\xfe\x00binary",
        ] {
            let body = Body::of_bytes(bytes);
            let line = serde_json::to_string(&body).unwrap();
            assert!(!line.contains('\n'), "{line}");
            let read: Body = serde_json::from_str(&line).unwrap();
            assert_eq!(read.to_bytes(), bytes, "{line}");
        }
    }
}
