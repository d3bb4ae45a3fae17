//! Does the catalog still differ, now that the source was read?
//!
//! Start with [`differs_still`]. What a resync compares with was read before the source was, for a
//! large site an hour before; whatever the other program wrote since would look like a difference.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;

use super::Nature;
use crate::catalog::{Catalog, CatalogError, Entity, EntityQuery, EntityRef};
use crate::plan::recorder::changes;
use crate::sync::fields_of;

/// What a resync found to differ.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) nature: Nature,
    /// What we would have written; `None` for what we would have deleted.
    pub(super) wanted: Option<Entity>,
}

/// Those that still differ, and how they do now.
pub(super) async fn differs_still(
    catalog: &dyn Catalog,
    candidates: &BTreeMap<EntityRef, Found>,
) -> Result<Vec<(EntityRef, Nature)>, CatalogError> {
    let mut blueprints: BTreeMap<&str, Vec<&EntityRef>> = BTreeMap::new();
    for key in candidates.keys() {
        blueprints.entry(&key.blueprint).or_default().push(key);
    }
    let mut held = BTreeMap::new();
    for (blueprint, keys) in blueprints {
        let wanted = keys.iter().filter_map(|key| candidates.get(key));
        let wanted = wanted.filter_map(|found| found.wanted.as_ref());
        let fields: BTreeSet<String> = wanted.flat_map(fields_of).collect();
        let identifiers = keys.iter().map(|key| key.identifier.clone());
        let query = EntityQuery::new(blueprint)
            .identifiers(identifiers.collect())
            .include(fields.into_iter().collect());
        let mut found = catalog.search(query);
        while let Some(entity) = found.try_next().await? {
            if let Some(key) = entity.key() {
                held.insert(key, entity);
            }
        }
    }
    let now = candidates.iter().filter_map(|(key, found)| {
        let nature = nature(found.wanted.as_ref(), held.get(key))?;
        Some((key.clone(), nature))
    });
    Ok(now.collect())
}

/// How what the catalog holds differs from what we would have it hold, if it does.
fn nature(wanted: Option<&Entity>, held: Option<&Entity>) -> Option<Nature> {
    match (wanted, held) {
        (Some(_), None) => Some(Nature::Missing),
        (None, Some(_)) => Some(Nature::Extra),
        (None, None) => None,
        (Some(wanted), Some(held)) => {
            let changes = changes(held, wanted);
            (!changes.is_empty()).then_some(Nature::Different { changes })
        }
    }
}
