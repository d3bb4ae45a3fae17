//! Writing the entities of one resource: compare, fill bulks across pages, upsert.
//!
//! Start with [`Loader`].
//!
//! # Guarantees
//!
//! - Entities that Port already holds as mapped are not written.
//! - Two requests in flight never carry the same key; of two equal keys in one bulk the later
//!   content wins, at the place of the earlier.
//! - A request that was sent is awaited, also when the run is cancelled.
//! - What a live event wrote or deleted since the run began is left as it is.

use std::sync::Arc;

use indexmap::IndexMap;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::content::MappedFields;
use super::fenced::{Sent, fenced_upsert};
use super::outcome::absorb;
use super::progress::ResourceProgress;
use super::run::{Run, Tally};
use super::view::{LOOKUP_SIZE, SNAPSHOT_LIMIT, View, contents};
use crate::catalog::{Blueprint, Entity, EntityQuery};
use crate::fingerprint::{Fingerprint, FingerprintMap, FingerprintSet};

/// Bulk requests of one resource that are answered at the same time. Port's client has a limit
/// of its own for all resources together.
const MAX_IN_FLIGHT: usize = 5;

/// Writes one resource.
pub(super) struct Loader {
    run: Arc<Run>,
    resource: usize,
    fields: MappedFields,
    progress: Arc<ResourceProgress>,
    pub(super) tally: Tally,
    blueprints: IndexMap<String, Lane>,
    /// Tasks, because each holds its keys until it is answered: they must not wait until the source
    /// sends the next page.
    in_flight: JoinSet<InFlight>,
    keys_in_flight: FingerprintSet,
    /// Whether the bulk in flight has a query as identifier, which may stand for any key.
    alone_in_flight: bool,
}

/// A bulk under way, with all the keys it was made of.
struct InFlight {
    prints: Vec<Option<Fingerprint>>,
    sent: Sent,
}

/// What waits to be written to one blueprint.
struct Lane {
    blueprint: Option<Arc<Blueprint>>,
    view: View,
    /// Entities that have to be looked up before it is known whether they differ.
    undecided: Pending,
    /// Entities that differ.
    changed: Pending,
}

impl Lane {
    async fn open(run: &Run, blueprint: &str, fields: &MappedFields) -> Self {
        let (undecided, changed) = Default::default();
        Self {
            blueprint: run.blueprint(blueprint).await,
            view: View::open(run, blueprint, fields).await,
            undecided,
            changed,
        }
    }

    /// How many entities wait to be written or looked up.
    fn waiting(&self) -> usize {
        self.undecided.entities.len() + self.changed.entities.len()
    }

    /// Notes that the source has the entity, and what it relates to.
    fn see(&self, run: &Run, blueprint: &str, entity: &Entity) -> Option<Fingerprint> {
        let print = entity
            .key()
            .map(|key| run.prints.of(blueprint, &key.identifier));
        let mut seen = run.seen();
        if let Some(print) = print {
            seen.entity(blueprint, print);
        }
        let known = self.blueprint.as_deref();
        for (relation, identifier) in entity.relation_targets() {
            if let Some(target) = known.and_then(|known| known.target_of(relation)) {
                seen.target(run.prints.of(target, &identifier));
            }
        }
        print
    }
}

/// Entities in order, at most one per key.
#[derive(Default)]
struct Pending {
    entities: Vec<(Option<Fingerprint>, Entity)>,
    positions: FingerprintMap<usize>,
}

impl Pending {
    fn push(&mut self, print: Option<Fingerprint>, entity: Entity) {
        let position = print.and_then(|print| self.positions.get(&print).copied());
        match position.and_then(|position| self.entities.get_mut(position)) {
            Some(earlier) => earlier.1 = entity,
            None => {
                if let Some(print) = print {
                    self.positions.insert(print, self.entities.len());
                }
                self.entities.push((print, entity));
            }
        }
    }

    fn take(&mut self) -> Vec<(Option<Fingerprint>, Entity)> {
        self.positions.clear();
        std::mem::take(&mut self.entities)
    }
}

impl Loader {
    pub(super) fn new(run: Arc<Run>, resource: usize, fields: MappedFields) -> Self {
        let progress = run.progress.resource(resource);
        Self {
            run,
            resource,
            fields,
            progress,
            tally: Tally::default(),
            blueprints: IndexMap::new(),
            in_flight: JoinSet::new(),
            keys_in_flight: FingerprintSet::default(),
            alone_in_flight: false,
        }
    }

    /// Takes the entities of one batch; writes when enough have come together.
    pub(super) async fn load(&mut self, entities: Vec<Entity>) {
        for entity in entities {
            let Some(blueprint) = entity.blueprint_name() else {
                continue;
            };
            if !self.blueprints.contains_key(&blueprint) {
                let lane = Lane::open(&self.run, &blueprint, &self.fields).await;
                self.blueprints.insert(blueprint.clone(), lane);
            }
            self.take(&blueprint, entity);
            self.decide(&blueprint, LOOKUP_SIZE).await;
            let bulk = self.run.catalog.bulk_size().max(1);
            self.write(&blueprint, bulk).await;
        }
    }

    /// Writes what is left and waits for every answer.
    pub(super) async fn finish(&mut self) {
        let blueprints: Vec<String> = self.blueprints.keys().cloned().collect();
        for blueprint in blueprints {
            self.decide(&blueprint, 1).await;
            self.write(&blueprint, 1).await;
        }
        while !self.in_flight.is_empty() {
            self.next_answer().await;
        }
        let unsent: usize = self.blueprints.values().map(Lane::waiting).sum();
        if unsent > 0 {
            self.tally.counts.failed += unsent;
            self.progress.add_failed(unsent);
            self.tally
                .errors
                .add_many("not written, the run was stopped", unsent, []);
        }
    }

    /// Puts an entity where it belongs: unchanged, to be looked up, or to be written.
    fn take(&mut self, blueprint: &str, entity: Entity) {
        let Some(lane) = self.blueprints.get_mut(blueprint) else {
            return;
        };
        let print = lane.see(&self.run, blueprint, &entity);
        let comparable = print.filter(|_| !entity.has_search_relation());
        match (&mut lane.view, comparable) {
            (View::Snapshot(contents), Some(print)) => {
                let content = self.fields.hash(&entity, &self.run.prints);
                if contents.get(&print) == Some(&content) {
                    self.unchanged(blueprint);
                    return;
                }
                // What is written now is what Port holds next; there is no need to remember more
                // than fits, because writing an entity twice is only slower.
                if contents.len() < SNAPSHOT_LIMIT || contents.contains_key(&print) {
                    contents.insert(print, content);
                }
                lane.changed.push(Some(print), entity);
            }
            (View::Lookup, Some(print)) => lane.undecided.push(Some(print), entity),
            (View::Unknown, _) | (_, None) => lane.changed.push(print, entity),
        }
    }

    /// Looks undecided entities up, when there are at least `at_least` of them.
    async fn decide(&mut self, blueprint: &str, at_least: usize) {
        let Some(lane) = self.blueprints.get_mut(blueprint) else {
            return;
        };
        if lane.undecided.entities.len() < at_least.max(1) {
            return;
        }
        let undecided = lane.undecided.take();
        let identifiers = undecided
            .iter()
            .filter_map(|(_, entity)| Some(entity.key()?.identifier))
            .collect();
        let query = EntityQuery::new(blueprint)
            .identifiers(identifiers)
            .include(self.fields.include());
        let known = contents(&self.run, query, &self.fields).await;
        let Some(lane) = self.blueprints.get_mut(blueprint) else {
            return;
        };
        if known.is_none() {
            // One failed lookup is enough: asking for every further slice would only add load.
            lane.view = View::Unknown;
        }
        let mut unchanged = 0;
        for (print, entity) in undecided {
            let content = self.fields.hash(&entity, &self.run.prints);
            let known = known
                .as_ref()
                .zip(print)
                .and_then(|(known, print)| known.get(&print));
            if known == Some(&content) {
                unchanged += 1;
            } else {
                lane.changed.push(print, entity);
            }
        }
        for _ in 0..unchanged {
            self.unchanged(blueprint);
        }
    }

    fn unchanged(&mut self, blueprint: &str) {
        self.run.seen().acknowledge(blueprint);
        self.tally.counts.unchanged += 1;
        self.progress.add_unchanged(1);
    }

    /// Sends bulks while at least `at_least` changed entities wait.
    async fn write(&mut self, blueprint: &str, at_least: usize) {
        let bulk = self.run.catalog.bulk_size().max(1);
        loop {
            let Some(lane) = self.blueprints.get_mut(blueprint) else {
                return;
            };
            if lane.changed.entities.len() < at_least.max(1) || self.run.stop.is_cancelled() {
                return;
            }
            let mut waiting = lane.changed.take();
            let rest = waiting.split_off(bulk.min(waiting.len()));
            for (print, entity) in rest {
                lane.changed.push(print, entity);
            }
            self.make_way(&waiting).await;
            self.send(blueprint.to_owned(), waiting);
        }
    }

    /// Waits until the bulk may be in flight: not too many, none with one of its keys. A query as
    /// identifier may stand for any key, so that such a bulk travels alone.
    async fn make_way(&mut self, bulk: &[(Option<Fingerprint>, Entity)]) {
        let alone = bulk.iter().any(|(print, _)| print.is_none());
        while !self.in_flight.is_empty()
            && (alone
                || self.alone_in_flight
                || self.in_flight.len() >= MAX_IN_FLIGHT
                || bulk
                    .iter()
                    .any(|(print, _)| print.is_some_and(|p| self.keys_in_flight.contains(&p))))
        {
            self.next_answer().await;
        }
    }

    fn send(&mut self, blueprint: String, bulk: Vec<(Option<Fingerprint>, Entity)>) {
        let prints: Vec<_> = bulk.iter().map(|(print, _)| *print).collect();
        self.alone_in_flight = prints.iter().any(Option::is_none);
        self.keys_in_flight.extend(prints.iter().flatten());
        let known = self.blueprints.get(&blueprint);
        let known = known.and_then(|lane| lane.blueprint.clone());
        let run = Arc::clone(&self.run);
        let writing = async move {
            let sent = fenced_upsert(&run, &blueprint, known.as_deref(), bulk).await;
            InFlight { prints, sent }
        };
        self.in_flight.spawn(writing.in_current_span());
    }

    async fn next_answer(&mut self) {
        let InFlight { prints, sent } = match self.in_flight.join_next().await {
            Some(Ok(answered)) => answered,
            // The resource has panicked, as it would have without a task for each bulk.
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is going down.
            Some(Err(_)) | None => return,
        };
        for print in prints.iter().flatten() {
            self.keys_in_flight.remove(print);
        }
        for _ in 0..sent.outdated {
            self.unchanged(&sent.written.blueprint);
        }
        if !sent.written.entities.is_empty() {
            absorb(
                &self.run,
                self.resource,
                sent.written,
                &mut self.tally,
                &self.progress,
            );
        }
    }
}
