//! What Port answers, as far as it is used.
//!
//! These types stay in this crate: the engine sees the ones of `ocean-core`. A field that may be
//! missing is optional here and is judged where it is used; one that must not be missing is
//! required, so that a wrong answer is an error and never an empty one.

use std::collections::BTreeMap;

use ocean_core::{Blueprint, EntityRef};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessToken {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
    pub(crate) token_type: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BulkAnswer {
    #[serde(default)]
    pub(crate) entities: Vec<BulkStored>,
    #[serde(default)]
    pub(crate) errors: Vec<BulkError>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BulkStored {
    pub(crate) index: usize,
    pub(crate) identifier: Option<Value>,
    #[serde(default)]
    pub(crate) created: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkError {
    pub(crate) index: usize,
    pub(crate) identifier: Option<Value>,
    pub(crate) status_code: Option<u16>,
    pub(crate) error: Option<Value>,
    pub(crate) message: Option<Value>,
}

impl BulkError {
    /// What Port says, in one line.
    pub(crate) fn reason(&self) -> String {
        let parts = [&self.error, &self.message];
        let texts = parts.into_iter().flatten().map(|part| match part {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let mut reason = texts.collect::<Vec<_>>().join(": ");
        if reason.is_empty() {
            "port gave no reason".clone_into(&mut reason);
        }
        reason
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteAnswer {
    #[serde(default)]
    pub(crate) deleted_entities: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OwnedPage {
    pub(crate) entities: Vec<EntityRef>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct IntegrationAnswer {
    pub(crate) integration: IntegrationRecord,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IntegrationRecord {
    pub(crate) config: Value,
    pub(crate) installation_type: Option<String>,
    pub(crate) installation_app_type: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) changelog_destination: Option<Value>,
    pub(crate) actions_processing_enabled: Option<bool>,
    pub(crate) incremental_sync_enabled: Option<bool>,
    pub(crate) processing_mode: Option<String>,
    pub(crate) create_port_resources_origin: Option<String>,
    pub(crate) are_port_resources_initialized: Option<bool>,
    pub(crate) resync_state: Option<ResyncStateRecord>,
    pub(crate) log_attributes: Option<IngestRecord>,
    pub(crate) metric_attributes: Option<IngestRecord>,
    pub(crate) ingest_attributes: Option<IngestRecord>,
    pub(crate) spec: Value,
    pub(crate) status_info: Option<StatusRecord>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ResyncStateRecord {
    pub(crate) last_resync_start: Option<String>,
}

/// Where Port takes something that does not go to its own address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IngestRecord {
    pub(crate) ingest_url: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StatusRecord {
    pub(crate) updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LifecycleAnswer {
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CursorAnswer {
    #[serde(default)]
    pub(crate) cursor: Option<CursorRecord>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CursorRecord {
    pub(crate) primary: Option<String>,
}

impl IntegrationRecord {
    /// The mapping, unless there is none: Port stores that as null or as an empty object.
    pub(crate) fn mapping(&self) -> Option<&Value> {
        match &self.config {
            Value::Null => None,
            Value::Object(config) if config.is_empty() => None,
            config => Some(config),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ProvisionEnabledAnswer {
    #[serde(default)]
    pub(crate) integrations: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResyncRequestAnswer {
    pub(crate) request: Option<ResyncRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResyncRequest {
    pub(crate) updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OrganizationAnswer {
    pub(crate) organization: Organization,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    #[serde(default)]
    pub(crate) feature_flags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlueprintAnswer<T = BlueprintRecord> {
    pub(crate) blueprint: T,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlueprintRecord {
    identifier: String,
    schema: Option<Schema>,
    relations: Option<BTreeMap<String, RelationRecord>>,
}

#[derive(Debug, Deserialize)]
struct Schema {
    required: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct RelationRecord {
    target: String,
    many: Option<bool>,
    required: Option<bool>,
}

impl From<BlueprintRecord> for Blueprint {
    fn from(record: BlueprintRecord) -> Self {
        let mut blueprint = Self::new(record.identifier);
        blueprint.required_properties = record.schema.and_then(|s| s.required).unwrap_or_default();
        for (name, relation) in record.relations.unwrap_or_default() {
            let many = relation.many.unwrap_or_default();
            blueprint = blueprint.relation(name, relation.target, many);
            if let Some(last) = blueprint.relations.last_mut() {
                last.required = relation.required.unwrap_or_default();
            }
        }
        blueprint
    }
}
