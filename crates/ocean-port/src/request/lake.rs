//! Raw items for whoever makes entities of them at Port; contract `port-api.md` 10.2.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use ocean_core::{RawEntry, RawItem, RawOperation, RawOrigin, RawWrite};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Caller, Requests, idempotent, segment};
use crate::error::{Error, Result};
use crate::timestamp::timestamp;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    kind: &'a str,
    event_type: &'static str,
    extraction_timestamp: i64,
    data: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resync_start_time: Option<String>,
    event_id: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    request: Nothing,
    response: Nothing,
    items: &'a [RawItem],
    metadata: Metadata,
    /// Among the keys of an entry this one is not in camel case.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_data: Option<&'a BTreeMap<String, Option<String>>>,
}

/// What the original leaves room for and never fills.
#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    operation: &'static str,
    extraction_timestamp: i64,
    resource_index: usize,
    selector_hash: Option<String>,
}

impl Requests {
    /// Brings raw items to the address that Port gave for them.
    pub(crate) fn lake_write(&self, ingest: &str, write: &RawWrite) -> Result<Request<Bytes>> {
        let url = format!(
            "{}/lake/write/integration-type/{}/integration/{}/sync/{}/kind/{}",
            ingest.trim_end_matches('/'),
            segment(&self.integration_type)?,
            segment(&self.integration)?,
            write.sync,
            segment(&write.kind)?,
        );
        let entries = write.entries.iter().map(entry);
        let began = match write.origin {
            RawOrigin::Resync(at) | RawOrigin::LiveEvent(at) => Some(timestamp(at)?),
            _ => None,
        };
        let body = Body {
            kind: &write.kind,
            event_type: match write.origin {
                RawOrigin::LiveEvent(_) => "live-event",
                _ => "resync",
            },
            extraction_timestamp: millis(SystemTime::now())?,
            data: entries.collect::<Result<_>>()?,
            resync_start_time: began,
            event_id: write.event.to_string(),
        };
        let body = serde_json::to_vec(&body).map_err(Error::invalid_request)?;
        let caller = Caller::Integration;
        let request = self.build_at(Method::POST, &url, caller, body.into())?;
        Ok(idempotent(request))
    }
}

fn entry(entry: &RawEntry) -> Result<Entry<'_>> {
    Ok(Entry {
        request: Nothing {},
        response: Nothing {},
        items: &entry.items,
        metadata: Metadata {
            operation: match entry.operation {
                RawOperation::Delete => "delete",
                _ => "upsert",
            },
            extraction_timestamp: millis(entry.read_at)?,
            resource_index: entry.resource_index,
            selector_hash: selector_hash(&entry.query),
        },
        environment_data: entry.environment.as_ref(),
    })
}

/// What tells selectors apart: of the query alone, as core 0.48.12 does.
fn selector_hash(query: &str) -> Option<String> {
    let query = Some(query.trim()).filter(|query| !query.is_empty())?;
    let hash = Sha256::digest(query);
    Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn millis(time: SystemTime) -> Result<i64> {
    let time = Timestamp::try_from(time).map_err(Error::invalid_request)?;
    Ok(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::selector_hash;

    #[test]
    fn the_hash_is_that_of_the_recorded_query() {
        let recorded = "b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b";
        for query in ["true", " true\n"] {
            assert_eq!(selector_hash(query).as_deref(), Some(recorded));
        }
        assert_eq!(selector_hash("  "), None);
    }
}
