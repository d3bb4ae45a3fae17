//! What does Port know of an integration? Its mapping, settings, state, cursors and examples.

use std::collections::{BTreeMap, HashMap};

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entity::time;
use super::error::ApiError;
use crate::message::{Request, Response};

/// All integrations, by their identifier.
#[derive(Debug, Default)]
pub(crate) struct Integrations {
    all: BTreeMap<String, Integration>,
    /// What Port itself provisions when it is asked to create the resources.
    pub(crate) provisioned: Option<Value>,
}

#[derive(Debug, Default)]
struct Integration {
    document: Map<String, Value>,
    request: Option<Value>,
    cursors: HashMap<String, Value>,
    examples: BTreeMap<String, Vec<Value>>,
}

impl Integrations {
    /// The document of one integration, as last written.
    pub(crate) fn document(&self, identifier: &str) -> Option<Value> {
        self.all
            .get(identifier)
            .map(|one| Value::Object(one.document.clone()))
    }

    /// The examples that were sent for a kind.
    pub(crate) fn examples(&self, identifier: &str, kind: &str) -> Vec<Value> {
        let examples = self
            .all
            .get(identifier)
            .and_then(|one| one.examples.get(kind));
        examples.cloned().unwrap_or_default()
    }

    /// Sets the mapping, as its user would at Port; makes the integration when there is none.
    pub(crate) fn set_mapping(&mut self, identifier: &str, mapping: Value, now: Timestamp) {
        let one = self
            .all
            .entry(identifier.to_owned())
            .or_insert_with(|| fresh(identifier, now));
        one.set("config", mapping);
        one.touch(now);
    }

    /// Asks the integration for a resync, as its user would at Port.
    pub(crate) fn request_resync(&mut self, identifier: &str, now: Timestamp) {
        if let Some(one) = self.all.get_mut(identifier) {
            let number = one
                .request
                .as_ref()
                .and_then(|request| request["n"].as_u64());
            let number = number.unwrap_or_default() + 1;
            let id = format!("resync-request-{number}");
            one.request = Some(json!({ "id": id, "n": number, "updatedAt": time(now) }));
        }
    }

    /// `POST /integration`
    pub(crate) fn create(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response, ApiError> {
        let sent: Map<String, Value> = request.json()?;
        let identifier = sent
            .get("installationId")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let identifier =
            identifier.ok_or_else(|| ApiError::invalid("installationId is required"))?;
        if self.all.contains_key(&identifier) {
            return Err(ApiError::conflict(format!(
                "integration \"{identifier}\" exists already"
            )));
        }
        let mut one = fresh(&identifier, now);
        one.document.extend(sent);
        let provision = request.query_value("integration_modes").is_some();
        if let Some(mapping) = self.provisioned.as_ref().filter(|_| provision) {
            one.set("config", mapping.clone());
            one.set("arePortResourcesInitialized", Value::Bool(true));
        }
        let response = one.answer(request).with_status(StatusCode::CREATED);
        self.all.insert(identifier, one);
        Ok(response)
    }

    /// Everything below `/integration/{identifier}`.
    ///
    /// The original puts the identifier into the path unescaped, so it may span several segments;
    /// and its examples call escapes a space as a plus.
    pub(crate) fn route(
        &mut self,
        request: &Request,
        path: &[&str],
        now: Timestamp,
    ) -> Result<Response, ApiError> {
        let (identifier, action) = match path {
            [identifier @ .., "kinds", kind, "examples"] => (identifier, Action::Examples(kind)),
            [identifier @ .., "config"] => (identifier, Action::Config),
            [identifier @ .., "resync-state"] => (identifier, Action::ResyncState),
            [identifier @ .., "resync-request"] => (identifier, Action::ResyncRequest),
            [identifier @ .., "cursor"] => (identifier, Action::Cursor),
            identifier => (identifier, Action::Itself),
        };
        let mut identifier = identifier.join("/");
        if !self.all.contains_key(&identifier) {
            identifier = identifier.replace('+', " ");
        }
        if matches!(action, Action::Itself) && request.method() == Method::DELETE {
            return match self.all.remove(&identifier) {
                Some(_) => Ok(Response::json(&json!({ "ok": true }))),
                None => Err(absent(&identifier)),
            };
        }
        let one = self
            .all
            .get_mut(&identifier)
            .ok_or_else(|| absent(&identifier))?;
        one.perform(action, request, now)
    }
}

/// What is asked of an integration.
#[derive(Debug, Clone, Copy)]
enum Action<'a> {
    Itself,
    Config,
    ResyncState,
    ResyncRequest,
    Cursor,
    Examples(&'a str),
}

impl Integration {
    fn perform(
        &mut self,
        action: Action<'_>,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response, ApiError> {
        match (request.method().as_str(), action) {
            ("GET", Action::Itself) => {}
            ("PATCH", Action::Itself) => {
                self.document.extend(request.json::<Map<String, Value>>()?);
                self.touch(now);
            }
            ("PATCH", Action::Config) => {
                let sent: Value = request.json()?;
                self.set("config", sent.get("config").cloned().unwrap_or_default());
                self.touch(now);
            }
            ("PATCH", Action::ResyncState) => self.set_state(request.json()?, now),
            ("GET", Action::ResyncRequest) => {
                return Ok(Response::json(
                    &json!({ "ok": true, "request": self.request }),
                ));
            }
            (_, Action::Cursor) => return self.cursor(request),
            ("POST", Action::Examples(kind)) => {
                let sent: Value = request.json()?;
                let examples = sent.get("examples").and_then(Value::as_array).cloned();
                let kept = self.examples.entry(kind.to_owned()).or_default();
                kept.extend(examples.unwrap_or_default());
                return Ok(Response::json(&json!({ "ok": true })));
            }
            (method, _) => {
                let message = format!("{method} is not possible here");
                return Err(ApiError::not_found(message));
            }
        }
        Ok(self.answer(request))
    }

    fn set_state(&mut self, sent: Map<String, Value>, now: Timestamp) {
        let state = self
            .document
            .entry("resyncState")
            .or_insert_with(|| json!({}));
        if let Some(state) = state.as_object_mut() {
            state.extend(sent);
            state.insert("updatedAt".to_owned(), time(now).into());
        }
        // The event listeners of the original compare the two to know their own writes.
        self.touch(now);
    }

    fn cursor(&mut self, request: &Request) -> Result<Response, ApiError> {
        let part = |name| request.query_value(name).unwrap_or_default();
        let key = format!("{}/{}", part("kind"), part("index"));
        match request.method().as_str() {
            "GET" => {}
            "POST" => drop(self.cursors.insert(key.clone(), request.json()?)),
            "PUT" if self.cursors.contains_key(&key) => {
                self.cursors.insert(key.clone(), request.json()?);
            }
            _ => return Err(ApiError::not_found("the cursor was not found")),
        }
        Ok(Response::json(
            &json!({ "ok": true, "cursor": self.cursors.get(&key) }),
        ))
    }

    fn set(&mut self, name: &str, value: Value) {
        self.document.insert(name.to_owned(), value);
    }

    fn touch(&mut self, now: Timestamp) {
        self.set("updatedAt", time(now).into());
    }

    /// The document with the addresses for logs, metrics and raw data: this server's own.
    fn answer(&self, request: &Request) -> Response {
        let host = request.header("host").unwrap_or_default();
        let mut document = self.document.clone();
        for (name, path) in [
            ("logAttributes", "logs"),
            ("metricAttributes", "metrics"),
            ("ingestAttributes", "data"),
        ] {
            let url = format!("http://{host}/ingest/{path}");
            document.insert(name.to_owned(), json!({ "ingestUrl": url }));
        }
        Response::json(&json!({ "ok": true, "integration": document }))
    }
}

fn fresh(identifier: &str, now: Timestamp) -> Integration {
    let document = json!({
        "identifier": identifier,
        "installationId": identifier,
        "installationType": "OnPrem",
        "config": {},
        "resyncState": {},
        "createdAt": time(now),
        "updatedAt": time(now),
    });
    let document = document.as_object().cloned().unwrap_or_default();
    Integration {
        document,
        ..Integration::default()
    }
}

fn absent(identifier: &str) -> ApiError {
    ApiError::not_found(format!("integration \"{identifier}\" was not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(all: &mut Integrations, method: Method, uri: &str, body: Value) -> (u16, Value) {
        let request = Request::local(method, uri.parse().unwrap(), body.to_string());
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        let result = match path.is_empty() {
            true => all.create(&request, Timestamp::UNIX_EPOCH),
            false => all.route(&request, &path, Timestamp::UNIX_EPOCH),
        };
        match result {
            Ok(answer) => (
                answer.status.as_u16(),
                serde_json::from_slice(answer.body()).unwrap(),
            ),
            Err(error) => (error.status.as_u16(), Value::Null),
        }
    }

    fn with(identifier: &str) -> Integrations {
        let mut all = Integrations::default();
        let body = json!({ "installationId": identifier, "config": { "resources": [] } });
        assert_eq!(call(&mut all, Method::POST, "/integration", body).0, 201);
        all
    }

    #[test]
    fn an_identifier_may_hold_spaces_and_slashes_in_any_escaping() {
        let mut all = with("my jira/1");
        for path in ["/integration/my%20jira/1", "/integration/my%20jira%2F1"] {
            assert_eq!(
                call(&mut all, Method::GET, path, Value::Null).0,
                200,
                "{path}"
            );
        }
        let examples = "/integration/my+jira%2F1/kinds/issue/examples";
        call(
            &mut all,
            Method::POST,
            examples,
            json!({ "examples": [{ "key": "A" }] }),
        );
        assert_eq!(all.examples("my jira/1", "issue"), [json!({ "key": "A" })]);
    }

    #[test]
    fn a_state_is_merged_and_stamped() {
        let mut all = with("x");
        let state = "/integration/x/resync-state";
        call(
            &mut all,
            Method::PATCH,
            state,
            json!({ "status": "running", "nextResync": "n" }),
        );
        let (_, answer) = call(
            &mut all,
            Method::PATCH,
            state,
            json!({ "status": "completed" }),
        );
        let state = &answer["integration"]["resyncState"];
        assert_eq!(
            *state,
            json!({ "status": "completed", "nextResync": "n", "updatedAt": "1970-01-01T00:00:00.000Z" })
        );
    }

    #[test]
    fn a_cursor_must_be_posted_before_it_can_be_put() {
        let mut all = with("x");
        let cursor = "/integration/x/cursor?kind=issue&index=3";
        let body = || json!({ "primary": "2026-01-01T00:00:00Z" });
        assert_eq!(
            call(&mut all, Method::GET, cursor, Value::Null).1["cursor"],
            Value::Null
        );
        assert_eq!(call(&mut all, Method::PUT, cursor, body()).0, 404);
        assert_eq!(call(&mut all, Method::POST, cursor, body()).0, 200);
        assert_eq!(call(&mut all, Method::PUT, cursor, body()).0, 200);
        assert_eq!(
            call(&mut all, Method::GET, cursor, Value::Null).1["cursor"],
            body()
        );
    }

    #[test]
    fn a_resync_request_is_null_until_there_is_one_and_each_is_new() {
        let mut all = with("x");
        let path = "/integration/x/resync-request";
        let ask = |all: &mut Integrations| {
            call(all, Method::GET, path, Value::Null).1["request"]["id"].clone()
        };
        assert_eq!(ask(&mut all), Value::Null);
        all.request_resync("x", Timestamp::UNIX_EPOCH);
        let first = ask(&mut all);
        all.request_resync("x", Timestamp::UNIX_EPOCH);
        assert_ne!(first, ask(&mut all));
    }

    #[test]
    fn deleting_forgets_the_integration() {
        let mut all = with("x");
        assert_eq!(
            call(&mut all, Method::DELETE, "/integration/x", Value::Null).0,
            200
        );
        assert_eq!(
            call(&mut all, Method::GET, "/integration/x", Value::Null).0,
            404
        );
    }
}
