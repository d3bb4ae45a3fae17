//! How a sync is doing whose raw items are processed at Port; contract `port-api.md` 10.3.

use bytes::Bytes;
use http::{Method, Request};
use ocean_core::{AppConfig, SyncStage};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Caller, OCEAN_CORE_VERSION, Requests, idempotent};
use crate::error::{Error, Result};
use crate::timestamp::timestamp;

/// What is told; only what belongs to a stage is sent.
#[derive(Default, Serialize)]
struct Body<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocean_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind_identifiers: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind_identifier: Option<&'a str>,
}

impl Requests {
    /// Asks how Port sees a sync.
    pub(crate) fn lifecycle(&self, sync: Uuid) -> Result<Request<Bytes>> {
        self.get(&format!("/lifecycle/{sync}"))
    }

    /// Tells how a sync is doing.
    pub(crate) fn tell_lifecycle(
        &self,
        sync: Uuid,
        stage: &SyncStage<'_>,
    ) -> Result<Request<Bytes>> {
        let body = self.body(stage)?;
        let path = match body.kind_identifier {
            Some(_) => format!("/lifecycle/{sync}/kind"),
            None => format!("/lifecycle/{sync}"),
        };
        let caller = Caller::Integration;
        Ok(idempotent(self.json(Method::POST, &path, caller, &body)?))
    }

    fn body<'a>(&'a self, stage: &'a SyncStage<'_>) -> Result<Body<'a>> {
        let status = |status| Body {
            status,
            ..Body::default()
        };
        let versions = |word| Body {
            integration_version: Some(&self.integration_version),
            ocean_version: Some(OCEAN_CORE_VERSION),
            ..status(word)
        };
        let whole = |word| Body {
            integration_id: Some(&self.integration),
            integration_type: Some(&self.integration_type),
            ..versions(word)
        };
        Ok(match stage {
            SyncStage::ResyncStarted { at, config } => Body {
                sync_type: Some("full_sync"),
                started_at: Some(timestamp(*at)?),
                mapping: Some(mapping(config)),
                ..whole("started")
            },
            SyncStage::IncrementalStarted { at, kinds } => Body {
                sync_type: Some("incremental_resync"),
                started_at: Some(timestamp(*at)?),
                kind_identifiers: Some(kinds),
                ..whole("started")
            },
            SyncStage::Finished => whole("finished"),
            SyncStage::Failed => status("failed"),
            SyncStage::Aborted => status("aborted"),
            SyncStage::KindStarted { at, kind } => Body {
                started_at: Some(timestamp(*at)?),
                kind_identifier: Some(*kind),
                ..whole("started")
            },
            SyncStage::KindFinished(kind) => Body {
                integration_type: Some(&self.integration_type),
                kind_identifier: Some(*kind),
                ..versions("finished")
            },
            SyncStage::KindFailed(kind) => Body {
                kind_identifier: Some(*kind),
                ..versions("failed")
            },
            other => {
                let problem = format!("{other:?} has no words at port");
                return Err(Error::invalid_request(problem));
            }
        })
    }
}

/// The mapping as it is sent to Port, but each entity's mapping in a list.
fn mapping(config: &AppConfig) -> Value {
    let mut mapping = config.to_value();
    let resources = mapping.get_mut("resources").and_then(Value::as_array_mut);
    for resource in resources.into_iter().flatten() {
        if let Some(mappings) = resource.pointer_mut("/port/entity/mappings") {
            *mappings = Value::Array(vec![mappings.take()]);
        }
    }
    mapping
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mappings_of_entities_are_in_lists() {
        let document = json!({"resources": [{
            "kind": "issue", "selector": {"query": "true"},
            "port": {"entity": {"mappings": {"identifier": ".key", "blueprint": "\"b\""}}},
        }]});
        let parsed = AppConfig::from_value(&document).unwrap();
        let mappings = &mapping(&parsed.config)["resources"][0]["port"]["entity"]["mappings"];
        assert_eq!(
            mappings,
            &json!([{"identifier": ".key", "blueprint": "\"b\""}])
        );
    }
}
