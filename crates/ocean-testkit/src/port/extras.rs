//! What does Port keep beside blueprints and entities? [`Extras`]: actions, scorecards and pages.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::catalog::Catalog;
use super::error::ApiError;
use crate::message::{Request, Response};

/// Documents that an integration may bring along; each exists once under its identifier.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    actions: BTreeMap<String, Value>,
    /// By blueprint and identifier.
    scorecards: BTreeMap<(String, String), Value>,
    pages: BTreeMap<String, Value>,
}

impl Extras {
    /// All actions, in the order of their identifiers.
    pub(crate) fn actions(&self) -> Vec<Value> {
        self.actions.values().cloned().collect()
    }

    /// The scorecards of a blueprint, in the order of their identifiers.
    pub(crate) fn scorecards(&self, blueprint: &str) -> Vec<Value> {
        let of_blueprint = self
            .scorecards
            .iter()
            .filter(|((owner, _), _)| owner == blueprint);
        of_blueprint.map(|(_, one)| one.clone()).collect()
    }

    /// All pages, in the order of their identifiers.
    pub(crate) fn pages(&self) -> Vec<Value> {
        self.pages.values().cloned().collect()
    }

    /// `POST /actions`
    pub(crate) fn create_action(&mut self, request: &Request) -> Result<Response, ApiError> {
        let (identifier, document) = sent(request)?;
        keep(&mut self.actions, identifier, "action", document)
    }

    /// `POST /blueprints/{blueprint}/scorecards`
    pub(crate) fn create_scorecard(
        &mut self,
        catalog: &Catalog,
        blueprint: &str,
        request: &Request,
    ) -> Result<Response, ApiError> {
        catalog.blueprint(blueprint)?;
        let (identifier, document) = sent(request)?;
        let key = (blueprint.to_owned(), identifier);
        keep(&mut self.scorecards, key, "scorecard", document)
    }

    /// `POST /pages`
    pub(crate) fn create_page(&mut self, request: &Request) -> Result<Response, ApiError> {
        let (identifier, document) = sent(request)?;
        keep(&mut self.pages, identifier, "page", document)
    }

    /// `DELETE /pages/{page}`
    pub(crate) fn delete_page(&mut self, identifier: &str) -> Result<Response, ApiError> {
        match self.pages.remove(identifier) {
            Some(_) => Ok(Response::json(&json!({ "ok": true }))),
            None => Err(ApiError::not_found(format!(
                "page \"{identifier}\" was not found"
            ))),
        }
    }

    /// What goes with a blueprint.
    pub(crate) fn forget_blueprint(&mut self, blueprint: &str) {
        self.scorecards.retain(|(owner, _), _| owner != blueprint);
    }
}

/// A document and its identifier.
fn sent(request: &Request) -> Result<(String, Value), ApiError> {
    let document: Value = request.json()?;
    let identifier = document.get("identifier").and_then(Value::as_str);
    let identifier = identifier
        .ok_or_else(|| ApiError::invalid("identifier is required"))?
        .to_owned();
    Ok((identifier, document))
}

fn keep<K: Ord>(
    kept: &mut BTreeMap<K, Value>,
    key: K,
    what: &str,
    document: Value,
) -> Result<Response, ApiError> {
    if kept.contains_key(&key) {
        let identifier = document.get("identifier").unwrap_or(&Value::Null);
        return Err(ApiError::conflict(format!(
            "{what} {identifier} exists already"
        )));
    }
    let answer = Response::json(&json!({ "ok": true, what: &document }));
    kept.insert(key, document);
    Ok(answer.with_status(StatusCode::CREATED))
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::*;

    fn body(identifier: &str) -> Request {
        let body = json!({ "identifier": identifier }).to_string();
        Request::local(Method::POST, Uri::from_static("/"), body)
    }

    fn status(result: Result<Response, ApiError>) -> u16 {
        result
            .map_or_else(|error| error.status, |answer| answer.status_code())
            .as_u16()
    }

    #[test]
    fn each_is_made_once() {
        let mut extras = Extras::default();
        for wanted in [201, 409] {
            assert_eq!(status(extras.create_action(&body("a"))), wanted);
            assert_eq!(status(extras.create_page(&body("a"))), wanted);
        }
        assert_eq!((extras.actions().len(), extras.pages().len()), (1, 1));
        for wanted in [200, 404] {
            assert_eq!(status(extras.delete_page("a")), wanted);
        }
    }

    #[test]
    fn a_scorecard_belongs_to_a_blueprint_and_goes_with_it() {
        let (mut extras, mut catalog) = (Extras::default(), Catalog::default());
        let made = |extras: &mut Extras, catalog: &Catalog, blueprint: &str| {
            status(extras.create_scorecard(catalog, blueprint, &body("s")))
        };
        assert_eq!(made(&mut extras, &catalog, "b"), 404);
        for blueprint in ["a", "b"] {
            catalog.put_blueprint(blueprint, json!({}));
            assert_eq!(made(&mut extras, &catalog, blueprint), 201);
            assert_eq!(made(&mut extras, &catalog, blueprint), 409);
        }
        extras.forget_blueprint("a");
        let left = ["a", "b"].map(|blueprint| extras.scorecards(blueprint).len());
        assert_eq!(left, [0, 1]);
    }
}
