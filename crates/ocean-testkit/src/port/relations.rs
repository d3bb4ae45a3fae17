//! What does an entity relate to? Resolves the relations (and the team) of a request against the
//! catalog.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::catalog::Catalog;
use super::entity::{Incoming, Related};
use super::error::ApiError;
use super::schema::{Relation, kind_of};
use super::search::Query;

/// Entities of this blueprint are what a search in `team` finds.
const TEAM_BLUEPRINT: &str = "_team";

/// The relations of one request.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// What each relation that was sent becomes; `None` clears it.
    pub(crate) relations: BTreeMap<String, Option<Related>>,
    /// Targets (blueprint, identifier) that do not exist yet and are to be made.
    pub(crate) stubs: Vec<(String, String)>,
    /// The teams that a search found.
    pub(crate) team: Option<Vec<String>>,
}

/// Resolves all that was sent, or says which target is missing.
pub(crate) fn resolve(
    catalog: &Catalog,
    blueprint: &str,
    incoming: &Incoming<'_>,
    create_missing: bool,
) -> Result<Resolved, ApiError> {
    let mut resolved = Resolved {
        team: team(catalog, incoming.team)?,
        ..Resolved::default()
    };
    let schema = &catalog.blueprint(blueprint)?.schema;
    for (name, value) in incoming.relations.iter().flatten() {
        let Some(relation) = schema.relations.get(name) else {
            let message = format!("relation \"{name}\" is not in the blueprint \"{blueprint}\"");
            return Err(ApiError::invalid(message));
        };
        let related = one(catalog, name, relation, value.get())?;
        for target in related.iter().flat_map(Related::targets) {
            if catalog.entity(&relation.target, target).is_some() {
                continue;
            }
            if !create_missing || !catalog.blueprints.contains_key(&relation.target) {
                let message = format!(
                    "entity \"{target}\" of blueprint \"{}\", target of relation \"{name}\", was not found",
                    relation.target
                );
                return Err(ApiError::not_found(message));
            }
            resolved
                .stubs
                .push((relation.target.clone(), target.clone()));
        }
        resolved.relations.insert(name.clone(), related);
    }
    Ok(resolved)
}

/// The value of one relation; `None` clears it.
fn one(
    catalog: &Catalog,
    name: &str,
    relation: &Relation,
    text: &str,
) -> Result<Option<Related>, ApiError> {
    Ok(match (kind_of(text), relation.many) {
        ("null", _) => None,
        ("string", false) => Some(Related::One(serde_json::from_str(text)?)),
        ("array", true) => Some(Related::Many(list(name, text)?)),
        ("object", many) => {
            let query: Query = serde_json::from_str::<Value>(text)?.try_into()?;
            let mut found = query.find_in(catalog, &relation.target).into_iter();
            if many {
                Some(Related::Many(found.collect()))
            } else {
                found.next().map(Related::One)
            }
        }
        (kind, many) => {
            let wanted = if many {
                "an array of strings"
            } else {
                "a string"
            };
            let message = format!("relation \"{name}\" must be {wanted}, not {kind}");
            return Err(ApiError::invalid(message));
        }
    })
}

/// The targets of a many-relation in the order they were sent, each once, without nulls.
fn list(name: &str, text: &str) -> Result<Vec<String>, ApiError> {
    let mut targets = Vec::new();
    for item in serde_json::from_str::<Vec<Value>>(text)? {
        match item {
            Value::Null => {}
            Value::String(target) if targets.contains(&target) => {}
            Value::String(target) => targets.push(target),
            _ => {
                let message = format!("relation \"{name}\" must hold strings only");
                return Err(ApiError::invalid(message));
            }
        }
    }
    Ok(targets)
}

/// The teams that a search object, or the search objects of a list, find.
fn team(catalog: &Catalog, sent: Option<&RawValue>) -> Result<Option<Vec<String>>, ApiError> {
    let items = match sent.map(RawValue::get).map(|text| (kind_of(text), text)) {
        Some(("object", text)) => vec![serde_json::from_str::<Value>(text)?],
        Some(("array", text)) if text.contains('{') => serde_json::from_str(text)?,
        _ => return Ok(None),
    };
    let mut teams = Vec::new();
    for item in items {
        match item {
            Value::String(team) => teams.push(team),
            Value::Object(_) => {
                teams.extend(Query::try_from(item)?.find_in(catalog, TEAM_BLUEPRINT));
            }
            _ => return Err(ApiError::invalid("team must hold strings or searches")),
        }
    }
    Ok(Some(teams))
}
