//! Finding and listing the entities that this integration owns.
//!
//! Start with [`PortClient::find`] and [`PortClient::list_owned`].

use std::collections::HashSet;
use std::error::Error as StdError;
use std::pin::pin;
use std::time::SystemTime;

use async_stream::try_stream;
use bytes::Bytes;
use futures::stream::{Stream, TryStreamExt as _};
use http::Request;
use ocean_core::{Entity, EntityQuery, EntityRef};

use crate::client::PortClient;
use crate::elements::Elements;
use crate::error::{Error, Result};
use crate::wire::OwnedPage;

const SEARCH: &str = "entity search";
const LISTING: &str = "listing of owned entities";

/// How many identifiers one search names.
const IDENTIFIERS: usize = 50;

/// How often a search is asked anew when its answer breaks off, the first time included.
///
/// The HTTP client repeats a request until an answer begins; what follows is read as it arrives,
/// so that only the reader can tell that it is not whole.
const ATTEMPTS: u32 = 3;

impl PortClient {
    /// Entities of one blueprint with the fields asked for.
    ///
    /// # Caveats
    ///
    /// When an answer breaks off it is asked for anew from its beginning, so that an entity may
    /// come twice.
    ///
    /// # Errors
    ///
    /// An error ends the stream; what came before it is a part of an unknown whole.
    pub(crate) fn find(&self, query: EntityQuery) -> impl Stream<Item = Result<Entity>> + Send {
        try_stream! {
            for identifiers in parts(query.identifiers.as_deref()) {
                let mut part = pin!(self.find_part(&query, identifiers));
                while let Some(entity) = part.try_next().await? {
                    yield entity;
                }
            }
        }
    }

    /// What one request finds, asked anew when its answer breaks off.
    fn find_part(
        &self,
        query: &EntityQuery,
        identifiers: Option<&[String]>,
    ) -> impl Stream<Item = Result<Entity>> + Send {
        try_stream! {
            for attempt in 1.. {
                let request = self.requests.search(&query.blueprint, identifiers, &query.include)?;
                let mut answer = pin!(self.entities(request));
                let error = loop {
                    match answer.try_next().await {
                        Ok(Some(entity)) => yield entity,
                        Ok(None) => return,
                        Err(error) => break error,
                    }
                };
                if attempt == ATTEMPTS || !matches!(error, Error::BrokenAnswer { .. }) {
                    Err(error)?;
                }
                tokio::time::sleep(self.backoff(attempt)).await;
            }
        }
    }

    /// The entities of one answer, as they arrive.
    fn entities(&self, request: Request<Bytes>) -> impl Stream<Item = Result<Entity>> + Send {
        try_stream! {
            let chunks = self.transport.open(request).await?;
            let mut chunks = pin!(chunks);
            let mut elements = Elements::default();
            while let Some(chunk) = chunks.try_next().await.map_err(broken)? {
                for element in elements.feed(&chunk).map_err(broken)? {
                    yield serde_json::from_slice(&element).map_err(broken)?;
                }
            }
            elements.finish().map_err(broken)?;
        }
    }

    /// The keys of everything this integration owns and has not updated since `before`.
    ///
    /// # Errors
    ///
    /// An error ends the stream, and the list is not complete without its last page. A cursor
    /// that comes twice is an error: following it would never end.
    pub(crate) fn list_owned(
        &self,
        before: Option<SystemTime>,
    ) -> impl Stream<Item = Result<EntityRef>> + Send {
        try_stream! {
            let mut seen = HashSet::new();
            let mut from: Option<String> = None;
            loop {
                let request = self.requests.owned_entities(before, from.as_deref())?;
                let page: OwnedPage = self.transport.read(request).await?;
                for entity in page.entities {
                    yield entity;
                }
                let Some(next) = page.next.filter(|next| !next.is_empty()) else {
                    break;
                };
                if !seen.insert(next.clone()) {
                    Err(Error::broken_answer(LISTING, "its cursor came before"))?;
                }
                from = Some(next);
            }
        }
    }
}

fn broken(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::broken_answer(SEARCH, error)
}

/// The identifiers of each request: at most fifty, or `None` for one request without any.
fn parts(identifiers: Option<&[String]>) -> Vec<Option<&[String]>> {
    match identifiers {
        Some(identifiers) => identifiers.chunks(IDENTIFIERS).map(Some).collect(),
        None => vec![None],
    }
}
