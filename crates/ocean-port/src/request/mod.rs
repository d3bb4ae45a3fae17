//! Every request to Port as a plain `http::Request`, built without sending it.
//!
//! Start with [`Requests`]; one file per area of the API, each adding its methods to it. What is
//! built here is the contract with Port: paths, order of the query, headers and bodies are
//! compared with recorded requests in `tests.rs`. Authorization is not part of a request, it is
//! added when it is sent.

mod blueprints;
mod cursor;
mod entities;
mod integration;
mod lake;
mod lifecycle;
mod organization;
mod search;
mod telemetry;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use ocean_core::http::Retry;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

pub(crate) use self::integration::{IntegrationChange, NewIntegration};
use crate::config::PortConfig;
use crate::error::{Error, Result};

/// The version of the framework whose behaviour this is; Port decides by it what it can expect.
pub const OCEAN_CORE_VERSION: &str = "0.48.12";

/// All but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Builds requests to one Port on behalf of one integration.
#[derive(Debug)]
pub(crate) struct Requests {
    api: String,
    user_agent: HeaderValue,
    exporter: HeaderValue,
    ownership: Ownership,
    integration: String,
    integration_type: String,
    integration_version: String,
}

/// The two ends of the datasource of everything this integration owns.
///
/// Port takes an entity's datasource from the `User-Agent` of the request that wrote it, which is
/// why both are made in one place.
#[derive(Debug)]
pub(crate) struct Ownership {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

/// Whether Port is to remember the call as a feature of the integration; contract 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Integration,
    Exporter,
}

impl Requests {
    /// Fails when the configuration cannot be put into a request.
    pub(crate) fn new(config: &PortConfig) -> Result<Self> {
        let url = Url::parse(&config.base_url)
            .map_err(|error| Error::invalid_config("port.base_url", error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            let reason = "it is not an http or https address";
            return Err(Error::invalid_config("port.base_url", reason));
        }
        let PortConfig {
            integration_identifier: identifier,
            integration_type: kind,
            integration_version: version,
            ..
        } = config;
        if identifier.is_empty() {
            let reason = "it is empty";
            return Err(Error::invalid_config("integration.identifier", reason));
        }
        if version.is_empty() {
            let reason = "it is empty";
            return Err(Error::invalid_config("the integration's version", reason));
        }
        let user_agent = format!("port-ocean/{kind}/{version}/{identifier}");
        Ok(Self {
            api: format!("{}/v1", config.base_url.trim_end_matches('/')),
            exporter: header(format!("{user_agent}/exporter"))?,
            user_agent: header(user_agent)?,
            ownership: Ownership {
                prefix: format!("port-ocean/{kind}/"),
                suffix: format!("/{identifier}/exporter"),
            },
            integration: identifier.clone(),
            integration_type: kind.clone(),
            integration_version: version.clone(),
        })
    }

    fn get(&self, path: &str) -> Result<Request<Bytes>> {
        self.build(Method::GET, path, Caller::Integration, Bytes::new())
    }

    fn json(
        &self,
        method: Method,
        path: &str,
        caller: Caller,
        body: &impl Serialize,
    ) -> Result<Request<Bytes>> {
        let body = serde_json::to_vec(body).map_err(Error::invalid_request)?;
        self.build(method, path, caller, body.into())
    }

    fn build(
        &self,
        method: Method,
        path: &str,
        caller: Caller,
        body: Bytes,
    ) -> Result<Request<Bytes>> {
        self.build_at(method, &format!("{}{path}", self.api), caller, body)
    }

    /// A request to an address that is not below the API's, but one that Port gave.
    fn build_at(
        &self,
        method: Method,
        url: &str,
        caller: Caller,
        body: Bytes,
    ) -> Result<Request<Bytes>> {
        let user_agent = match caller {
            Caller::Integration => &self.user_agent,
            Caller::Exporter => &self.exporter,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(USER_AGENT, user_agent);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(body).map_err(Error::invalid_request)
    }
}

/// Marks a request as one that does no harm when it is executed twice, whatever its method.
fn idempotent(mut request: Request<Bytes>) -> Request<Bytes> {
    request.extensions_mut().insert(Retry::Idempotent);
    request
}

fn header(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text.into_bytes()).map_err(|error| {
        Error::invalid_config(
            "integration",
            format!("identifier, type and version do not fit in a header: {error}"),
        )
    })
}

/// One segment of a path, encoded so that nothing in it can end the segment.
///
/// A dot segment has no encoded form: clients resolve `%2e%2e` like `..`.
fn segment(text: &str) -> Result<String> {
    if matches!(text, "" | "." | "..") {
        return Err(Error::InvalidRequest {
            reason: format!("`{text}` cannot be part of an address"),
        });
    }
    Ok(utf8_percent_encode(text, SEGMENT).to_string())
}

/// A query in the order given.
fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
