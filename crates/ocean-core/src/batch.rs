//! What a resync function yields: batches of raw items.
//!
//! Start with [`Batch`]; a [`RawItem`] keeps the bytes it arrived as until something reads it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{BoxStream, SelectAll, Stream};
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap as _};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::SourceError;

/// Batches of raw items over time, as the engine consumes them.
pub type BatchStream = BoxStream<'static, Result<Batch, SourceError>>;

/// One object of the third-party system, as it arrived.
///
/// It holds the bytes of the answer it came in (shared with the other items of its page) and the
/// fields an integration added. Cloning is cheap. Nothing is parsed until a mapping or
/// [`get`](Self::get) asks, and then only what is asked for.
#[derive(Debug, Clone)]
pub struct RawItem {
    json: Bytes,
    added: Option<Arc<Map<String, Value>>>,
}

impl RawItem {
    /// An item that is part of `page`, without copying it.
    ///
    /// `raw` should have been parsed out of `page`; if it was not, its bytes are copied.
    #[must_use]
    pub fn from_page(page: &Bytes, raw: &RawValue) -> Self {
        Self::from_checked(slice_of(page, raw.get().as_bytes()))
    }

    /// An item from the bytes of one JSON value.
    ///
    /// # Errors
    ///
    /// When the bytes are not one JSON value.
    pub fn from_json(json: impl Into<Bytes>) -> Result<Self, serde_json::Error> {
        let json = json.into();
        serde_json::from_slice::<&RawValue>(&json)?;
        Ok(Self::from_checked(json))
    }

    const fn from_checked(json: Bytes) -> Self {
        Self { json, added: None }
    }

    /// Adds a field, or replaces the one of that name.
    ///
    /// This is how an integration tells the mapping what the item itself does not say, for
    /// example the `__projectKey` of a version.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let added = self.added.get_or_insert_with(Arc::default);
        Arc::make_mut(added).insert(name.into(), value.into());
        self
    }

    /// Reads one top-level field; `None` when it is missing or not of that type.
    ///
    /// ```
    /// use ocean_core::RawItem;
    ///
    /// let item = RawItem::from(serde_json::json!({"key": "PORT", "id": 7}));
    /// assert_eq!(item.get::<String>("key").as_deref(), Some("PORT"));
    /// assert_eq!(item.get::<String>("id"), None);
    /// ```
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, field: &str) -> Option<T> {
        if let Some(value) = self.added.as_ref().and_then(|added| added.get(field)) {
            return T::deserialize(value).ok();
        }
        let mut json = serde_json::Deserializer::from_slice(&self.json);
        let raw = FieldSeed { field }.deserialize(&mut json).ok()??;
        serde_json::from_str(raw.get()).ok()
    }

    /// The item as an author's type, added fields included.
    ///
    /// # Errors
    ///
    /// When the item does not have the shape of `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        if self.added.is_none() {
            return serde_json::from_slice(&self.json);
        }
        T::deserialize(self.to_value()?)
    }

    /// The whole item, added fields included.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be represented (nesting beyond 127 levels, numbers beyond `f64`).
    pub fn to_value(&self) -> Result<Value, serde_json::Error> {
        let mut value: Value = serde_json::from_slice(&self.json)?;
        if let (Value::Object(fields), Some(added)) = (&mut value, &self.added) {
            fields.extend(
                added
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        Ok(value)
    }

    /// The bytes the item arrived as, without added fields.
    #[must_use]
    pub const fn json(&self) -> &Bytes {
        &self.json
    }

    /// The fields an integration added, which win over those of the same name in the bytes.
    pub fn added(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.added
            .iter()
            .flat_map(|added| added.iter())
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Whether the item is a JSON object; a mapping accepts nothing else.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.json.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
    }
}

impl From<Value> for RawItem {
    fn from(value: Value) -> Self {
        Self::from_checked(Bytes::from(value.to_string()))
    }
}

impl<'de> Deserialize<'de> for RawItem {
    /// Keeps the bytes of the value, so that a payload type can hold part of an event as it
    /// arrived.
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(json)?;
        Ok(Self::from_checked(
            Box::<str>::from(raw).into_string().into(),
        ))
    }
}

impl Serialize for RawItem {
    /// Writes the item as it arrived, with the added fields in place of those of the same name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(added) = &self.added else {
            let raw: &RawValue = serde_json::from_slice(&self.json).map_err(S::Error::custom)?;
            return raw.serialize(serializer);
        };
        let own: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_slice(&self.json).map_err(S::Error::custom)?;
        let own = own.iter().filter(|(name, _)| !added.contains_key(&***name));
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in own {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in added.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Some raw items that arrived together, usually one page of the source.
///
/// ```
/// use ocean_core::{Batch, RawItem};
/// use serde_json::json;
///
/// let batch: Batch = [json!({"key": "A"}), json!({"key": "B"})].into_iter().collect();
/// assert_eq!(batch.len(), 2);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Batch {
    items: Vec<RawItem>,
}

impl Batch {
    /// A batch of these items, in this order.
    #[must_use]
    pub const fn new(items: Vec<RawItem>) -> Self {
        Self { items }
    }

    /// How many items it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds none; an empty batch is allowed and does nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, RawItem> {
        self.items.iter()
    }

    /// The same batch with a field added to every item.
    #[must_use]
    pub fn with(self, name: &str, value: &Value) -> Self {
        self.into_iter()
            .map(|item| item.with(name, value.clone()))
            .collect()
    }
}

impl IntoIterator for Batch {
    type Item = RawItem;
    type IntoIter = std::vec::IntoIter<RawItem>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = &'a RawItem;
    type IntoIter = std::slice::Iter<'a, RawItem>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Into<RawItem>> FromIterator<T> for Batch {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
        }
    }
}

impl<T: Into<RawItem>> From<Vec<T>> for Batch {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

/// Runs streams side by side and yields their batches as they arrive.
///
/// An error of one stream does not stop the others: it comes out where it happened, and the
/// consumer decides.
pub fn merge<S>(streams: impl IntoIterator<Item = S>) -> SelectAll<Pin<Box<S>>>
where
    S: Stream,
{
    futures::stream::select_all(streams.into_iter().map(Box::pin))
}

/// `part` as a slice of `whole` that shares its memory, or a copy when it lies elsewhere.
fn slice_of(whole: &Bytes, part: &[u8]) -> Bytes {
    let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= whole.len() => whole.slice(start..end),
        _ => Bytes::copy_from_slice(part),
    }
}

/// Finds one field of an object and leaves it unparsed; the last of several wins, as in JSON
/// parsers.
struct FieldSeed<'a> {
    field: &'a str,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name == self.field {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_shares_the_memory_of_its_page() {
        let page = Bytes::from_static(br#"{"values": [{"key":"A"}, {"key":"B"}]}"#);
        let parsed: std::collections::HashMap<&str, Vec<&RawValue>> =
            serde_json::from_slice(&page).unwrap();
        let item = RawItem::from_page(&page, parsed["values"][1]);
        assert_eq!(item.json().as_ptr(), page[25..].as_ptr());
        assert_eq!(item.get::<String>("key").as_deref(), Some("B"));
    }

    #[test]
    fn a_raw_value_from_elsewhere_is_copied() {
        let page = Bytes::from_static(b"{}");
        let raw = RawValue::from_string(r#"{"key":"A"}"#.to_owned()).unwrap();
        assert_eq!(
            RawItem::from_page(&page, &raw)
                .get::<String>("key")
                .as_deref(),
            Some("A")
        );
    }

    #[test]
    fn an_added_field_wins_over_the_item_and_reaches_the_value() {
        let item = RawItem::from(json!({"a": 1, "b": 2})).with("a", "new");
        assert_eq!(item.get::<String>("a").as_deref(), Some("new"));
        assert_eq!(item.to_value().unwrap(), json!({"a": "new", "b": 2}));
    }

    #[test]
    fn an_item_is_written_as_it_arrived_with_what_was_added() {
        let json = &br#"{"a": 1.50, "b": {"c": 12345678901234567890}}"#[..];
        let item = RawItem::from_json(json).unwrap();
        assert_eq!(serde_json::to_vec(&item).unwrap(), json);
        let item = item.with("a", "new").with("d", 4);
        assert_eq!(
            serde_json::to_string(&item).unwrap(),
            r#"{"b":{"c": 12345678901234567890},"a":"new","d":4}"#
        );
    }

    #[test]
    fn the_last_of_two_equal_fields_wins() {
        let item = RawItem::from_json(&br#"{"a": 1, "a": 2}"#[..]).unwrap();
        assert_eq!(item.get::<u8>("a"), Some(2));
    }

    #[test]
    fn an_item_inside_a_payload_keeps_its_bytes() {
        let payload: std::collections::HashMap<&str, RawItem> =
            serde_json::from_str(r#"{"issue": {"id": 1.50}}"#).unwrap();
        assert_eq!(payload["issue"].json().as_ref(), br#"{"id": 1.50}"#);
    }

    #[test]
    fn bytes_that_are_not_json_are_refused() {
        assert!(RawItem::from_json(&b"{\"a\": "[..]).is_err());
    }
}
