//! Requests to where Port takes metrics and logs: addresses that it names itself, which need not be
//! its own.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use ocean_core::http::Retry;
use ocean_core::{KindMetrics, SyncMetrics, SyncState};
use serde::Serialize;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{OCEAN_CORE_VERSION, Requests, segment};
use crate::error::{Error, Result};

/// The original can also run a process per kind; here there is one for all.
const EXECUTION_MODE: &str = "single_process";

#[derive(Serialize)]
struct ManyKinds<'a> {
    #[serde(rename = "syncKindsMetrics")]
    kinds: Vec<Kind<'a>>,
}

#[derive(Serialize)]
struct OneKind<'a> {
    #[serde(rename = "syncKindMetrics")]
    kind: Kind<'a>,
}

/// One kind as Port and the user's webhook are told of it; contract `port-api.md` 9.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind<'a> {
    integration_type: &'a str,
    installation_type: &'a str,
    execution_mode: &'static str,
    integration_identifier: &'a str,
    integration_version: &'a str,
    ocean_version: &'static str,
    kind_identifier: &'a str,
    kind: &'a str,
    kind_index: usize,
    event_id: Uuid,
    sync_state: SyncState,
    blueprint: &'a str,
    metrics: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Heartbeat {
    event_id: Uuid,
}

#[derive(Serialize)]
struct Logs<'a> {
    logs: &'a [Value],
}

impl Requests {
    /// Tells of several kinds.
    pub(crate) fn sync_metrics(
        &self,
        base: &str,
        installation_type: &str,
        told: &SyncMetrics,
    ) -> Result<Request<Bytes>> {
        let kinds = told.kinds.iter();
        let kinds = kinds.map(|kind| self.kind(told.event, installation_type, kind));
        let body = ManyKinds {
            kinds: kinds.collect(),
        };
        self.ingest(Method::POST, &format!("{base}/syncMetrics"), &body)
    }

    /// Tells of one kind, in place of what was told of it before.
    pub(crate) fn kind_metrics(
        &self,
        base: &str,
        installation_type: &str,
        event: Uuid,
        kind: &KindMetrics,
    ) -> Result<Request<Bytes>> {
        let identifier = segment(&kind.identifier)?;
        let url = format!("{base}/syncMetrics/resync/{event}/kind/{identifier}");
        let body = OneKind {
            kind: self.kind(event, installation_type, kind),
        };
        self.ingest(Method::PUT, &url, &body)
    }

    /// Tells the user's own webhook of a kind. It gets the bare kind and no blueprint, as from the
    /// original.
    pub(crate) fn user_metrics(
        &self,
        webhook: &str,
        installation_type: &str,
        event: Uuid,
        kind: &KindMetrics,
    ) -> Result<Request<Bytes>> {
        let mut body = self.kind(event, installation_type, kind);
        body.blueprint = "";
        let mut request = self.ingest(Method::POST, webhook, &body)?;
        request.headers_mut().remove(USER_AGENT);
        Ok(request)
    }

    pub(crate) fn heartbeat(&self, base: &str, event: Uuid) -> Result<Request<Bytes>> {
        let body = Heartbeat { event_id: event };
        self.ingest(Method::POST, &format!("{base}/heartbeat"), &body)
    }

    pub(crate) fn logs(&self, url: &str, logs: &[Value]) -> Result<Request<Bytes>> {
        self.ingest(Method::POST, url, &Logs { logs })
    }

    fn kind<'a>(
        &'a self,
        event_id: Uuid,
        installation_type: &'a str,
        kind: &'a KindMetrics,
    ) -> Kind<'a> {
        Kind {
            integration_type: &self.integration_type,
            installation_type,
            execution_mode: EXECUTION_MODE,
            integration_identifier: &self.integration,
            integration_version: &self.integration_version,
            ocean_version: OCEAN_CORE_VERSION,
            kind_identifier: &kind.identifier,
            kind: &kind.kind,
            kind_index: kind.index,
            event_id,
            sync_state: kind.state,
            blueprint: &kind.blueprint,
            metrics: &kind.metrics,
        }
    }

    /// A request that is sent once: what it tells is soon told again, or not worth a delay.
    fn ingest(&self, method: Method, url: &str, body: &impl Serialize) -> Result<Request<Bytes>> {
        let body = serde_json::to_vec(body).map_err(Error::invalid_request)?;
        let request = Request::builder()
            .method(method)
            .uri(web_address(url)?)
            .header(USER_AGENT, &self.user_agent)
            .header(CONTENT_TYPE, "application/json");
        let mut request = request.body(body.into()).map_err(Error::invalid_request)?;
        request.extensions_mut().insert(Retry::Never);
        Ok(request)
    }
}

/// An absolute address of the web, in the form in which it is sent.
fn web_address(url: &str) -> Result<String> {
    let parsed = Url::parse(url).map_err(Error::invalid_request)?;
    if matches!(parsed.scheme(), "http" | "https") {
        Ok(parsed.into())
    } else {
        let reason = "it is not an http or https address".to_owned();
        Err(Error::InvalidRequest { reason })
    }
}
