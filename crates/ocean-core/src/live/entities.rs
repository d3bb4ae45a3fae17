//! What do changes of the source mean for the catalog?
//!
//! Start with [`map_answers`]. The table is that of contract `live-events.md` section 5:
//!
//! | item | query true | query false |
//! |---|---|---|
//! | updated | upsert | remove |
//! | deleted | remove | nothing |
//!
//! An entity that is upserted is not removed. Beyond the original, nothing is removed that another
//! kind's resource may have put there, or that comes from a resource with `itemsToParse`: only a
//! resync sees all of those.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures::future::join_all;

use super::failure::{Failure, FailureKind};
use super::handle::Answer;
use crate::batch::{Batch, RawItem};
use crate::catalog::{Entity, EntityRef};
use crate::mapping::{CheckedMapping, MapOptions, Mapped, MapperPool};

/// What has to be written to and removed from the catalog.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// At most one per key, in the order of the mapping.
    pub(super) upserts: Vec<Entity>,
    pub(super) removals: BTreeSet<EntityRef>,
    /// Items that could not be mapped.
    pub(super) failure: Option<Failure>,
}

/// Maps what the processors said.
pub(super) async fn map_answers(
    pool: &MapperPool,
    checked: &CheckedMapping,
    answers: Vec<Answer>,
) -> Wanted {
    let mapped = join_all(
        answers
            .into_iter()
            .map(|answer| map_one(pool, checked, answer)),
    )
    .await;
    let mut wanted = Wanted::default();
    let mut upserts = Upserts::new(checked.config.enable_merge_entity);
    for answer in mapped {
        for entity in &answer.updated.passed {
            upserts.push(entity.clone());
        }
        let gone = answer.deleted.passed.iter().chain(&answer.updated.failed);
        let gone = gone.filter_map(Entity::key);
        wanted
            .removals
            .extend(gone.filter(|key| answer.may_remove(checked, &key.blueprint)));
        wanted.failure = Failure::either(wanted.failure, answer.failure);
    }
    for key in upserts.keys() {
        wanted.removals.remove(key);
    }
    wanted.upserts = upserts.entities;
    wanted
}

/// What became of one answer's items.
struct MappedAnswer {
    resource: usize,
    kinds: Vec<&'static str>,
    updated: Mapped,
    deleted: Mapped,
    failure: Option<Failure>,
}

impl MappedAnswer {
    /// Whether this answer may remove an entity: it must be sure that nothing else put it there.
    fn may_remove(&self, checked: &CheckedMapping, blueprint: &str) -> bool {
        let mappers = checked.mapping.resources();
        let own = checked.config.resources.get(self.resource);
        if own.is_none_or(|own| own.items_to_parse.is_some() || !own.enable_delete) {
            return false;
        }
        let mut others = checked.config.resources.iter().zip(mappers);
        !others.any(|(resource, mapper)| {
            let literal = mapper.literal_blueprint();
            !self.kinds.contains(&&*resource.kind) && literal.is_none_or(|b| b == blueprint)
        })
    }
}

async fn map_one(pool: &MapperPool, checked: &CheckedMapping, answer: Answer) -> MappedAnswer {
    let Answer {
        resource,
        kinds,
        changes,
    } = answer;
    let updated = map_items(
        pool,
        checked,
        resource,
        changes.updated,
        MapOptions::default().parse_all(),
    );
    let deleted = map_items(
        pool,
        checked,
        resource,
        changes.deleted,
        MapOptions::default().lenient_query(),
    );
    let (updated, deleted) = futures::join!(updated, deleted);
    let mut failure = None;
    let mut take = |mapped: Result<Mapped, Failure>| {
        let mapped = mapped.unwrap_or_else(|failed| {
            failure = Some(failed);
            Mapped::default()
        });
        if let Some(failed) = unmapped(checked, resource, &mapped) {
            failure = Some(failed);
        }
        mapped
    };
    let (updated, deleted) = (take(updated), take(deleted));
    MappedAnswer {
        resource,
        kinds,
        updated,
        deleted,
        failure,
    }
}

async fn map_items(
    pool: &MapperPool,
    checked: &CheckedMapping,
    resource: usize,
    items: Vec<RawItem>,
    options: MapOptions,
) -> Result<Mapped, Failure> {
    let Some(mapper) = checked
        .mapping
        .resource(resource)
        .filter(|_| !items.is_empty())
    else {
        return Ok(Mapped::default());
    };
    let mapped = pool
        .map(Arc::clone(mapper), Batch::new(items), options)
        .await;
    mapped.map_err(|error| Failure::new(FailureKind::Attempt, error.to_string()))
}

/// An item that the mapping failed on: a change that did not reach the catalog.
fn unmapped(checked: &CheckedMapping, resource: usize, mapped: &Mapped) -> Option<Failure> {
    if !mapped.has_errors() {
        return None;
    }
    let kind = checked
        .config
        .resources
        .get(resource)
        .map_or("?", |resource| &*resource.kind);
    let reason = match mapped.errors.samples.first() {
        Some(error) => format!("{}: {}: {}", error.item, error.path, error.message),
        None => "itemsToParse gave no list".to_owned(),
    };
    let reason = format!("kind {kind}, resource {resource}: not mapped: {reason}");
    Some(Failure::new(FailureKind::Permanent, reason))
}

/// Entities in order, one per key: what comes later goes on top.
struct Upserts {
    merge: bool,
    entities: Vec<Entity>,
    positions: HashMap<EntityRef, usize>,
}

impl Upserts {
    fn new(merge: bool) -> Self {
        Self {
            merge,
            entities: Vec::new(),
            positions: HashMap::new(),
        }
    }

    fn push(&mut self, entity: Entity) {
        let key = entity.key();
        let known = key
            .as_ref()
            .and_then(|key| self.positions.get(key).copied());
        match known.and_then(|position| self.entities.get_mut(position)) {
            Some(earlier) => *earlier = std::mem::take(earlier).written_over(&entity, self.merge),
            None => {
                if let Some(key) = key {
                    self.positions.insert(key, self.entities.len());
                }
                self.entities.push(entity);
            }
        }
    }

    fn keys(&self) -> impl Iterator<Item = &EntityRef> {
        self.positions.keys()
    }
}
