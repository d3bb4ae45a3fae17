//! The token, the organisation and what it allows; contract `port-api.md` 2, 3.7 and 4.

use bytes::Bytes;
use http::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{Caller, Requests, idempotent};
use crate::error::Result;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

impl Requests {
    pub(crate) fn access_token(&self, id: &str, secret: &SecretString) -> Result<Request<Bytes>> {
        let body = Credentials {
            client_id: id,
            client_secret: secret.expose_secret(),
        };
        let path = "/auth/access_token";
        Ok(idempotent(self.json(
            Method::POST,
            path,
            Caller::Integration,
            &body,
        )?))
    }

    pub(crate) fn organization(&self) -> Result<Request<Bytes>> {
        self.get("/organization")
    }

    /// The integration types for which Port makes the defaults itself.
    pub(crate) fn provision_enabled(&self) -> Result<Request<Bytes>> {
        self.get("/integration/provision-enabled")
    }
}
