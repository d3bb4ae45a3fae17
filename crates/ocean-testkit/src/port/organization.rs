//! What does Port say of the organization, and which integrations does it provision itself?

use serde_json::json;

use crate::message::Response;

/// The organization that the client credentials belong to.
#[derive(Debug, Default)]
pub(crate) struct Organization {
    pub(crate) feature_flags: Vec<String>,
    pub(crate) provision_enabled: Vec<String>,
}

impl Organization {
    /// `GET /organization`
    pub(crate) fn get(&self) -> Response {
        Response::json(&json!({
            "ok": true,
            "organization": {
                "id": "org_twin",
                "name": "Twin",
                "isBlocked": false,
                "featureFlags": self.feature_flags,
            },
        }))
    }

    /// `GET /integration/provision-enabled`
    pub(crate) fn provision_enabled(&self) -> Response {
        Response::json(&json!({ "ok": true, "integrations": self.provision_enabled }))
    }
}

/// `GET /kafka-credentials`
pub(crate) fn kafka_credentials() -> Response {
    let credentials = json!({ "username": "twin", "password": "twin" });
    Response::json(&json!({ "ok": true, "credentials": credentials }))
}

/// `GET /migrations/{migration}`: all that this server starts is done at once.
pub(crate) fn migration(identifier: &str) -> Response {
    let migration = json!({ "id": identifier, "status": "COMPLETE" });
    Response::json(&json!({ "ok": true, "migration": migration }))
}
