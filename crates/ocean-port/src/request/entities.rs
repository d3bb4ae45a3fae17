//! Writing, deleting and listing entities; contract `port-api.md` 5.2, 5.5 and 5.8.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use ocean_core::{WriteContext, WriteEvent};
use serde::Serialize;

use super::{Caller, Requests, flag, idempotent, query, segment};
use crate::error::Result;
use crate::timestamp::timestamp;

/// How many entities one page of the listing has.
const LISTING_LIMIT: usize = 5000;

#[derive(Serialize)]
struct Listing<'a> {
    datasource_prefix: &'a str,
    datasource_suffix: &'a str,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

#[derive(Serialize)]
struct Deletion<'a> {
    entities: &'a [&'a str],
}

impl Requests {
    /// Writes entities of one blueprint; `body` is what
    /// [`Serialized::body`](crate::batching::Serialized::body) made.
    pub(crate) fn bulk_upsert(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>> {
        let pairs = [
            ("upsert", "true"),
            ("merge", flag(cx.merge)),
            (
                "create_missing_related_entities",
                flag(cx.create_missing_related),
            ),
            ("validation_only", "false"),
        ];
        let path = format!(
            "/blueprints/{}/entities/bulk?{}",
            segment(blueprint)?,
            with_event(&pairs, cx.event)
        );
        Ok(idempotent(self.build(
            Method::POST,
            &path,
            Caller::Exporter,
            body,
        )?))
    }

    pub(crate) fn bulk_delete(
        &self,
        cx: &WriteContext,
        blueprint: &str,
        identifiers: &[&str],
    ) -> Result<Request<Bytes>> {
        let pairs = [("delete_dependents", flag(cx.delete_dependents))];
        let path = format!(
            "/blueprints/{}/bulk/entities/delete?{}",
            segment(blueprint)?,
            with_event(&pairs, cx.event)
        );
        let body = Deletion {
            entities: identifiers,
        };
        Ok(idempotent(self.json(
            Method::POST,
            &path,
            Caller::Exporter,
            &body,
        )?))
    }

    /// One page of the keys of everything this integration owns.
    pub(crate) fn owned_entities(
        &self,
        before: Option<SystemTime>,
        from: Option<&str>,
    ) -> Result<Request<Bytes>> {
        let body = Listing {
            datasource_prefix: &self.ownership.prefix,
            datasource_suffix: &self.ownership.suffix,
            limit: LISTING_LIMIT,
            before: before.map(timestamp).transpose()?,
            from,
        };
        let path = "/blueprints/entities/datasource-entities";
        Ok(idempotent(self.json(
            Method::POST,
            path,
            Caller::Exporter,
            &body,
        )?))
    }
}

/// The query of a write, followed by the event it belongs to; contract 1.2.
fn with_event(pairs: &[(&str, &str)], event: WriteEvent) -> String {
    let resync = match event {
        WriteEvent::Resync { id } => Some(id.to_string()),
        _ => None,
    };
    let name = match event {
        WriteEvent::Resync { .. } => "resync",
        WriteEvent::IncrementalResync => "incremental_resync",
        WriteEvent::Start => "start",
        // Live events, and what later versions of the engine may add, which comes from outside too.
        _ => "http_request",
    };
    let resync = resync.as_deref().map(|id| ("ocean_info_resync_id", id));
    let event = [("ocean_info_event_type", name)];
    query(pairs.iter().copied().chain(event).chain(resync))
}
