//! What must not be on a tape, and what stands in its place?

mod names;
mod shapes;
mod stand_in;

use fancy_regex::Regex;
use http::header::{HeaderMap, HeaderName};
use http::{HeaderValue, Uri};
use serde_json::{Map, Number, Value};

pub(super) use self::names::Place;
use self::stand_in::StandIns;
use super::body::Body;
use crate::http::Masker;

/// What stands in the place of a configured secret.
pub(super) const REDACTED: &str = "[REDACTED]";

/// Headers of answers that say nothing once the body lies decoded on a tape, or that would have a
/// replay wait as the recorded run did.
const DROPPED: [&str; 7] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "retry-after",
    "set-cookie",
    "transfer-encoding",
];

/// Takes secrets out of what goes on a tape.
#[derive(Debug, Clone)]
pub(super) struct Cleaner {
    masker: Masker,
    stand_ins: StandIns,
}

impl Cleaner {
    /// Hides what this masker hides, and what is named or looks like a credential.
    pub(super) fn new(masker: Masker) -> Self {
        Self {
            masker,
            stand_ins: StandIns::numbered(),
        }
    }

    /// For requests that are looked up on a tape. Settings that came off a tape have the
    /// replacement in the place of a secret, which a URL then holds in encoded form.
    pub(super) fn of_replay() -> Self {
        Self {
            masker: Masker::new([REDACTED]),
            stand_ins: StandIns::Kept,
        }
    }

    /// For requests that are looked up whatever their credentials are.
    pub(super) fn of_any_run() -> Self {
        Self {
            stand_ins: StandIns::Same,
            ..Self::of_replay()
        }
    }

    pub(super) fn text(&self, text: &str, place: Place) -> String {
        let pairs = [&*shapes::PAIR, &*shapes::MEMBER, &*shapes::ELEMENT];
        self.with(text, place, &pairs)
    }

    /// A text without configured secrets, tokens, and the values of these pairs that are named
    /// like a credential.
    fn with(&self, text: &str, place: Place, pairs: &[&Regex]) -> String {
        let text = self.masker.full(text);
        let text = shapes::replace(&text, &shapes::TOKEN, |found| {
            Some(self.stand_ins.of(found.get(0)?.as_str()))
        });
        pairs
            .iter()
            .fold(text, |text, pairs| self.values(&text, place, pairs))
    }

    fn values(&self, text: &str, place: Place, pairs: &Regex) -> String {
        let is_credential = |name: &str| place.has_credential(name);
        shapes::replace_values(text, pairs, is_credential, |value| self.stand_in(value))
    }

    /// A URL without user, password and the values of parameters named like a credential.
    pub(super) fn url(&self, uri: &Uri) -> String {
        let mut clean = String::new();
        if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
            let host = authority.as_str();
            let host = host.rsplit_once('@').map_or(host, |(_user, host)| host);
            clean.push_str(&format!("{scheme}://{host}"));
        }
        clean.push_str(uri.path());
        if let Some(query) = uri.query() {
            clean.push('?');
            clean.push_str(query);
        }
        self.text(&clean, Place::Request)
    }

    /// The headers of an answer that a client may want to read.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let kept = headers.iter().filter(|(name, _)| is_kept(name));
        let shown = kept.filter_map(|(name, value)| Some((name, shown(value)?)));
        shown
            .map(|(name, value)| (name.to_string(), self.text(value, Place::Answer)))
            .collect()
    }

    /// A body; one that needs no cleaning stays byte for byte as it is.
    pub(super) fn body(&self, bytes: &[u8], place: Place) -> Body {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let lossy = String::from_utf8_lossy(bytes);
            // A secret in what is no text cannot be cut out of it.
            let clean = self.text(&lossy, place);
            return if clean == lossy {
                Body::of_bytes(bytes)
            } else {
                Body::of_text(clean)
            };
        };
        let Ok(mut value) = serde_json::from_str::<Value>(text) else {
            return Body::of_text(self.text(text, place));
        };
        let text = if self.json(&mut value, place) {
            value.to_string()
        } else {
            text.to_owned()
        };
        // JSON was cleaned value by value; what is found now was said twice under one name, or
        // stands across values or in a number, and is worth more than the body being JSON.
        let text = self.values(&text, place, &shapes::MEMBER);
        Body::of_text(self.masker.known(&text).unwrap_or(text))
    }

    /// Cleans a value, its keys included; whether there was something to clean.
    pub(super) fn json(&self, value: &mut Value, place: Place) -> bool {
        match value {
            Value::String(text) => replaced(text, self.text(text, place)),
            Value::Array(values) => {
                let clean = |differs, value| self.json(value, place) || differs;
                values.iter_mut().fold(false, clean)
            }
            Value::Object(members) => {
                let mut differs = false;
                for (name, mut value) in std::mem::take(members) {
                    differs |= if place.has_credential(&name) {
                        self.credential(&mut value)
                    } else {
                        self.json(&mut value, place)
                    };
                    differs |= self.insert(members, name, value);
                }
                differs
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Cleans what was read from the catalog. A name says nothing there: an expression stands
    /// below the name of its property, and an entity shows what was made of an answer.
    pub(super) fn catalog(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let known = self.stand_ins.if_known(text);
                *text = known.unwrap_or_else(|| self.with(text, Place::Answer, &[&*shapes::PAIR]));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.catalog(value)),
            Value::Object(members) => {
                for (name, mut value) in std::mem::take(members) {
                    self.catalog(&mut value);
                    self.insert(members, name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces everything below a name that says so.
    fn credential(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => replaced(text, self.stand_in(text)),
            Value::Number(number) => {
                let stand_in = self.stand_in(&number.to_string());
                let stand_in = stand_in.parse::<u64>().map(Number::from);
                *value = stand_in.map_or_else(|_| REDACTED.into(), Value::from);
                true
            }
            Value::Array(values) => {
                let clean = |differs, value| self.credential(value) || differs;
                values.iter_mut().fold(false, clean)
            }
            Value::Object(members) => {
                let clean = |differs, value| self.credential(value) || differs;
                members.values_mut().fold(false, clean)
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// A configured secret is told by its replacement, as settings that came off a tape have it.
    fn stand_in(&self, credential: &str) -> String {
        if *self.masker.full(credential) == *credential {
            self.stand_ins.of(credential)
        } else {
            REDACTED.to_owned()
        }
    }

    fn insert(&self, members: &mut Map<String, Value>, name: String, value: Value) -> bool {
        let shown = self.masker.full(&name).into_owned();
        let differs = shown != name;
        members.insert(shown, value);
        differs
    }
}

fn replaced(text: &mut String, clean: String) -> bool {
    let differs = clean != *text;
    *text = clean;
    differs
}

fn is_kept(name: &HeaderName) -> bool {
    let name = name.as_str();
    !DROPPED.contains(&name) && !Place::Answer.has_credential(name)
}

fn shown(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
