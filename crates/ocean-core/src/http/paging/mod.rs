//! Is that all of them? Streams over the pages of a listing that end with a proof, or an error.
//!
//! A page missing from a listing looks like deleted objects, so a pager never takes doubt for the
//! end. Start with [`OffsetPages`] (positions: `startAt`, with `total`, `isLast` or neither),
//! [`TokenPages`] (`nextPageToken`, cursors) or [`LinkPages`] (the `Link` header). All leave building
//! and sending the request to the caller and yield one [`Batch`](crate::Batch) for each page, its
//! items being slices of the page's bytes.
//!
//! ```
//! use bytes::Bytes;
//! use futures::{Stream, TryStreamExt as _};
//! use ocean_core::Batch;
//! use ocean_core::http::paging::OffsetPages;
//! use ocean_core::http::{HttpClient, HttpError};
//!
//! fn projects(client: HttpClient) -> impl Stream<Item = Result<Batch, HttpError>> {
//!     OffsetPages::of("values").pages(move |window| {
//!         let client = client.clone();
//!         async move {
//!             let (size, start) = (window.size, window.start);
//!             let url = format!("https://tracker.example/projects?maxResults={size}&startAt={start}");
//!             let request = http::Request::get(url).body(Bytes::new()).unwrap_or_default();
//!             client.send(request).await
//!         }
//!     })
//! }
//! # let _ = |client| projects(client).try_collect::<Vec<_>>();
//! ```
//!
//! # Guarantees
//!
//! Every item that was in the listing from the first request to the last is yielded, or the stream
//! ends with an error. What makes it an error:
//!
//! - a page without the key of its items, or one that is not JSON (this alone is asked for again a
//!   few times, because proxies and login pages come and go);
//! - a page of [`TokenPages`] that does not say whether more follows;
//! - an empty page although the server said that there are more;
//! - an end before the announced total, items beyond it, or a total that shrank on the way;
//! - a token, a link, or the first item of a page, for the second time;
//! - pages without end.
//!
//! # Caveats
//!
//! A page is believed to be the last without a word of the server in two cases: [`LinkPages`] takes a
//! page without a `Link` header for it, and [`TokenPages::absent_is_end`] one without any field. With
//! `full_page` both are doubted where the first page is full.
//! An item that moves between pages while they are read may be yielded twice.
//! When a server gives a `total`, a removal that is made up for by an addition between the same two
//! requests is seen only with [`Overlap::Always`].

mod chain;
mod doubt;
mod link;
mod marks;
mod offset;
mod page;
mod token;

#[cfg(test)]
mod tests;

pub use self::doubt::Doubt;
pub use self::link::LinkPages;
pub use self::offset::{OffsetPages, Overlap, Window};
pub use self::token::TokenPages;

/// A listing of a million items has 20,000 pages of 50; this only ends an endless one.
const MAX_PAGES: usize = 200_000;
