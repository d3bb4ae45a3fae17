//! Is the catalog still what the plan was made for?
//!
//! Start with [`moved`].

use std::collections::BTreeMap;

use futures::TryStreamExt as _;

use crate::catalog::{Catalog, CatalogError, Entity, EntityQuery};
use crate::plan::{PlannedWrite, ResyncPlan};
use crate::sync::{differing_fields, fields_of};

/// How many differences are named when a catalog moved.
const NAMED: usize = 5;

/// How the catalog differs from what the plan was made for.
pub(super) async fn moved(
    plan: &ResyncPlan,
    catalog: &dyn Catalog,
) -> Result<Vec<String>, CatalogError> {
    let mut moved = plan.catalog.moved(catalog).await?;
    if !moved.is_empty() {
        return Ok(moved);
    }
    // What was updated in the very second of the plan shows only in its content.
    let mut existing: BTreeMap<String, Vec<&PlannedWrite>> = BTreeMap::new();
    for write in plan.writes.iter().filter(|write| write.exists) {
        let blueprint = write.entity.blueprint_name().unwrap_or_default();
        existing.entry(blueprint).or_default().push(write);
    }
    for (blueprint, writes) in existing {
        let different = different(catalog, &blueprint, &writes).await?;
        let room = NAMED.saturating_sub(moved.len());
        moved.extend(different.into_iter().take(room));
    }
    Ok(moved)
}

/// The entities of a blueprint whose fields are not what the plan found.
async fn different(
    catalog: &dyn Catalog,
    blueprint: &str,
    writes: &[&PlannedWrite],
) -> Result<Vec<String>, CatalogError> {
    let mut expected: BTreeMap<String, Entity> = BTreeMap::new();
    let mut fields: Vec<String> = Vec::new();
    for write in writes {
        let Some(key) = write.entity.key() else {
            continue;
        };
        fields.extend(fields_of(&write.entity));
        expected.insert(key.identifier, write.before());
    }
    fields.sort_unstable();
    fields.dedup();
    let query = EntityQuery::new(blueprint)
        .identifiers(expected.keys().cloned().collect())
        .include(fields);
    let mut found = catalog.search(query);
    let mut different = Vec::new();
    while let Some(entity) = found.try_next().await? {
        let Some(key) = entity.key() else { continue };
        let expected = expected.remove(&key.identifier);
        if expected.is_some_and(|expected| !differing_fields(&entity, &expected).is_empty()) {
            different.push(format!("{key} is different"));
        }
    }
    let gone = expected.keys();
    different.extend(gone.map(|identifier| format!("{blueprint}/{identifier} is gone")));
    Ok(different)
}

impl PlannedWrite {
    /// The entity as the plan found it, as far as it is written.
    fn before(&self) -> Entity {
        let mut before = self.entity.clone();
        for change in &self.changes {
            let from = change.from.clone();
            let (map, name) = match change.field.split_once('.') {
                Some(("properties", name)) => (&mut before.properties, name),
                Some((_, name)) => (&mut before.relations, name),
                None if change.field == "title" => {
                    before.title = Some(from);
                    continue;
                }
                None => {
                    before.team = Some(from);
                    continue;
                }
            };
            map.get_or_insert_default().insert(name.to_owned(), from);
        }
        before
    }
}
