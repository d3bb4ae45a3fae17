//! What is in a page? Its items as slices of its bytes, and what it says about further pages.
//!
//! This is the hottest parser of a resync: the items are only delimited, never built.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::marks::{Marks, Names, envelope};
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
    names: Names,
    fetch: impl Fn() -> Fut,
) -> Result<(Response, Page), E>
where
    Fut: Future<Output = Result<Response, E>>,
    E: From<HttpError>,
{
    let mut attempt = 1;
    loop {
        let response = fetch().await?;
        match Page::split(&response, shape, names) {
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
    fn split(response: &Response, shape: Shape, names: Names) -> Result<Self, serde_json::Error> {
        let body = response.body();
        let mut json = serde_json::Deserializer::from_slice(body);
        let (raw, marks) = match shape {
            Shape::Under(key) => envelope(key, names, &mut json)?,
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
