//! What is in a page? Its items as slices of its bytes, and what it says about further pages.
//!
//! This is the hottest parser of a resync: the items are only delimited, never built.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::batch::RawItem;
use crate::http::client::DECODE_ATTEMPTS;
use crate::http::{HttpError, Response};

/// How long to wait before a page that is not JSON is asked for again.
const DECODE_PAUSE: Duration = Duration::from_millis(250);

/// One page, split.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Vec<RawItem>,
    pub(super) marks: Marks,
}

/// What a page says about itself, in the notations that are known.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) total: Option<u64>,
    pub(super) is_last: Option<bool>,
    pub(super) next_page_token: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) page_info: Option<PageInfo>,
}

/// How GraphQL-like APIs say what follows.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    pub(super) has_next_page: Option<bool>,
    pub(super) end_cursor: Option<String>,
}

impl PageInfo {
    /// An empty object says nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.has_next_page.is_none() && self.end_cursor.is_none()
    }
}

/// Where in a page its items are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// The page is an object, and they are the array under this key.
    Under(&'static str),
    /// The page is the array.
    Bare,
}

/// Fetches and splits one page.
pub(super) async fn read<Fut, E>(
    shape: Shape,
    fetch: impl Fn() -> Fut,
) -> Result<(Response, Page), E>
where
    Fut: Future<Output = Result<Response, E>>,
    E: From<HttpError>,
{
    let mut attempt = 1;
    loop {
        let response = fetch().await?;
        match Page::split(&response, shape) {
            Ok(page) => return Ok((response, page)),
            Err(error) if !error.is_data() && attempt < DECODE_ATTEMPTS => {
                tokio::time::sleep(DECODE_PAUSE * attempt).await;
                attempt += 1;
            }
            Err(error) => return Err(response.decode_error(shape.path(), error).into()),
        }
    }
}

impl Page {
    pub(super) fn split(response: &Response, shape: Shape) -> Result<Self, serde_json::Error> {
        let body = response.body();
        let mut json = serde_json::Deserializer::from_slice(body);
        let (raw, marks) = match shape {
            Shape::Under(key) => Envelope { key }.deserialize(&mut json)?,
            Shape::Bare => (Vec::deserialize(&mut json)?, Marks::default()),
        };
        json.end()?;
        let items = raw
            .into_iter()
            .map(|raw| RawItem::from_page(body, raw))
            .collect();
        Ok(Self { items, marks })
    }
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Under(key) => key,
            Self::Bare => ".",
        }
    }
}

/// Reads the object around the items in one pass.
struct Envelope {
    key: &'static str,
}

type Split<'de> = (Vec<&'de RawValue>, Marks);

impl<'de> DeserializeSeed<'de> for Envelope {
    type Value = Split<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope {
    type Value = Split<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the items under `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut items = None;
        let mut marks = Marks::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == self.key {
                if items.replace(map.next_value()?).is_some() {
                    return Err(A::Error::custom(format_args!("`{key}` is there twice")));
                }
                continue;
            }
            match key.as_str() {
                "total" => marks.total = map.next_value()?,
                "isLast" => marks.is_last = map.next_value()?,
                "nextPageToken" => marks.next_page_token = map.next_value()?,
                "cursor" => marks.cursor = map.next_value()?,
                "pageInfo" => marks.page_info = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        // An answer without items is a protocol error, never an empty listing.
        let items = items.ok_or_else(|| A::Error::custom("the items are missing"))?;
        Ok((items, marks))
    }
}

/// What an item is recognised by: the text of its identity field, or all of it without one.
pub(super) fn identity(item: &RawItem, field: &str) -> String {
    item.get::<Box<RawValue>>(field).map_or_else(
        || String::from_utf8_lossy(item.json()).into_owned(),
        |value| value.get().to_owned(),
    )
}

/// Recognises texts that came before, for the price of 8 bytes each. A collision can only raise a
/// doubt.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    /// Whether this text came before; it is remembered.
    pub(super) fn again(&mut self, text: &str) -> bool {
        !self.hashes.insert(self.hasher.hash_one(text))
    }
}
