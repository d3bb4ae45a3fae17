//! What did the server answer? A [`Response`]: status, headers, and the whole body.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::{CallContext, HttpError};
use super::paging::Doubt;
use super::redact::{Masker, RedactedUri};

/// How much of an error's body its message shows.
const STATUS_EXCERPT: usize = 300;

/// How much of an answer that cannot be read its error shows.
const DECODE_EXCERPT: usize = 200;

/// A whole answer: its body was received to the last byte.
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    call: CallContext,
    masker: Masker,
    /// Whether the credentials are refused, whatever the status is.
    is_refusal: bool,
}

impl Response {
    /// An answer made by hand, for tests of what reads answers.
    ///
    /// ```
    /// use ocean_core::http::Response;
    ///
    /// let response = Response::new(http::Response::new(r#"{"values":[1]}"#.into()));
    /// let value: serde_json::Value = response.json().expect("it is JSON");
    /// assert_eq!(value["values"][0], 1);
    /// ```
    #[must_use]
    pub fn new(response: http::Response<Bytes>) -> Self {
        let call = CallContext {
            client: Arc::from("test"),
            method: Method::GET,
            url: RedactedUri::default(),
            attempts: 1,
            elapsed: Duration::ZERO,
            repeatable: false,
        };
        Self::received(response, call, Masker::default())
    }

    pub(super) fn received(
        response: http::Response<Bytes>,
        call: CallContext,
        masker: Masker,
    ) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            call,
            masker,
            is_refusal: false,
        }
    }

    pub(super) fn refused(self, is_refusal: bool) -> Self {
        Self { is_refusal, ..self }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header as text; `None` when it is missing or not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body. Clones of it, and slices, share the memory.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Only the body.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// The call it answers.
    #[must_use]
    pub const fn call(&self) -> &CallContext {
        &self.call
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// [`HttpError::Decode`], which names the path inside the JSON and shows the start of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| self.decode_error(error.path().to_string(), error.into_inner()))?;
        json.end().map_err(|error| self.decode_error(".", error))?;
        Ok(value)
    }

    /// An error about this answer, for what reads it in its own way.
    pub fn decode_error(
        &self,
        path: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> HttpError {
        // What reads JSON quotes the value that it did not expect, whole.
        let source = crate::error_chain(&*source.into());
        let source = self.masker.excerpt(source.as_bytes(), DECODE_EXCERPT);
        HttpError::Decode {
            call: Box::new(self.call.clone()),
            path: path.into(),
            content_type: self
                .header(header::CONTENT_TYPE.as_str())
                .unwrap_or("no content type")
                .to_owned(),
            excerpt: self.masker.excerpt(&self.body, DECODE_EXCERPT),
            source: source.into(),
        }
    }

    /// An error about the listing this answer is a page of.
    pub(super) fn doubt(&self, doubt: Doubt) -> HttpError {
        HttpError::Listing {
            call: Box::new(self.call.clone()),
            doubt,
        }
    }

    /// The answer, unless its status says that the request failed.
    ///
    /// # Errors
    ///
    /// [`HttpError::Unauthorized`] for 401 and where the authenticator sees a refusal, [`HttpError::Status`] for every other status from 400.
    pub fn error_for_status(self) -> Result<Self, HttpError> {
        let response = Box::new(self);
        match response.status {
            status if status == StatusCode::UNAUTHORIZED || response.is_refusal => {
                Err(HttpError::Unauthorized { response })
            }
            status if status.is_client_error() || status.is_server_error() => {
                Err(HttpError::Status { response })
            }
            _ => Ok(*response),
        }
    }

    /// The start of the body, masked.
    pub(super) fn excerpt(&self) -> String {
        self.masker.excerpt(&self.body, STATUS_EXCERPT)
    }
}

/// Headers and body may hold secrets, so they are not shown.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("call", &self.call)
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
