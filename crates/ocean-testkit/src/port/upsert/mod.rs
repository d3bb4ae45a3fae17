//! How does an entity get into the catalog? Single and bulk upsert.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::catalog::{Catalog, Writer};
use super::entity::{self, Content, Fields, Incoming, Related, Relations, is_null};
use super::error::ApiError;
use super::relations::Resolved;
use super::schema::kind_of;
use super::search::Query;
use crate::message::{Request, Response};

/// Longer identifiers are refused. Assumed; see `docs/port-semantics.md`.
const MAX_IDENTIFIER_CHARS: usize = 512;

/// What a caller that cannot be identified is called in a bulk's errors.
const UNKNOWN: &str = "unknown";

/// The query of an upsert.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    upsert: bool,
    merge: bool,
    create_missing: bool,
    validation_only: bool,
}

impl Options {
    pub(crate) fn of(request: &Request) -> Self {
        let flag = |name: &str| request.query_value(name).as_deref() == Some("true");
        Self {
            upsert: flag("upsert"),
            merge: flag("merge"),
            create_missing: flag("create_missing_related_entities"),
            validation_only: flag("validation_only"),
        }
    }
}

/// How large a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) entities: usize,
    pub(crate) bytes: usize,
}

impl Default for Limits {
    /// The sizes that the original never exceeds.
    fn default() -> Self {
        Self {
            entities: 20,
            bytes: 1 << 20,
        }
    }
}

impl Limits {
    pub(crate) fn check_bytes(self, request: &Request) -> Result<(), ApiError> {
        if request.body().len() > self.bytes {
            return Err(ApiError::too_large(format!(
                "the body exceeds {} bytes",
                self.bytes
            )));
        }
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
struct Bulk<'a> {
    #[serde(borrow)]
    entities: Vec<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct BulkAnswer {
    ok: bool,
    entities: Vec<Accepted>,
    errors: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Accepted {
    identifier: String,
    index: usize,
    created: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    identifier: String,
    index: usize,
    status_code: u16,
    error: &'static str,
    message: String,
}

/// Why one entity was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    identifier: String,
    error: ApiError,
}

/// `POST /blueprints/{blueprint}/entities/bulk`
pub(crate) fn bulk(
    catalog: &mut Catalog,
    blueprint: &str,
    request: &Request,
    limits: Limits,
    writer: &Writer,
) -> Result<Response, ApiError> {
    limits.check_bytes(request)?;
    let bulk: Bulk<'_> = serde_json::from_slice(request.body())?;
    if bulk.entities.len() > limits.entities {
        let message = format!("a bulk holds at most {} entities", limits.entities);
        return Err(ApiError::too_large(message));
    }
    catalog.blueprint(blueprint)?;
    let options = Options::of(request);
    let mut answer = BulkAnswer {
        ok: true,
        entities: Vec::new(),
        errors: Vec::new(),
    };
    for (index, raw) in bulk.entities.into_iter().enumerate() {
        match upsert(catalog, blueprint, raw, options, writer) {
            Ok((identifier, created)) => {
                answer.entities.push(Accepted {
                    identifier,
                    index,
                    created,
                });
            }
            Err(Refusal { identifier, error }) => {
                let (status_code, message) = (error.status.as_u16(), error.message);
                let error = error.code;
                let rejected = Rejected {
                    identifier,
                    index,
                    status_code,
                    error,
                    message,
                };
                answer.errors.push(rejected);
            }
        }
    }
    catalog.writes.rejected += answer.errors.len() as u64;
    let mixed = !answer.errors.is_empty();
    let status = if mixed {
        StatusCode::MULTI_STATUS
    } else {
        StatusCode::OK
    };
    Ok(Response::json(&answer).with_status(status))
}

/// `POST /blueprints/{blueprint}/entities`
pub(crate) fn single(
    catalog: &mut Catalog,
    blueprint: &str,
    request: &Request,
    limits: Limits,
    writer: &Writer,
) -> Result<Response, ApiError> {
    limits.check_bytes(request)?;
    catalog.blueprint(blueprint)?;
    let raw: &RawValue = serde_json::from_slice(request.body())?;
    let options = Options::of(request);
    let (identifier, created) = upsert(catalog, blueprint, raw, options, writer)
        .map_err(|refusal| refusal.error)
        .inspect_err(|_| catalog.writes.rejected += 1)?;
    let mut body = br#"{"ok":true,"entity":"#.to_vec();
    match catalog.entity(blueprint, &identifier) {
        Some(kept) => {
            entity::write(
                &mut body,
                blueprint,
                &identifier,
                kept,
                &entity::Include::ALL,
            );
        }
        None => body.extend_from_slice(raw.get().as_bytes()),
    }
    body.push(b'}');
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(Response::json_bytes(body).with_status(status))
}

/// Takes one entity into the catalog: wholly, or not at all.
pub(crate) fn upsert(
    catalog: &mut Catalog,
    blueprint: &str,
    raw: &RawValue,
    options: Options,
    writer: &Writer,
) -> Result<(String, bool), Refusal> {
    let unknown = |error| Refusal {
        identifier: UNKNOWN.to_owned(),
        error,
    };
    let incoming: Incoming<'_> =
        serde_json::from_str(raw.get()).map_err(|error| unknown(error.into()))?;
    let identifier = identify(catalog, blueprint, incoming.identifier).map_err(unknown)?;
    match take(catalog, blueprint, &identifier, &incoming, options, writer) {
        Ok(created) => Ok((identifier, created)),
        Err(error) => Err(Refusal { identifier, error }),
    }
}

/// The identifier of an entity, looked up when a search is sent instead.
fn identify(
    catalog: &Catalog,
    blueprint: &str,
    sent: Option<&RawValue>,
) -> Result<String, ApiError> {
    match sent.map(RawValue::get).map(|text| (kind_of(text), text)) {
        Some(("string", text)) => Ok(serde_json::from_str(text)?),
        Some(("object", text)) => {
            let query: Query = serde_json::from_str::<Value>(text)?.try_into()?;
            let found = query.find_in(catalog, blueprint).into_iter().next();
            found.ok_or_else(|| ApiError::not_found("no entity matches the search identifier"))
        }
        _ => Err(ApiError::invalid("identifier must be a string")),
    }
}

fn take(
    catalog: &mut Catalog,
    blueprint: &str,
    identifier: &str,
    incoming: &Incoming<'_>,
    options: Options,
    writer: &Writer,
) -> Result<bool, ApiError> {
    check_identifier(identifier)?;
    let old = catalog
        .entity(blueprint, identifier)
        .map(|entity| entity.content.clone());
    if old.is_some() && !options.upsert {
        return Err(ApiError::conflict(format!(
            "entity \"{identifier}\" exists already"
        )));
    }
    let exists = old.is_some();
    let base = old.filter(|_| options.merge).unwrap_or_default();
    let resolved = super::relations::resolve(catalog, blueprint, incoming, options.create_missing)?;
    let content = combine(catalog, blueprint, incoming, &base, &resolved)?;
    if options.validation_only {
        return Ok(!exists);
    }
    for (target, missing) in &resolved.stubs {
        // An entity may relate to itself; it is about to be stored.
        if (target.as_str(), missing.as_str()) != (blueprint, identifier) {
            catalog.store_stub(target, missing, writer);
        }
    }
    catalog.store(blueprint, identifier, content, writer)
}

fn check_identifier(identifier: &str) -> Result<(), ApiError> {
    if identifier.is_empty() || identifier.chars().count() > MAX_IDENTIFIER_CHARS {
        let message = format!("identifier must have 1 to {MAX_IDENTIFIER_CHARS} characters");
        return Err(ApiError::invalid(message));
    }
    if identifier.chars().any(char::is_control) {
        return Err(ApiError::invalid(
            "identifier must not contain control characters",
        ));
    }
    Ok(())
}

/// What will be kept: the base with all that was sent laid over it.
fn combine(
    catalog: &Catalog,
    blueprint: &str,
    incoming: &Incoming<'_>,
    base: &Content,
    resolved: &Resolved,
) -> Result<Content, ApiError> {
    let schema = &catalog.blueprint(blueprint)?.schema;
    let mut properties = entity::fields(&base.properties);
    if let Some(sent) = &incoming.properties {
        schema.check(sent, catalog.semantics.strict_properties)?;
        overlay(&mut properties, sent);
    }
    schema.check_required(&properties)?;
    let mut relations = base.relations();
    overlay_relations(&mut relations, &resolved.relations);
    schema.check_required_relations(&relations)?;
    let team = match &resolved.team {
        Some(team) => Some(entity::text(team)),
        None => text_or_base(incoming.team, &base.team, &["string", "array"], "team")?,
    };
    Ok(Content {
        title: text_or_base(incoming.title, &base.title, &["string"], "title")?,
        icon: text_or_base(incoming.icon, &base.icon, &["string"], "icon")?,
        team,
        properties: entity::text(&properties),
        relations: entity::text(&relations),
    })
}

fn overlay<'a>(base: &mut Fields<'a>, sent: &Fields<'a>) {
    for (name, value) in sent {
        if is_null(value) {
            base.remove(name);
        } else {
            base.insert(name.clone(), value);
        }
    }
}

fn overlay_relations(base: &mut Relations, sent: &BTreeMap<String, Option<Related>>) {
    for (name, related) in sent {
        match related {
            Some(related) => base.insert(name.clone(), related.clone()),
            None => base.remove(name),
        };
    }
}

/// A member that was sent, or the kept one when it was not.
fn text_or_base(
    sent: Option<&RawValue>,
    base: &Option<Box<str>>,
    kinds: &[&str],
    name: &str,
) -> Result<Option<Box<str>>, ApiError> {
    match sent.map(RawValue::get) {
        None => Ok(base.clone()),
        Some("null") => Ok(None),
        Some(text) if kinds.contains(&kind_of(text)) => Ok(Some(text.into())),
        Some(_) => Err(ApiError::invalid(format!(
            "{name} must be of type {}",
            kinds.join(" or ")
        ))),
    }
}

#[cfg(test)]
mod tests;
