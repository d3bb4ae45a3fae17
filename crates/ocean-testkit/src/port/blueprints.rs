//! How are blueprints made, changed and removed? Their endpoints.

use http::StatusCode;
use serde_json::{Value, json};

use super::catalog::{Blueprint, Catalog};
use super::error::ApiError;
use super::schema::Schema;
use crate::message::{Request, Response};

/// `GET /blueprints/{blueprint}`
pub(crate) fn get(catalog: &Catalog, identifier: &str) -> Result<Response, ApiError> {
    Ok(answer(&catalog.blueprint(identifier)?.document))
}

/// `GET /blueprints`
pub(crate) fn list(catalog: &Catalog) -> Response {
    let documents: Vec<&Value> = catalog
        .blueprints
        .values()
        .map(|one| &one.document)
        .collect();
    Response::json(&json!({ "ok": true, "blueprints": documents }))
}

/// `POST /blueprints`
pub(crate) fn create(catalog: &mut Catalog, request: &Request) -> Result<Response, ApiError> {
    let document: Value = request.json()?;
    let identifier = document.get("identifier").and_then(Value::as_str);
    let identifier = identifier
        .ok_or_else(|| ApiError::invalid("identifier is required"))?
        .to_owned();
    if catalog.blueprints.contains_key(&identifier) {
        return Err(ApiError::conflict(format!(
            "blueprint \"{identifier}\" exists already"
        )));
    }
    put(catalog, &identifier, document, StatusCode::CREATED)
}

/// `PUT /blueprints/{blueprint}`: replaces it, or makes it.
pub(crate) fn replace(
    catalog: &mut Catalog,
    identifier: &str,
    request: &Request,
) -> Result<Response, ApiError> {
    put(catalog, identifier, request.json()?, StatusCode::OK)
}

/// `PATCH /blueprints/{blueprint}`: replaces the members that were sent, each as a whole.
pub(crate) fn change(
    catalog: &mut Catalog,
    identifier: &str,
    request: &Request,
) -> Result<Response, ApiError> {
    let mut document = catalog.blueprint(identifier)?.document.clone();
    let sent: serde_json::Map<String, Value> = request.json()?;
    if let Some(members) = document.as_object_mut() {
        members.extend(sent);
    }
    put(catalog, identifier, document, StatusCode::OK)
}

/// `DELETE /blueprints/{blueprint}`: only when it has no entities, and no other relates to it.
pub(crate) fn delete(catalog: &mut Catalog, identifier: &str) -> Result<Response, ApiError> {
    let mut others = catalog.blueprints.iter();
    let relates = |blueprint: &Blueprint| {
        let mut relations = blueprint.schema.relations.values();
        relations.any(|relation| relation.target == identifier)
    };
    if let Some((other, _)) = others.find(|(name, one)| *name != identifier && relates(one)) {
        return Err(ApiError::conflict(format!(
            "blueprint \"{other}\" relates to blueprint \"{identifier}\""
        )));
    }
    if !catalog.blueprint(identifier)?.entities.is_empty() {
        return Err(ApiError::conflict(format!(
            "blueprint \"{identifier}\" has entities"
        )));
    }
    catalog.blueprints.remove(identifier);
    Ok(Response::json(&json!({ "ok": true })))
}

fn put(
    catalog: &mut Catalog,
    identifier: &str,
    document: Value,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let relations = Schema::of(&document).relations;
    for (name, path) in mirrored(&document) {
        let relation = path.split('.').next().unwrap_or_default();
        if !relations.contains_key(relation) {
            let message = format!("mirror property \"{name}\" needs relation \"{relation}\"");
            return Err(ApiError::invalid(message));
        }
    }
    for (name, relation) in relations {
        let target = relation.target.as_str();
        if target != identifier && !catalog.blueprints.contains_key(target) {
            let message = format!("target \"{target}\" of relation \"{name}\" was not found");
            return Err(ApiError::invalid(message));
        }
    }
    let response = answer(&document).with_status(status);
    catalog.put_blueprint(identifier, document);
    Ok(response)
}

/// The mirror properties of a blueprint, each with its path.
fn mirrored(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = document.get("mirrorProperties").and_then(Value::as_object);
    let members = members.into_iter().flatten();
    members.filter_map(|(name, one)| Some((name.as_str(), one.get("path")?.as_str()?)))
}

fn answer(document: &Value) -> Response {
    Response::json(&json!({ "ok": true, "blueprint": document }))
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::*;

    fn body(document: Value) -> Request {
        Request::local(Method::POST, Uri::from_static("/"), document.to_string())
    }

    fn status(result: Result<Response, ApiError>) -> u16 {
        result
            .map_or_else(|error| error.status, |response| response.status_code())
            .as_u16()
    }

    #[test]
    fn a_blueprint_is_created_once() {
        let mut catalog = Catalog::default();
        let blueprint = || body(json!({ "identifier": "a" }));
        assert_eq!(status(create(&mut catalog, &blueprint())), 201);
        assert_eq!(status(create(&mut catalog, &blueprint())), 409);
        assert_eq!(status(get(&catalog, "a")), 200);
        assert_eq!(status(get(&catalog, "b")), 404);
    }

    #[test]
    fn a_relation_needs_its_target_unless_it_is_the_blueprint_itself() {
        let mut catalog = Catalog::default();
        let relating = |target: &str| {
            body(json!({ "identifier": "a", "relations": { "r": { "target": target } } }))
        };
        assert_eq!(status(create(&mut catalog, &relating("absent"))), 422);
        assert_eq!(status(create(&mut catalog, &relating("a"))), 201);
    }

    #[test]
    fn a_blueprint_that_another_relates_to_stays() {
        let mut catalog = Catalog::default();
        for name in ["a", "b"] {
            let itself = json!({ "itself": { "target": name }, "a": { "target": "a" } });
            let relating = body(json!({ "identifier": name, "relations": itself }));
            assert_eq!(status(create(&mut catalog, &relating)), 201);
        }
        let deleted = ["a", "b", "a"].map(|name| status(delete(&mut catalog, name)));
        assert_eq!(deleted, [409, 200, 200]);
    }

    #[test]
    fn a_mirror_property_needs_its_relation() {
        let mut catalog = Catalog::default();
        let mirror = json!({ "m": { "path": "parent.$title" } });
        let mut blueprint = json!({ "identifier": "a", "mirrorProperties": mirror });
        assert_eq!(status(create(&mut catalog, &body(blueprint.clone()))), 422);
        blueprint["relations"] = json!({ "parent": { "target": "a" } });
        assert_eq!(status(create(&mut catalog, &body(blueprint))), 201);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_mention() {
        let mut catalog = Catalog::default();
        let blueprint = json!({ "identifier": "a", "title": "A", "schema": { "properties": {} } });
        create(&mut catalog, &body(blueprint)).unwrap();
        change(&mut catalog, "a", &body(json!({ "title": "B" }))).unwrap();
        let document = &catalog.blueprint("a").unwrap().document;
        assert_eq!(
            (&document["title"], document["schema"].is_object()),
            (&json!("B"), true)
        );
    }
}
