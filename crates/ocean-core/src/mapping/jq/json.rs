//! How is a value built from bytes, without building what no expression reads?

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::needs::{Need, Needs};
use super::number::Num;
use super::value::{Object, Val};

/// Bytes that are no JSON value, or nest too deeply.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON value")]
pub(crate) struct ParseError(#[from] serde_json::Error);

impl Val {
    /// Reads a JSON value, of which only what `needs` names is built.
    ///
    /// # Errors
    /// When the bytes are no JSON value, or nest deeper than 127 levels where they are built.
    pub(crate) fn from_json(bytes: &[u8], needs: &Needs) -> Result<Self, ParseError> {
        let lossy = Cell::new(false);
        let mut source = serde_json::Deserializer::from_slice(bytes);
        let seed = Seed {
            need: needs.root(),
            lossy: &lossy,
        };
        let value = seed.deserialize(&mut source)?;
        source.end()?;
        if lossy.get() {
            // Some integer does not fit 64 bits. Its digits are only in the bytes, so they are
            // read again, in a way that is slower and keeps them.
            return exact(serde_json::from_slice(bytes)?, 0, &input_number);
        }
        Ok(value)
    }

    /// Reads a JSON text in which all numbers keep their digits, as `fromjson` does.
    pub(super) fn from_json_exact(text: &str) -> Result<Self, ParseError> {
        exact(serde_json::from_str(text)?, 0, &program_number)
    }
}

struct Seed<'a> {
    need: &'a Need,
    lossy: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Val;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Val, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Val, E> {
        Ok(Val::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Val, E> {
        Ok(Val::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Val, E> {
        Ok(Val::Num(Num::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Val, E> {
        Ok(Val::Num(match i64::try_from(value) {
            Ok(value) => Num::Int(value),
            Err(_too_big) => Num::from_token(&value.to_string()).unwrap_or(Num::Float(f64::NAN)),
        }))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Val, E> {
        if value.fract() == 0.0 && value.abs() > 9e18 {
            self.lossy.set(true);
        }
        Ok(Val::Num(Num::Decimal(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Val, E> {
        Ok(Val::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Val, A::Error> {
        if matches!(self.need, Need::Keys(_)) {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Val::array(Vec::new()));
        }
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Self { ..self })? {
            array.push(item);
        }
        Ok(Val::array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Val, A::Error> {
        let mut object = Object::default();
        match self.need {
            Need::Whole => {
                while let Some(key) = entries.next_key_seed(WholeKey)? {
                    object.insert(key, entries.next_value_seed(Self { ..self })?);
                }
            }
            Need::Keys(needed) => {
                while let Some(found) = entries.next_key_seed(NeededKey(needed))? {
                    let Some((key, need)) = found else {
                        entries.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let seed = Seed {
                        need,
                        lossy: self.lossy,
                    };
                    object.insert(Arc::clone(key), entries.next_value_seed(seed)?);
                }
            }
        }
        Ok(Val::Obj(Arc::new(object)))
    }
}

struct WholeKey;

impl<'de> DeserializeSeed<'de> for WholeKey {
    type Value = Arc<str>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Arc<str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for WholeKey {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Arc<str>, E> {
        Ok(key.into())
    }
}

/// Finds a key among those that are needed, without allocating.
struct NeededKey<'n>(&'n [(Arc<str>, Need)]);

impl<'de, 'n> DeserializeSeed<'de> for NeededKey<'n> {
    type Value = Option<&'n (Arc<str>, Need)>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for NeededKey<'n> {
    type Value = Option<&'n (Arc<str>, Need)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(needed, _)| **needed == *key))
    }
}

/// Reads a value whole, number by number from its digits.
fn exact(
    raw: &RawValue,
    depth: usize,
    number: &dyn Fn(&str) -> Result<Num, ParseError>,
) -> Result<Val, ParseError> {
    // As deep as the other reader goes. Every level reads its text again, so depth costs twice.
    const DEEPEST: usize = 127;
    if depth > DEEPEST {
        return Err(ParseError(serde_json::Error::custom(
            "recursion limit exceeded",
        )));
    }
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(|item| exact(item, depth + 1, number));
            Ok(Val::array(items.collect::<Result<_, _>>()?))
        }
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text)?;
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| Ok((key, exact(value, depth + 1, number)?)));
            Ok(Val::object(
                entries.collect::<Result<Vec<_>, ParseError>>()?,
            ))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Val::Num(number(text)?)),
        _ => Ok(Val::from(serde_json::from_str::<serde_json::Value>(text)?)),
    }
}

/// A number of an item: one with fraction or exponent is normalised to the shortest double.
fn input_number(token: &str) -> Result<Num, ParseError> {
    if token.contains(['.', 'e', 'E']) {
        return Ok(Num::Decimal(serde_json::from_str(token)?));
    }
    program_number(token)
}

fn program_number(token: &str) -> Result<Num, ParseError> {
    Ok(Num::from_token(token).unwrap_or(Num::Float(f64::NAN)))
}

/// The entries of an object, not yet read.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        source.deserialize_map(Collect)
    }
}
