//! One request to a webhook.

use std::sync::OnceLock;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A live event as it arrived: headers and the exact bytes of the body, which signatures cover.
#[derive(Clone)]
pub struct WebhookEvent {
    headers: HeaderMap,
    body: Bytes,
    /// Read from the body when it is asked for.
    payload: OnceLock<Value>,
}

impl WebhookEvent {
    /// An event from a request.
    ///
    /// # Errors
    ///
    /// When the body is not JSON.
    pub fn new(headers: HeaderMap, body: impl Into<Bytes>) -> Result<Self, serde_json::Error> {
        let body = body.into();
        let payload = OnceLock::from(serde_json::from_slice::<Value>(&body)?);
        Ok(Self {
            headers,
            body,
            payload,
        })
    }

    /// Makes a waiting event as small as its bytes: parsed, it is several times larger.
    pub(crate) fn forget_payload(&mut self) {
        self.payload = OnceLock::new();
    }

    /// A header's value as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers. Those with credentials and signatures are there only while the request is
    /// authenticated; they are not kept with an event that waits.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The exact bytes of the body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The parsed body.
    #[must_use]
    pub fn payload(&self) -> &Value {
        let read = || serde_json::from_slice(&self.body).unwrap_or_default();
        self.payload.get_or_init(read)
    }

    /// A text field of the payload.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.payload().get(field)?.as_str()
    }

    /// The payload as an author's type.
    ///
    /// # Errors
    ///
    /// When it does not have that shape; the path of the field is in the message.
    pub fn parse<T: DeserializeOwned>(
        &self,
    ) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut json)
    }
}

impl std::fmt::Debug for WebhookEvent {
    /// Leaves headers and body out: they hold signatures and personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookEvent")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
