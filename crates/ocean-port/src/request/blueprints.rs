//! Reading, making and removing blueprints, and making what goes with them; contract
//! `port-api.md` 6.

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

impl Requests {
    pub(crate) fn create_action(&self, action: &Value) -> Result<Request<Bytes>> {
        self.create("/actions", action)
    }

    pub(crate) fn create_scorecard(
        &self,
        blueprint: &str,
        scorecard: &Value,
    ) -> Result<Request<Bytes>> {
        self.create(&format!("{}/scorecards", path(blueprint)?), scorecard)
    }

    pub(crate) fn create_page(&self, page: &Value) -> Result<Request<Bytes>> {
        self.create("/pages", page)
    }

    /// Made twice, the second one is refused as taken, which is as good as made.
    fn create(&self, path: &str, document: &Value) -> Result<Request<Bytes>> {
        let request = self.json(Method::POST, path, Caller::Integration, document)?;
        Ok(idempotent(request))
    }
}

fn path(identifier: &str) -> Result<String> {
    Ok(format!("/blueprints/{}", segment(identifier)?))
}
