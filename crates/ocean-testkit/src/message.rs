//! What does a simulator see and say? [`Request`] and [`Response`], whole bodies included.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// A request whose body has been read to its end, but not parsed.
#[derive(Debug, Clone)]
pub struct Request {
    head: http::request::Parts,
    body: Bytes,
}

impl Request {
    pub(crate) fn new(head: http::request::Parts, body: Bytes) -> Self {
        Self { head, body }
    }

    /// A request that did not come over a socket, to try a service directly.
    #[must_use]
    pub fn local(method: Method, uri: http::Uri, body: impl Into<Bytes>) -> Self {
        let mut request = http::Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        Self::new(request.into_parts().0, body.into())
    }

    /// The same request with the header `name` set; one that cannot be sent is ignored.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        set_header(&mut self.head.headers, name, value);
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path as it was sent: percent-encoded, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// Path and query as they were sent.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.head
            .uri
            .path_and_query()
            .map_or("/", |text| text.as_str())
    }

    pub(crate) fn uri(&self) -> &http::Uri {
        &self.head.uri
    }

    /// The segments of the path, each percent-decoded (a `+` stays a plus).
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path()
            .trim_start_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The pairs of the query, decoded, in the order they were sent.
    #[must_use]
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.head.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    /// The first value of the query parameter `name`.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        let query = self.head.uri.query()?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The first value of the header `name`, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// The body as it was sent.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body read as JSON.
    ///
    /// # Errors
    ///
    /// The body is not JSON, or not of the shape of `T`.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.body)
    }
}

/// An answer: status, headers and a whole body.
///
/// The server adds `Content-Length` and `Date`.
#[derive(Debug, Clone, Default)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    /// An answer without a body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// A 200 with `value` as JSON.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::json_bytes(body),
            Err(error) => Self::bytes("text/plain", error.to_string())
                .with_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// A 200 with a body that is JSON already.
    #[must_use]
    pub fn json_bytes(body: impl Into<Bytes>) -> Self {
        let mut response = Self {
            body: body.into(),
            ..Self::default()
        };
        response
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// A 200 with any body.
    #[must_use]
    pub fn bytes(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
        .with_header("content-type", content_type)
    }

    /// The same answer with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same answer with the header `name` set; a name or value that cannot be sent is ignored.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        set_header(&mut self.headers, name, value);
        self
    }

    /// The status that will be sent.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The headers that will be sent.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body that will be sent.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

fn set_header(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(uri: &'static str) -> Request {
        Request::local(Method::GET, http::Uri::from_static(uri), Bytes::new())
    }

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(
            get("/v1/integration/my%20jira%2F1+x?a=b").segments(),
            ["v1", "integration", "my jira/1+x"]
        );
    }

    #[test]
    fn query_keeps_order_and_repeats() {
        let request = get("/x?include=b&include=a&q=1+2");
        let pairs = [("include", "b"), ("include", "a"), ("q", "1 2")];
        assert_eq!(
            request.query(),
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert_eq!(request.query_value("include").as_deref(), Some("b"));
        assert_eq!(request.query_value("absent"), None);
    }
}
