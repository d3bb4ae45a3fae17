//! From when on an incremental sync reads a resource; contract `port-api.md` 3.9.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use serde::Serialize;

use super::{Caller, Requests, idempotent, query};
use crate::error::Result;
use crate::timestamp::timestamp;

#[derive(Serialize)]
struct Cursor {
    primary: String,
}

impl Requests {
    /// Asks for the cursor of a resource.
    pub(crate) fn cursor(&self, kind: &str, index: usize) -> Result<Request<Bytes>> {
        self.get(&self.cursor_path(kind, index)?)
    }

    /// Moves a cursor that exists, with `PUT`, or makes one, with `POST`.
    pub(crate) fn set_cursor(
        &self,
        method: Method,
        kind: &str,
        index: usize,
        cursor: SystemTime,
    ) -> Result<Request<Bytes>> {
        let path = self.cursor_path(kind, index)?;
        let primary = timestamp(cursor)?;
        let body = Cursor { primary };
        let request = self.json(method, &path, Caller::Integration, &body)?;
        Ok(idempotent(request))
    }

    fn cursor_path(&self, kind: &str, index: usize) -> Result<String> {
        let index = index.to_string();
        let query = query([("kind", kind), ("index", &index)]);
        self.of_integration(&format!("/cursor?{query}"))
    }
}
