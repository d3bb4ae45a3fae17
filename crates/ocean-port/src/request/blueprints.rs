//! Reading, making and removing blueprints; contract `port-api.md` 6.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;

use super::{Caller, Requests, idempotent, segment};
use crate::error::Result;

impl Requests {
    pub(crate) fn blueprint(&self, identifier: &str) -> Result<Request<Bytes>> {
        self.get(&path(identifier)?)
    }

    pub(crate) fn create_blueprint(&self, blueprint: &Value) -> Result<Request<Bytes>> {
        self.json(Method::POST, "/blueprints", Caller::Exporter, blueprint)
    }

    pub(crate) fn patch_blueprint(
        &self,
        identifier: &str,
        blueprint: &Value,
    ) -> Result<Request<Bytes>> {
        let path = path(identifier)?;
        Ok(idempotent(self.json(
            Method::PATCH,
            &path,
            Caller::Exporter,
            blueprint,
        )?))
    }

    pub(crate) fn delete_blueprint(&self, identifier: &str) -> Result<Request<Bytes>> {
        let path = path(identifier)?;
        self.build(Method::DELETE, &path, Caller::Exporter, Bytes::new())
    }
}

fn path(identifier: &str) -> Result<String> {
    Ok(format!("/blueprints/{}", segment(identifier)?))
}
