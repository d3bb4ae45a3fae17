//! What Port already holds, as far as it is needed to write only what differs.
//!
//! Start with [`View`]. A view belongs to one resource and one blueprint, because it is made of
//! the fields that this resource's mapping writes.

use futures::TryStreamExt as _;

use super::content::{ContentHash, MappedFields};
use super::run::Run;
use crate::catalog::EntityQuery;
use crate::fingerprint::{Fingerprint, FingerprintMap};

/// Blueprints with more owned entities than this are looked up in slices, so that a view never
/// takes more than about 2 MiB.
pub(super) const SNAPSHOT_LIMIT: usize = 50_000;
/// How many entities one lookup asks for; contract `resync.md` section 4.
pub(super) const LOOKUP_SIZE: usize = 50;

/// What is known of the entities of one blueprint at Port.
#[derive(Debug)]
pub(super) enum View {
    /// The contents of all of them; empty for a blueprint without entities.
    Snapshot(FingerprintMap<ContentHash>),
    /// Too many to hold: ask for each slice.
    Lookup,
    /// Port could not say: everything counts as different.
    Unknown,
}

impl View {
    /// Reads what Port holds of a blueprint, in one streamed search where it is small enough.
    pub(super) async fn open(run: &Run, blueprint: &str, fields: &MappedFields) -> Self {
        // What changed differs, and Port is not asked for the rest.
        if run.is_incremental() {
            return Self::Unknown;
        }
        match run.owned_at_start(blueprint) {
            Some(0) => Self::Snapshot(FingerprintMap::default()),
            Some(owned) if owned <= SNAPSHOT_LIMIT => {
                let query = EntityQuery::new(blueprint).include(fields.include());
                match contents(run, query, fields).await {
                    Some(contents) => Self::Snapshot(contents),
                    None => Self::Lookup,
                }
            }
            Some(_) | None => Self::Lookup,
        }
    }
}

/// The contents of the entities that a query finds; `None` when Port could not say, or the run
/// stopped meanwhile.
pub(super) async fn contents(
    run: &Run,
    query: EntityQuery,
    fields: &MappedFields,
) -> Option<FingerprintMap<ContentHash>> {
    run.stop
        .run_until_cancelled(read(run, query, fields))
        .await
        .flatten()
}

async fn read(
    run: &Run,
    query: EntityQuery,
    fields: &MappedFields,
) -> Option<FingerprintMap<ContentHash>> {
    let mut contents = FingerprintMap::default();
    let blueprint = query.blueprint.clone();
    let mut found = run.catalog.search(query);
    loop {
        match found.try_next().await {
            Ok(Some(entity)) => {
                if let Some(key) = entity.key() {
                    let print: Fingerprint = run.prints.of(&key.blueprint, &key.identifier);
                    contents.insert(print, fields.hash(&entity, &run.prints));
                }
            }
            Ok(None) => return Some(contents),
            Err(error) => {
                let error = crate::error_chain(&error);
                tracing::warn!(
                    blueprint,
                    error,
                    "search failed, entities count as different"
                );
                return None;
            }
        }
    }
}
