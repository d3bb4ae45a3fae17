//! The integration resource: its mapping, its state, its examples; contract `port-api.md` 3
//! and 7.

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use ocean_core::http::Retry;
use ocean_core::{ResyncState, ResyncStatus};
use serde::Serialize;
use serde_json::Value;

use super::{Caller, OCEAN_CORE_VERSION, Requests, idempotent, segment};
use crate::error::Result;
use crate::timestamp::timestamp;

/// What registers an integration that Port does not know yet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewIntegration<'a> {
    pub(crate) installation_id: &'a str,
    pub(crate) installation_app_type: &'a str,
    pub(crate) version: &'a str,
    pub(crate) changelog_destination: &'a Value,
    pub(crate) config: &'a Value,
    pub(crate) actions_processing_enabled: bool,
    pub(crate) incremental_sync_enabled: bool,
    pub(crate) create_port_resources_origin: &'a str,
}

/// What changes of a registered integration; only what is set is sent, and always the version.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationChange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) installation_app_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) are_port_resources_initialized: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions_processing_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incremental_sync_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changelog_destination: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processing_mode: Option<&'a str>,
}

#[derive(Serialize)]
struct VersionedChange<'a> {
    #[serde(flatten)]
    change: &'a IntegrationChange<'a>,
    version: &'a str,
}

#[derive(Serialize)]
struct Config<'a> {
    config: &'a Value,
}

#[derive(Serialize)]
struct Examples<'a> {
    examples: &'a [Value],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    status: &'static str,
    last_resync_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_resync_start: Option<String>,
    next_resync: Option<String>,
    /// Port spells it so.
    interval_in_minuets: Option<u64>,
}

impl Requests {
    pub(crate) fn integration(&self) -> Result<Request<Bytes>> {
        let query = format!("?oceanCoreVersion={OCEAN_CORE_VERSION}&isPolling=false");
        self.get(&self.of_integration(&query)?)
    }

    /// Registers the integration; Port makes its resources if asked to.
    pub(crate) fn create_integration(
        &self,
        new: &NewIntegration<'_>,
        port_makes_resources: bool,
    ) -> Result<Request<Bytes>> {
        let path = if port_makes_resources {
            "/integration?integration_modes=create_resources"
        } else {
            "/integration"
        };
        let request = self.json(Method::POST, path, Caller::Integration, new)?;
        // Port registers an identifier once, and refuses it from then on.
        Ok(idempotent(request))
    }

    pub(crate) fn patch_integration(
        &self,
        change: &IntegrationChange<'_>,
    ) -> Result<Request<Bytes>> {
        let body = VersionedChange {
            change,
            version: &self.integration_version,
        };
        let path = self.of_integration("")?;
        Ok(idempotent(self.json(
            Method::PATCH,
            &path,
            Caller::Integration,
            &body,
        )?))
    }

    /// Replaces the mapping; Port starts a resync of its own unless `skip_resync`.
    pub(crate) fn patch_mapping(
        &self,
        mapping: &Value,
        skip_resync: bool,
    ) -> Result<Request<Bytes>> {
        let path = self.of_integration("/config")?;
        let body = Config { config: mapping };
        let mut request = self.json(Method::PATCH, &path, Caller::Integration, &body)?;
        if skip_resync {
            let value = HeaderValue::from_static("true");
            request.headers_mut().insert("x-skip-resync", value);
        }
        Ok(idempotent(request))
    }

    /// Tells what a resync does; contract `resync.md` 1.2.
    pub(crate) fn patch_resync_state(&self, state: &ResyncState) -> Result<Request<Bytes>> {
        let at = timestamp(state.at)?;
        let (last_resync_end, last_resync_start) = match state.status {
            ResyncStatus::Running => (None, Some(at)),
            _ => (Some(at), None),
        };
        let body = State {
            status: state.status.as_str(),
            last_resync_end,
            last_resync_start,
            next_resync: state.next.map(timestamp).transpose()?,
            interval_in_minuets: state.interval_minutes,
        };
        let path = self.of_integration("/resync-state")?;
        Ok(idempotent(self.json(
            Method::PATCH,
            &path,
            Caller::Integration,
            &body,
        )?))
    }

    pub(crate) fn resync_request(&self) -> Result<Request<Bytes>> {
        self.get(&self.of_integration("/resync-request")?)
    }

    pub(crate) fn kind_examples(&self, kind: &str, examples: &[Value]) -> Result<Request<Bytes>> {
        let path = self.of_integration(&format!("/kinds/{}/examples", segment(kind)?))?;
        let body = Examples { examples };
        let mut request = self.json(Method::POST, &path, Caller::Integration, &body)?;
        // Examples are a courtesy and must not hold up the resync that sends them.
        request.extensions_mut().insert(Retry::Never);
        Ok(request)
    }

    pub(super) fn of_integration(&self, rest: &str) -> Result<String> {
        Ok(format!(
            "/integration/{}{rest}",
            segment(&self.integration)?
        ))
    }
}
