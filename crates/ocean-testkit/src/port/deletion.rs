//! How does an entity leave the catalog, and what becomes of those that relate to it?

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use super::catalog::Catalog;
use super::entity::{Related, Relations, text};
use super::error::ApiError;
use super::schema::Schema;
use crate::message::{Request, Response};

#[derive(Debug, Deserialize)]
struct BulkDelete {
    entities: Vec<String>,
}

/// `POST /blueprints/{blueprint}/bulk/entities/delete`
pub(crate) fn bulk(
    catalog: &mut Catalog,
    blueprint: &str,
    request: &Request,
    limit: usize,
) -> Result<Response, ApiError> {
    let BulkDelete { entities } = request.json()?;
    if entities.len() > limit {
        return Err(ApiError::too_large(format!(
            "at most {limit} entities at once"
        )));
    }
    catalog.blueprint(blueprint)?;
    let deleted = delete(catalog, blueprint, entities, cascades(request))?;
    Ok(Response::json(
        &json!({ "ok": true, "deletedEntities": deleted }),
    ))
}

/// `DELETE /blueprints/{blueprint}/entities/{identifier}`
pub(crate) fn single(
    catalog: &mut Catalog,
    blueprint: &str,
    identifier: &str,
    request: &Request,
) -> Result<Response, ApiError> {
    catalog.blueprint(blueprint)?;
    let wanted = vec![identifier.to_owned()];
    if delete(catalog, blueprint, wanted, cascades(request))?.is_empty() {
        return Err(ApiError::not_found(format!(
            "entity \"{identifier}\" was not found"
        )));
    }
    Ok(Response::json(&json!({ "ok": true })))
}

/// `DELETE /blueprints/{blueprint}/all-entities`, the blueprint with it when asked for.
pub(crate) fn all(
    catalog: &mut Catalog,
    blueprint: &str,
    request: &Request,
) -> Result<Response, ApiError> {
    let removed = std::mem::take(&mut catalog.blueprint_mut(blueprint)?.entities);
    catalog.writes.deleted += removed.len() as u64;
    if request.query_value("delete_blueprint").as_deref() == Some("true") {
        catalog.blueprints.remove(blueprint);
    }
    Ok(Response::json(
        &json!({ "ok": true, "migrationId": format!("migration-{blueprint}") }),
    ))
}

fn cascades(request: &Request) -> bool {
    request.query_value("delete_dependents").as_deref() == Some("true")
}

/// Deletes those of `wanted` that exist and returns their identifiers.
///
/// With `cascade`, all that relates to them goes too. Without, an entity that must have the
/// relation forbids the whole deletion, and others lose the relation.
fn delete(
    catalog: &mut Catalog,
    blueprint: &str,
    wanted: Vec<String>,
    cascade: bool,
) -> Result<Vec<String>, ApiError> {
    let mut named = BTreeSet::new();
    let deleted: Vec<String> = wanted
        .into_iter()
        .filter(|identifier| catalog.entity(blueprint, identifier).is_some())
        .filter(|identifier| named.insert(identifier.clone()))
        .collect();
    let mut doomed = Doomed(BTreeMap::from([(blueprint.to_owned(), named)]));
    if cascade {
        while doomed.add(dependents(catalog, &doomed)) {}
    } else {
        let dependents = dependents(catalog, &doomed);
        detach(catalog, &doomed, dependents)?;
    }
    for (blueprint, identifiers) in &doomed.0 {
        let kept = catalog.blueprint_mut(blueprint)?;
        for identifier in identifiers {
            kept.entities.remove(identifier);
        }
        catalog.writes.deleted += identifiers.len() as u64;
    }
    Ok(deleted)
}

/// What is going to be deleted: identifiers by blueprint.
#[derive(Debug)]
struct Doomed(BTreeMap<String, BTreeSet<String>>);

impl Doomed {
    fn has(&self, blueprint: &str, identifier: &str) -> bool {
        self.0
            .get(blueprint)
            .is_some_and(|identifiers| identifiers.contains(identifier))
    }

    /// Adds the dependents and says whether there were any.
    fn add(&mut self, dependents: Vec<Dependent>) -> bool {
        let grows = !dependents.is_empty();
        for Dependent {
            blueprint,
            identifier,
            ..
        } in dependents
        {
            self.0.entry(blueprint).or_default().insert(identifier);
        }
        grows
    }
}

/// An entity with a relation to a doomed one.
#[derive(Debug)]
struct Dependent {
    blueprint: String,
    identifier: String,
    required: bool,
}

/// All entities that relate to one of the doomed and are not doomed themselves.
fn dependents(catalog: &Catalog, doomed: &Doomed) -> Vec<Dependent> {
    let mut found = Vec::new();
    for (blueprint, kept) in &catalog.blueprints {
        let mut relations = kept.schema.relations.values();
        if !relations.any(|relation| doomed.0.contains_key(&relation.target)) {
            continue;
        }
        for (identifier, entity) in &kept.entities {
            if doomed.has(blueprint, identifier) {
                continue;
            }
            if let Some(required) = hit(&kept.schema, &entity.content.relations(), doomed) {
                let (blueprint, identifier) = (blueprint.clone(), identifier.clone());
                found.push(Dependent {
                    blueprint,
                    identifier,
                    required,
                });
            }
        }
    }
    found
}

/// Whether these relations lead to a doomed entity and, if so, whether one of those must be there.
fn hit(schema: &Schema, relations: &Relations, doomed: &Doomed) -> Option<bool> {
    let hits = relations.iter().filter_map(|(name, related)| {
        let relation = schema.relations.get(name)?;
        let targets = related.targets();
        let lost = targets
            .iter()
            .any(|target| doomed.has(&relation.target, target));
        lost.then_some(relation.required)
    });
    hits.reduce(|one, other| one || other)
}

/// Takes the doomed out of the relations of their dependents.
fn detach(
    catalog: &mut Catalog,
    doomed: &Doomed,
    dependents: Vec<Dependent>,
) -> Result<(), ApiError> {
    if let Some(Dependent {
        blueprint,
        identifier,
        ..
    }) = dependents.iter().find(|dependent| dependent.required)
    {
        let message = format!("entity \"{identifier}\" of blueprint \"{blueprint}\" relates to it");
        return Err(ApiError::conflict(message));
    }
    for Dependent {
        blueprint,
        identifier,
        ..
    } in dependents
    {
        let kept = catalog.blueprint_mut(&blueprint)?;
        let Some(entity) = kept.entities.get_mut(&identifier) else {
            continue;
        };
        let mut relations = entity.content.relations();
        relations.retain(|name, related| {
            let Some(relation) = kept.schema.relations.get(name) else {
                return true;
            };
            let gone = |target: &str| doomed.has(&relation.target, target);
            match related {
                Related::One(target) => !gone(target),
                Related::Many(targets) => {
                    targets.retain(|target| !gone(target));
                    true
                }
            }
        });
        entity.content.relations = text(&relations);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::port::catalog::Writer;
    use crate::port::entity::Content;

    /// `issue` relates to `project`, `worklog` must relate to `issue`.
    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let relations = |name: &str, target: &str, required: bool| json!({ "relations": { name: { "target": target, "required": required } } });
        catalog.put_blueprint("project", json!({}));
        catalog.put_blueprint("issue", relations("project", "project", false));
        catalog.put_blueprint("worklog", relations("issue", "issue", true));
        let rows = [
            ("project", "P", "{}"),
            ("project", "Q", "{}"),
            ("issue", "P-1", r#"{"project":"P"}"#),
            ("issue", "Q-1", r#"{"project":"Q"}"#),
            ("worklog", "1", r#"{"issue":"P-1"}"#),
        ];
        let writer = Writer {
            datasource: "ua".into(),
            now: Timestamp::UNIX_EPOCH,
        };
        for (blueprint, identifier, relations) in rows {
            let content = Content {
                relations: relations.into(),
                ..Content::default()
            };
            catalog
                .store(blueprint, identifier, content, &writer)
                .unwrap();
        }
        catalog
    }

    fn left(catalog: &Catalog) -> Vec<String> {
        let all = catalog
            .blueprints
            .values()
            .flat_map(|kept| kept.entities.keys());
        all.cloned().collect()
    }

    fn remove(
        catalog: &mut Catalog,
        blueprint: &str,
        identifiers: &[&str],
        cascade: bool,
    ) -> Result<Vec<String>, ApiError> {
        let wanted = identifiers
            .iter()
            .map(|&identifier| identifier.to_owned())
            .collect();
        delete(catalog, blueprint, wanted, cascade)
    }

    #[test]
    fn cascade_takes_dependents_of_dependents_and_reports_only_what_was_asked_for() {
        let mut catalog = catalog();
        let deleted = remove(&mut catalog, "project", &["P", "absent", "P"], true);
        assert_eq!(deleted.unwrap(), ["P"]);
        assert_eq!(left(&catalog), ["Q-1", "Q"]);
        assert_eq!(catalog.writes.deleted, 3);
    }

    #[test]
    fn without_cascade_an_optional_relation_is_cleared() {
        let mut catalog = catalog();
        remove(&mut catalog, "project", &["P"], false).unwrap();
        assert_eq!(left(&catalog), ["P-1", "Q-1", "Q", "1"]);
        assert_eq!(
            &*catalog.entity("issue", "P-1").unwrap().content.relations,
            "{}"
        );
    }

    #[test]
    fn without_cascade_a_required_relation_forbids_the_deletion() {
        let mut catalog = catalog();
        assert!(remove(&mut catalog, "issue", &["P-1"], false).is_err());
        assert_eq!(left(&catalog).len(), 5);
    }
}
