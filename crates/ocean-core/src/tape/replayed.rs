//! What did the catalog hold when a tape was recorded?

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use indexmap::IndexMap;
use serde_json::Value;

use super::line::{Found, Line, Listed};
use super::noted::seconds;
use crate::catalog::{
    Blueprint, Catalog, CatalogError, DeleteReport, Entity, EntityQuery, EntityRef,
    IntegrationStore, ResyncState, UpsertOutcome, WriteContext,
};
use crate::error::ErrorClass;
use crate::lake::Routing;

/// Everything that was read from the catalog. Of two readings of the same thing the first counts:
/// between them the recorded run may have written.
#[derive(Debug, Default)]
pub(super) struct Reads {
    mapping: Option<Option<Value>>,
    registered: Option<bool>,
    routing: Option<Routing>,
    clock: Vec<u64>,
    /// Every key the integration owned when the run began; `None` until that was listed whole.
    owned: Option<HashSet<EntityRef>>,
    listings: BTreeMap<Option<u64>, Listing>,
    entities: HashMap<String, IndexMap<String, Entity>>,
    /// Blueprints of which every entity was searched for.
    searched: HashSet<String>,
    looked_up: HashSet<EntityRef>,
    blueprints: HashMap<String, Option<Blueprint>>,
    documents: HashMap<String, Option<Value>>,
}

#[derive(Debug, Default)]
struct Listing {
    keys: Vec<EntityRef>,
    is_whole: bool,
}

impl Reads {
    pub(super) fn add(&mut self, line: Line) {
        match line {
            Line::Mapping(mapping) => drop(self.mapping.get_or_insert(mapping)),
            Line::Registered(is_registered) => {
                self.registered.get_or_insert(is_registered);
            }
            Line::Routing(routing) => {
                self.routing.get_or_insert(routing);
            }
            Line::Clock(at) => self.clock.push(at),
            Line::Listed(listed) => self.list(listed),
            Line::Found(found) => self.find(found),
            Line::Blueprint(named) => {
                self.blueprints.entry(named.name).or_insert(named.found);
            }
            Line::Document(named) => {
                self.documents.entry(named.name).or_insert(named.found);
            }
            Line::Tape(_) | Line::Exchange(_) => {}
        }
    }

    fn list(&mut self, listed: Listed) {
        let known = self.listings.entry(listed.before).or_default();
        if known.is_whole {
            return;
        }
        let keys = listed.keys.into_iter();
        let keys = keys.map(|(blueprint, identifier)| EntityRef::new(blueprint, identifier));
        known.keys.extend(keys);
        known.is_whole = listed.last;
        if listed.before.is_none() && listed.last {
            self.owned = Some(known.keys.iter().cloned().collect());
        }
    }

    fn find(&mut self, found: Found) {
        let known = self.entities.entry(found.blueprint.clone()).or_default();
        for entity in found.entities {
            let Some(key) = entity.key() else { continue };
            match known.get_mut(&key.identifier) {
                Some(earlier) => *earlier = entity.overlaid(earlier),
                None => drop(known.insert(key.identifier, entity)),
            }
        }
        if !found.last {
            return;
        }
        match found.identifiers {
            Some(identifiers) => {
                let keys = identifiers.into_iter();
                let keys = keys.map(|one| EntityRef::new(found.blueprint.clone(), one));
                self.looked_up.extend(keys);
            }
            None => drop(self.searched.insert(found.blueprint)),
        }
    }

    /// Whether the integration owned it when the run began, as far as that is known.
    fn was_there(&self, key: &EntityRef) -> bool {
        let owned = self.owned.as_ref();
        owned.is_none_or(|owned| owned.contains(key))
    }

    /// Whether the tape tells what the catalog held of this key.
    fn tells_of(&self, key: &EntityRef) -> bool {
        self.searched.contains(&key.blueprint)
            || self.looked_up.contains(key)
            || !self.was_there(key)
    }

    fn search(&self, query: &EntityQuery) -> Result<Vec<Entity>, CatalogError> {
        let blueprint = &query.blueprint;
        let known = self.entities.get(blueprint);
        let there = |identifier: &str| {
            let entity = known?.get(identifier)?;
            let key = EntityRef::new(blueprint.as_str(), identifier);
            self.was_there(&key).then(|| entity.clone())
        };
        let Some(identifiers) = &query.identifiers else {
            if !self.searched.contains(blueprint) {
                return Err(not_on_tape(&format!("the entities of {blueprint}")));
            }
            let all = known.into_iter().flat_map(IndexMap::keys);
            return Ok(all.filter_map(|identifier| there(identifier)).collect());
        };
        for identifier in identifiers {
            let key = EntityRef::new(blueprint.as_str(), identifier.as_str());
            if !self.tells_of(&key) {
                return Err(not_on_tape(&key.to_string()));
            }
        }
        let found = identifiers.iter().filter_map(|one| there(one));
        Ok(found.collect())
    }

    /// A listing that was not recorded, because the run wrote before it asked for one, is that of
    /// everything: nothing that was there has been written since.
    fn listing(&self, before: Option<u64>) -> Result<Vec<EntityRef>, CatalogError> {
        let whole = |before| self.listings.get(before).filter(|known| known.is_whole);
        let listing = whole(&before).or_else(|| whole(&None));
        listing
            .map(|listing| listing.keys.clone())
            .ok_or_else(|| not_on_tape("the listing of owned entities"))
    }
}

fn not_on_tape(what: &str) -> CatalogError {
    CatalogError::new(
        ErrorClass::Permanent,
        format!("{what}: not on the tape, because the recorded run did not read it"),
    )
}

/// The catalog as a recorded run found it.
#[derive(Debug)]
pub struct ReplayedCatalog {
    reads: Arc<Reads>,
    /// How often the time was asked for.
    asked: AtomicUsize,
}

impl ReplayedCatalog {
    pub(super) const fn new(reads: Arc<Reads>) -> Self {
        Self {
            reads,
            asked: AtomicUsize::new(0),
        }
    }

    /// Whether Port knew the integration; taken for granted if nobody asked.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.reads.registered.unwrap_or(true)
    }

    /// Who made entities of what the recorded run read.
    #[must_use]
    pub fn routing(&self) -> Routing {
        self.reads.routing.unwrap_or_default()
    }

    /// A blueprint as Port gave it.
    ///
    /// # Errors
    ///
    /// When the recorded run did not read it whole.
    pub fn document(&self, name: &str) -> Result<Option<Value>, CatalogError> {
        let document = self.reads.documents.get(name).cloned();
        document.ok_or_else(|| not_on_tape(&format!("the whole blueprint {name}")))
    }
}

fn read_only() -> CatalogError {
    CatalogError::new(ErrorClass::Permanent, "a tape cannot be written to")
}

#[async_trait]
impl Catalog for ReplayedCatalog {
    async fn upsert(
        &self,
        _: &WriteContext,
        _: &str,
        _: &[Entity],
    ) -> Result<Vec<UpsertOutcome>, CatalogError> {
        Err(read_only())
    }

    async fn delete(
        &self,
        _: &WriteContext,
        _: Vec<EntityRef>,
    ) -> Result<DeleteReport, CatalogError> {
        Err(read_only())
    }

    fn search(&self, query: EntityQuery) -> BoxStream<'_, Result<Entity, CatalogError>> {
        all_of(self.reads.search(&query))
    }

    fn owned(&self, before: Option<SystemTime>) -> BoxStream<'_, Result<EntityRef, CatalogError>> {
        all_of(self.reads.listing(before.map(seconds)))
    }

    async fn blueprint(&self, identifier: &str) -> Result<Option<Blueprint>, CatalogError> {
        let found = self.reads.blueprints.get(identifier).cloned();
        found.ok_or_else(|| not_on_tape(&format!("the blueprint {identifier}")))
    }

    /// The time as often as it was asked for, and then the last one.
    async fn now(&self) -> Result<SystemTime, CatalogError> {
        let clock = &self.reads.clock;
        let place = self.asked.fetch_add(1, Ordering::Relaxed);
        let at = clock.get(place).or(clock.last());
        let at = at.ok_or_else(|| not_on_tape("the catalog's time"))?;
        Ok(UNIX_EPOCH + Duration::from_secs(*at))
    }
}

#[async_trait]
impl IntegrationStore for ReplayedCatalog {
    async fn mapping(&self) -> Result<Option<Value>, CatalogError> {
        let mapping = self.reads.mapping.clone();
        mapping.ok_or_else(|| not_on_tape("the mapping"))
    }

    async fn set_resync_state(&self, _: &ResyncState) -> Result<(), CatalogError> {
        Err(read_only())
    }

    async fn send_kind_examples(&self, _: &str, _: Vec<Value>) -> Result<(), CatalogError> {
        Err(read_only())
    }
}

fn all_of<T: Send + 'static>(
    found: Result<Vec<T>, CatalogError>,
) -> BoxStream<'static, Result<T, CatalogError>> {
    match found {
        Ok(found) => stream::iter(found.into_iter().map(Ok)).boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    }
}
