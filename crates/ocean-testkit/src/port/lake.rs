//! What did integrations send that have their raw items processed at Port, and what does Port say
//! of their syncs? [`Lake`].

use std::collections::HashMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::error::ApiError;
use crate::message::{Request, Response};

/// One request with raw items, as it was sent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LakeWrite {
    /// The integration, from the address.
    pub integration: String,
    /// The sync that the items belong to, from the address.
    pub sync: String,
    /// The kind, from the address.
    pub kind: String,
    /// The body.
    pub body: Value,
}

impl LakeWrite {
    /// All items of the request with this operation, `upsert` or `delete`.
    pub fn items<'a>(&'a self, operation: &'a str) -> impl Iterator<Item = &'a Value> {
        let entries = self.body.get("data").and_then(Value::as_array);
        let entries = entries.into_iter().flatten();
        entries
            .filter(move |entry| {
                let told = entry.pointer("/metadata/operation");
                told.and_then(Value::as_str) == Some(operation)
            })
            .flat_map(|entry| entry["items"].as_array().into_iter().flatten())
    }
}

/// One call that told how a sync is doing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LifecycleCall {
    /// The sync.
    pub sync: String,
    /// Whether it is about one kind of the sync and not about all of it.
    pub of_kind: bool,
    /// The body.
    pub body: Value,
}

/// Everything that was sent, and what is answered.
#[derive(Debug, Default)]
pub(crate) struct Lake {
    pub(crate) writes: Vec<LakeWrite>,
    pub(crate) calls: Vec<LifecycleCall>,
    /// Whether raw items are refused, because another sync is said to have taken over.
    pub(crate) is_stale: bool,
    /// Whether each sync is said to be aborted.
    pub(crate) is_aborting: bool,
    statuses: HashMap<String, String>,
}

impl Lake {
    /// `POST .../lake/write/integration-type/{}/integration/{}/sync/{}/kind/{}`
    pub(crate) fn write(&mut self, request: &Request, path: &[&str]) -> Result<Response, ApiError> {
        let [
            "integration-type",
            _,
            "integration",
            integration @ ..,
            "sync",
            sync,
            "kind",
            kind,
        ] = path
        else {
            return Err(ApiError::not_found("this is no address of the lake"));
        };
        if self.is_stale {
            let refusal = json!({ "ok": false, "error": { "code": "resync_stale" } });
            return Ok(Response::json(&refusal).with_status(StatusCode::CONFLICT));
        }
        let body: Value = request.json()?;
        check(&body, kind)?;
        self.writes.push(LakeWrite {
            integration: integration.join("/"),
            sync: (*sync).to_owned(),
            kind: (*kind).to_owned(),
            body,
        });
        Ok(Response::json(&json!({ "ok": true })))
    }

    /// Everything below `/lifecycle`.
    pub(crate) fn lifecycle(
        &mut self,
        request: &Request,
        path: &[&str],
    ) -> Result<Response, ApiError> {
        match (request.method().as_str(), path) {
            ("POST", [sync]) => self.told(request, sync, false),
            ("POST", [sync, "kind"]) => self.told(request, sync, true),
            ("GET", [sync]) => self.status(sync),
            _ => Err(ApiError::not_found("this is no address of a sync")),
        }
    }

    fn told(&mut self, request: &Request, sync: &str, of_kind: bool) -> Result<Response, ApiError> {
        let body: Value = request.json()?;
        let status = body.get("status").and_then(Value::as_str);
        let status = status.ok_or_else(|| ApiError::invalid("status is required"))?;
        if of_kind && !self.statuses.contains_key(sync) {
            return Err(ApiError::conflict(format!("sync {sync} has not started")));
        }
        if !of_kind {
            self.statuses.insert(sync.to_owned(), status.to_owned());
        }
        self.calls.push(LifecycleCall {
            sync: sync.to_owned(),
            of_kind,
            body,
        });
        Ok(Response::json(&json!({ "ok": true })))
    }

    fn status(&self, sync: &str) -> Result<Response, ApiError> {
        let known = self.statuses.get(sync).map(String::as_str);
        let status = if self.is_aborting {
            Some("Aborted")
        } else {
            known
        };
        let unknown = || ApiError::not_found(format!("sync {sync} was not found"));
        let status = status.ok_or_else(unknown)?;
        Ok(Response::json(&json!({ "ok": true, "status": status })))
    }
}

/// What the original always sends.
fn check(body: &Value, kind: &str) -> Result<(), ApiError> {
    let entries = body["data"]
        .as_array()
        .filter(|entries| !entries.is_empty());
    let entries = entries.ok_or_else(|| ApiError::invalid("data must be a list of entries"))?;
    let is_entry = |entry: &Value| {
        let metadata = &entry["metadata"];
        let items = entry["items"].as_array();
        items.is_some_and(|items| items.iter().all(Value::is_object))
            && entry["request"].is_object()
            && entry["response"].is_object()
            && matches!(metadata["operation"].as_str(), Some("upsert" | "delete"))
            && metadata["extractionTimestamp"].is_u64()
            && metadata["resourceIndex"].is_u64()
            && metadata.get("selectorHash").is_some()
    };
    if !entries.iter().all(is_entry) {
        return Err(ApiError::invalid("an entry lacks something"));
    }
    let is_whole = body["kind"] == kind
        && matches!(body["eventType"].as_str(), Some("resync" | "live-event"))
        && body["extractionTimestamp"].is_u64()
        && body["eventId"].is_string();
    if is_whole {
        Ok(())
    } else {
        Err(ApiError::invalid("the request lacks something"))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    const WRITE: &str = "/lake/write/integration-type/jira/integration/x/sync/s/kind/issue";

    fn body() -> Value {
        json!({
            "kind": "issue", "eventType": "resync", "extractionTimestamp": 1, "eventId": "e",
            "data": [{
                "request": {}, "response": {}, "items": [{ "key": "A-1" }],
                "metadata": {
                    "operation": "upsert", "extractionTimestamp": 1, "resourceIndex": 0,
                    "selectorHash": null,
                },
            }],
        })
    }

    fn write(lake: &mut Lake, body: &Value) -> StatusCode {
        let request = Request::local(Method::POST, WRITE.parse().unwrap(), body.to_string());
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
        let answer = lake.write(&request, &path);
        answer.unwrap_or_else(Response::from).status_code()
    }

    fn call(lake: &mut Lake, method: Method, path: &'static str, body: Value) -> StatusCode {
        let request = Request::local(method, path.parse().unwrap(), body.to_string());
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = lake.lifecycle(&request, &path);
        answer.unwrap_or_else(Response::from).status_code()
    }

    #[test]
    fn raw_items_are_kept_as_they_were_sent() {
        let mut lake = Lake::default();
        assert_eq!(write(&mut lake, &body()), 200);
        let kept = &lake.writes[0];
        assert_eq!(
            (&*kept.integration, &*kept.sync, &*kept.kind),
            ("x", "s", "issue")
        );
        let items: Vec<_> = kept.items("upsert").collect();
        assert_eq!(items, [&json!({ "key": "A-1" })]);
        assert_eq!(kept.items("delete").count(), 0);
    }

    #[test]
    fn what_the_original_would_not_send_is_refused() {
        let mut wrong_kind = body();
        wrong_kind["kind"] = "project".into();
        let mut no_entries = body();
        no_entries["data"] = json!([]);
        let mut no_hash = body();
        let metadata = no_hash["data"][0]["metadata"].as_object_mut().unwrap();
        metadata.remove("selectorHash");
        for refused in [wrong_kind, no_entries, no_hash, json!({})] {
            assert_eq!(write(&mut Lake::default(), &refused), 422, "{refused}");
        }
    }

    #[test]
    fn a_sync_that_was_taken_over_is_told_so() {
        let mut lake = Lake {
            is_stale: true,
            ..Lake::default()
        };
        assert_eq!(write(&mut lake, &body()), 409);
        assert!(lake.writes.is_empty());
    }

    #[test]
    fn a_kind_belongs_to_a_sync_that_has_started() {
        let mut lake = Lake::default();
        let started = || json!({ "status": "started" });
        assert_eq!(call(&mut lake, Method::POST, "/s/kind", started()), 409);
        assert_eq!(call(&mut lake, Method::GET, "/s", Value::Null), 404);
        assert_eq!(call(&mut lake, Method::POST, "/s", started()), 200);
        assert_eq!(call(&mut lake, Method::POST, "/s/kind", started()), 200);
        assert_eq!(call(&mut lake, Method::GET, "/s", Value::Null), 200);
        assert_eq!(lake.calls.len(), 2);
    }
}
