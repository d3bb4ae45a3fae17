//! How does this process talk to the systems around it? Through one [`HttpClient`] for each of
//! them, which owns retrying, pausing, deadlines, credentials and redaction.
//!
//! This is not a general HTTP library: requests are plain [`http::Request`] values, whole answers
//! are a [`Response`], and everything that can go wrong is an [`HttpError`]. Retrying happens here
//! and in no other layer. The library underneath shows nowhere in the interface.
//!
//! ```no_run
//! # async fn example() -> Result<(), ocean_core::http::HttpError> {
//! use ocean_core::http::HttpClient;
//!
//! #[derive(serde::Deserialize)]
//! struct Myself {
//!     #[serde(rename = "accountId")]
//!     account_id: String,
//! }
//!
//! let client = HttpClient::builder("tracker")
//!     .user_agent("my-integration/1.0")
//!     .build()?;
//! let request = http::Request::get("https://tracker.example/rest/myself")
//!     .body(bytes::Bytes::new())
//!     .unwrap_or_default();
//! let myself: Myself = client.send_json(request).await?;
//! # let _ = myself.account_id;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - A request that may have been executed is sent again only when that is harmless: its method is
//!   idempotent, or its builder marked it with [`Retry::Idempotent`].
//! - The body is read inside the retry, so a cut answer is never taken for a whole one.
//! - A pause that the server announces holds back every request to that host, for its whole length.
//!   One that is longer than the client's limit fails the call and says when it ends.
//! - While an urgent call waits to be sent to a host, no other call is sent there.
//! - No call is on the wire for longer than [`Deadlines::total`], all its attempts together.
//! - A refused token is renewed once for each call, and once for all calls that were refused with it.
//! - `Authorization` never leaves the host the request was made for.
//! - A client for public hosts only never connects to an address that is not public, whatever a
//!   setting, a redirect or data of the other system names.
//! - Errors carry neither credentials nor more than a short, masked piece of a body.
//!
//! # Map
//!
//! | to | start with |
//! | --- | --- |
//! | make a client | [`HttpClient::builder`], [`RetryPolicy`], [`Deadlines`], [`Proxies`] |
//! | give it credentials | [`HttpClientBuilder::bearer_token`], [`Authenticator`], [`TokenFile`] |
//! | keep a limit of the other system | [`Throttle`] |
//! | let some calls go before others | [`Priority`] |
//! | send | [`HttpClient::get`], [`HttpClient::send`], [`HttpClient::send_json`], [`HttpClient::open`] |
//! | put parameters into an address | [`with_query`] |
//! | tell "there is none" from other failures | [`HttpError::is_not_found`] |
//! | read a listing | [`paging::OffsetPages`], [`paging::TokenPages`], [`paging::LinkPages`] |
//! | count what is sent | [`HttpMeter`] |
//! | hide secrets in text | [`Masker`] |
//! | test without a socket, or without names | [`Transport`], [`Resolver`] |

mod auth;
mod call;
mod client;
mod config;
mod deadline;
mod error;
mod meter;
pub mod paging;
mod pause;
mod priority;
mod private;
mod proxy;
mod query;
mod received;
mod redact;
mod resolver;
mod response;
mod retry;
mod retry_after;
mod stream;
mod throttle;
mod token_file;
mod transport;
mod wire;

pub use self::auth::{AuthError, Authenticator, Refresh};
pub use self::client::HttpClient;
pub use self::config::HttpClientBuilder;
pub use self::deadline::{Deadline, Deadlines};
pub use self::error::{CallContext, HttpError};
pub use self::meter::{HttpCounts, HttpMeter};
pub use self::priority::Priority;
pub use self::proxy::Proxies;
pub use self::query::with_query;
pub(crate) use self::received::{NoteSize, sizes_of};
pub use self::redact::{Masker, redact_url};
pub use self::resolver::Resolver;
pub use self::response::Response;
pub use self::retry::{Retry, RetryPolicy};
pub use self::stream::StreamingResponse;
pub use self::throttle::Throttle;
pub use self::token_file::TokenFile;
pub use self::transport::{BodyStream, Transport, TransportError, TransportErrorKind};

#[cfg(test)]
mod tests;
