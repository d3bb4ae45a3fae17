//! Which request goes where? The table of all endpoints.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::auth::Tokens;
use super::catalog::{Catalog, Writer};
use super::error::ApiError;
use super::extras::Extras;
use super::integration::Integrations;
use super::lake::Lake;
use super::organization::{self, Organization};
use super::upsert::Limits;
use super::{blueprints, deletion, listing, search, upsert};
use crate::clock::Clock;
use crate::message::{Request, Response};
use crate::server::Service;

/// More entities in one bulk deletion are refused.
const MAX_DELETIONS: usize = 100;

/// Everything a simulated Port knows, shared by its server and its handle.
#[derive(Debug, Default)]
pub(crate) struct Port {
    pub(crate) state: Mutex<State>,
    pub(crate) clock: Clock,
}

/// The state behind the lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) catalog: Catalog,
    pub(crate) extras: Extras,
    pub(crate) tokens: Tokens,
    pub(crate) integrations: Integrations,
    pub(crate) organization: Organization,
    pub(crate) lake: Lake,
    pub(crate) limits: Limits,
    /// The datasource of the last writer, so that a run's entities share one text.
    datasource: Option<Arc<str>>,
}

impl Service for Port {
    async fn handle(&self, request: Request) -> Response {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let mut state = self.state();
        match state.route(&request, &path, &self.clock) {
            Ok(response) => response,
            Err(error) => error.into(),
        }
    }
}

impl Port {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn route(
        &mut self,
        request: &Request,
        path: &[&str],
        clock: &Clock,
    ) -> Result<Response, ApiError> {
        match path {
            ["__twin", rest @ ..] => return self.control(request, rest),
            ["v1", "auth", "access_token"] => return self.tokens.issue(request),
            _ => self.tokens.check(request)?,
        }
        match (request.method(), path) {
            (&Method::POST, ["v1", "blueprints", "entities", "datasource-entities"]) => {
                listing::datasource_entities(&self.catalog, request)
            }
            (&Method::POST, ["v1", "entities", "search"]) => search::search(&self.catalog, request),
            (_, ["v1", "blueprints", rest @ ..]) => self.blueprint(request, rest, clock),
            (_, ["v1", "integration", rest @ ..]) => self.integration(request, rest, clock),
            (_, ["v1", "lifecycle", rest @ ..]) => self.lake.lifecycle(request, rest),
            (_, ["v1", rest @ ..]) => self.other(request, rest),
            (&Method::POST, ["ingest", "data", "lake", "write", rest @ ..]) => {
                self.lake.write(request, rest)
            }
            (_, ["ingest", ..]) => Ok(accepted()),
            _ => Err(no_route(request)),
        }
    }

    /// Everything below `/v1/blueprints`.
    fn blueprint(
        &mut self,
        request: &Request,
        path: &[&str],
        clock: &Clock,
    ) -> Result<Response, ApiError> {
        let catalog = &mut self.catalog;
        match (request.method().as_str(), path) {
            ("GET", []) => Ok(blueprints::list(catalog)),
            ("POST", []) => blueprints::create(catalog, request),
            ("GET", [blueprint]) => blueprints::get(catalog, blueprint),
            ("PUT", [blueprint]) => blueprints::replace(catalog, blueprint, request),
            ("PATCH", [blueprint]) => blueprints::change(catalog, blueprint, request),
            ("DELETE", [blueprint]) => {
                let deleted = blueprints::delete(catalog, blueprint)?;
                self.extras.forget_blueprint(blueprint);
                Ok(deleted)
            }
            ("DELETE", [blueprint, "all-entities"]) => deletion::all(catalog, blueprint, request),
            ("POST", [blueprint, "scorecards"]) => {
                self.extras.create_scorecard(catalog, blueprint, request)
            }
            ("POST", [blueprint, "bulk", "entities", "delete"]) => {
                deletion::bulk(catalog, blueprint, request, MAX_DELETIONS)
            }
            ("DELETE", [blueprint, "entities", identifier]) => {
                deletion::single(catalog, blueprint, identifier, request)
            }
            ("POST", [blueprint, "entities", "bulk"]) => {
                let (limits, writer) = (self.limits, self.writer(request, clock));
                upsert::bulk(&mut self.catalog, blueprint, request, limits, &writer)
            }
            ("POST", [blueprint, "entities"]) => {
                let (limits, writer) = (self.limits, self.writer(request, clock));
                upsert::single(&mut self.catalog, blueprint, request, limits, &writer)
            }
            _ => Err(no_route(request)),
        }
    }

    /// Everything below `/v1/integration`.
    fn integration(
        &mut self,
        request: &Request,
        path: &[&str],
        clock: &Clock,
    ) -> Result<Response, ApiError> {
        match (request.method(), path) {
            (&Method::GET, ["provision-enabled"]) => Ok(self.organization.provision_enabled()),
            (&Method::POST, []) => self.integrations.create(request, clock.now()),
            (_, []) => Err(no_route(request)),
            _ => self.integrations.route(request, path, clock.now()),
        }
    }

    /// What belongs to no blueprint and to no integration. Most of it is answered the same way
    /// always; the journal keeps what was sent.
    fn other(&mut self, request: &Request, path: &[&str]) -> Result<Response, ApiError> {
        match (request.method().as_str(), path) {
            ("GET", ["organization"]) => Ok(self.organization.get()),
            ("GET", ["kafka-credentials"]) => Ok(organization::kafka_credentials()),
            ("GET", ["migrations", migration]) => Ok(organization::migration(migration)),
            ("POST", ["actions"]) => self.extras.create_action(request),
            ("POST", ["pages"]) => self.extras.create_page(request),
            ("DELETE", ["pages", page]) => self.extras.delete_page(page),
            ("GET" | "POST", ["actions", "runs"] | ["actions", "runs", "claim-pending"]) => {
                Ok(Response::json(&json!({ "ok": true, "runs": [] })))
            }
            ("GET", ["workflows", "nodes", "runs"])
            | ("POST", ["workflows", "runs", "claim-pending"]) => {
                Ok(Response::json(&json!({ "ok": true, "nodeRuns": [] })))
            }
            ("POST" | "PATCH", ["actions" | "workflows", ..]) => Ok(accepted()),
            _ => Err(no_route(request)),
        }
    }

    /// `/__twin/...`: what this simulator adds to the common control routes.
    fn control(&mut self, request: &Request, path: &[&str]) -> Result<Response, ApiError> {
        match (request.method().as_str(), path) {
            ("GET", ["catalog"]) => Ok(Response::json(
                &json!({ "entities": self.catalog.snapshot() }),
            )),
            ("GET", ["writes"]) => Ok(Response::json(&self.catalog.writes)),
            ("GET", ["integration", identifier]) => {
                let document = self
                    .integrations
                    .document(identifier)
                    .unwrap_or(Value::Null);
                Ok(Response::json(&document))
            }
            ("POST", ["expire-tokens"]) => {
                self.tokens.expire_all();
                Ok(Response::status(StatusCode::NO_CONTENT))
            }
            _ => Err(no_route(request)),
        }
    }

    fn writer(&mut self, request: &Request, clock: &Clock) -> Writer {
        let agent = request.header("user-agent").unwrap_or_default();
        let known = self.datasource.take().filter(|known| **known == *agent);
        let datasource = known.unwrap_or_else(|| agent.into());
        self.datasource = Some(Arc::clone(&datasource));
        Writer {
            datasource,
            now: clock.now(),
        }
    }
}

fn accepted() -> Response {
    Response::json(&json!({ "ok": true }))
}

fn no_route(request: &Request) -> ApiError {
    let message = format!("no endpoint {} {}", request.method(), request.path());
    ApiError::new(StatusCode::NOT_FOUND, "route_not_found", message)
}

#[cfg(test)]
mod tests;
